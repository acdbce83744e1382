// One peer's probes, as a pure function of what arrived and when. Both sides send at their own pace (asynchronous mode of
// RFC 5880); each probe echoes the newest one heard, which tells the round trip, and that both directions work.

import type { Millis } from '../../core/clock.ts';
import { type LinkQuality, smoothLoss, unmeasured, withAnswer } from './link-quality.ts';
import { type LinkState, newLink, onAnswer, onClosed, onSilence } from './link-state-machine.ts';
import type { LinkTiming } from './presets.ts';
import type { Probe } from './probe-datagram.ts';

export type ProbeTiming = Pick<LinkTiming, 'interval' | 'detectMultiplier' | 'rests'>;

export interface ProbeSession {
  state: LinkState;
  quality: LinkQuality;
  /** Last probe that echoed a fresh one of ours; undefined before the first. */
  answeredAt: Millis | undefined;
  /** Last authentic probe of any kind. */
  heardAt: Millis | undefined;
  /** Newest stamp of the peer (its microseconds), and when it came. */
  stamp: number;
  stampAt: Millis;
  /** Highest sequence heard. */
  sequence: number;
  /** As the peer wishes it. */
  theirInterval: Millis;
  /** This side needs no more than the slow pace now; the peer needs no more. */
  easedHere: boolean;
  easedThere: boolean;
  /** When the full pace began that holds now: the silence before it was nobody's fault. */
  attentiveSince: Millis;
  /** Share of the peer's probes that did not come here. */
  lossHere: number;
  /** The next answer is overdue: it is asked for. */
  late: boolean;
  /** Since when nothing was late or lost. */
  calmSince: Millis;
  /** Probes sent since the last answer. */
  tries: number;
  sentAt: Millis;
  dueAt: Millis;
}

/** A first answer is sought at this pace, also where probes are rare. */
const FIRST_PROBES: Millis = 250;
const FIRST_TRIES = 10;
/** After so many probes in vain UDP is probably blocked: tried again now and then. */
const PATIENT_TRIES = 40;
const RETRY = { intervals: 20, most: 15_000 };
/** A link that lost nothing for so long may be probed more rarely, where the medium is scarce. */
const CALM: Millis = 30_000;
/** Between probes of a link that nobody needs at the full pace. */
const EASED: Millis = 1000;
/** In shares of the interval in which the next probe is expected. */
const LATE = 1.4;
const SUSPECT = 2;
const OVERDUE_POLLS = 3;
const POLL_ANSWERS = 5;
/** Missing numbers that count as lost at once: more is an outage. */
const MOST_LOST = 8;
/** Probes that are due within this share of the interval leave together: one wake-up serves all peers. */
const TOGETHER = 0.1;
/** And within this share at once when the peer is heard: its wake-up serves both, and the round trip is measured best. */
const IN_ANSWER = 0.5;
/** How much older than twice the detection time an echo may be: a fast interval on a slow path. */
const SLOWEST_PATH: Millis = 1000;

export function newSession(now: Millis): ProbeSession {
  return {
    state: newLink(now),
    quality: unmeasured,
    answeredAt: undefined,
    heardAt: undefined,
    stamp: 0,
    stampAt: now,
    sequence: 0,
    theirInterval: 0,
    easedHere: false,
    easedThere: false,
    attentiveSince: now,
    lossHere: 0,
    late: false,
    calmSince: now,
    tries: 0,
    sentAt: Number.NEGATIVE_INFINITY,
    dueAt: now,
  };
}

/** The slower of two nodes sets the full pace of both. */
const intervalOf = (session: ProbeSession, timing: ProbeTiming): Millis =>
  Math.max(timing.interval, session.theirInterval);

/** Neither side needs the full pace: the slow one will do, until an answer is overdue. */
export const isEased = (session: ProbeSession, timing: ProbeTiming): boolean =>
  session.easedHere &&
  session.easedThere &&
  !session.late &&
  session.state.kind === 'up' &&
  intervalOf(session, timing) < EASED;

/** Milliseconds of silence after which the link is down, when this node is well. */
export const detectionTime = (session: ProbeSession, timing: ProbeTiming): Millis =>
  intervalOf(session, timing) * timing.detectMultiplier;

/** This side needs the full pace from now on, or no longer does. */
export function onPace(session: ProbeSession, eased: boolean, now: Millis, timing: ProbeTiming): ProbeSession {
  return attentive(session, { ...session, easedHere: eased }, now, timing);
}

/**
 * Somebody does not reach the peer: it is asked to answer at once. On an eased link the silence begins now; the word of
 * the other shortens the wait to two intervals, no more.
 */
export function onDoubt(session: ProbeSession, now: Millis, timing: ProbeTiming): ProbeSession {
  const ahead = detectionTime(session, timing) - 2 * intervalOf(session, timing);
  const attentiveSince = isEased(session, timing) ? now - ahead : session.attentiveSince;
  return { ...session, late: true, attentiveSince, dueAt: now };
}

/** eased -> full pace: the next probe says so at once, and the silence counts from here on. */
function attentive(before: ProbeSession, after: ProbeSession, now: Millis, timing: ProbeTiming): ProbeSession {
  return isEased(before, timing) && !isEased(after, timing) ? { ...after, attentiveSince: now, dueAt: now } : after;
}

/** Since when an answer is missed at the pace that holds now; undefined when there never was one. */
const silentSince = ({ answeredAt, attentiveSince }: ProbeSession): Millis | undefined =>
  answeredAt === undefined ? undefined : Math.max(answeredAt, attentiveSince);

/**
 * An authentic probe that was not heard before.
 * @param doubts this node was late of late: no wonder that it was not heard
 */
export function onProbe(
  session: ProbeSession,
  sequence: number,
  probe: Probe,
  now: Millis,
  timing: ProbeTiming,
  doubts: boolean,
): ProbeSession {
  const heard = attentive(session, { ...noted(session, sequence, probe, now), heardAt: now }, now, timing);
  const { interval } = timing;
  if (probe.poll) {
    const soonest = session.sentAt + intervalOf(heard, timing) / POLL_ANSWERS;
    heard.dueAt = Math.min(heard.dueAt, Math.max(now, soonest));
  }
  if (session.tries >= PATIENT_TRIES) {
    // Blocked until now: back to the quick pace, from both sides.
    heard.tries = 0;
    heard.dueAt = Math.min(heard.dueAt, now + interval);
  }
  const age = now - probe.echo / 1000;
  const oldest = 2 * timing.detectMultiplier * paceOf(heard, timing) + SLOWEST_PATH;
  if (probe.echo === 0 || age < 0 || age > oldest) return heard;
  if (probe.deaf) {
    if (doubts) return heard;
    return { ...heard, state: onClosed(session.state, now, 'it does not hear this node any more') };
  }
  const quality = withAnswer(session.quality, Math.max(0, age - probe.held / 1000));
  return {
    ...heard,
    state: onAnswer(session.state, now),
    quality: { ...quality, loss: Math.max(heard.lossHere, probe.loss) },
    answeredAt: now,
    late: false,
    tries: 0,
  };
}

function noted(session: ProbeSession, sequence: number, probe: Probe, now: Millis): ProbeSession {
  const theirInterval = Math.min(60_000, probe.interval);
  if (sequence <= session.sequence) return { ...session, theirInterval };
  const easedThere = probe.eased;
  // What was lost while the link was down is the outage, not the link's loss.
  const counts = session.sequence > 0 && session.state.kind !== 'down';
  const missing = counts ? Math.min(MOST_LOST, sequence - session.sequence - 1) : 0;
  let { lossHere } = session;
  for (let lost = 0; lost < missing; lost++) lossHere = smoothLoss(lossHere, 1);
  return {
    ...session,
    theirInterval,
    easedThere,
    sequence,
    stamp: probe.stamp,
    stampAt: now,
    lossHere: smoothLoss(lossHere, 0),
    calmSince: missing > 0 ? now : session.calmSince,
  };
}

/**
 * What the silence says by now. A link that was never measured stays so: UDP may be blocked.
 * @param patience of a node that doubts itself: over 1
 */
export function onTime(session: ProbeSession, now: Millis, timing: ProbeTiming, patience: number): ProbeSession {
  const since = silentSince(session);
  if (since === undefined) return session;
  const silence = now - since;
  const expected = expectedWithin(session, now, timing);
  if (silence < expected * LATE) return session;
  if (isEased(session, timing)) return { ...session, late: true, attentiveSince: now, calmSince: now, dueAt: now };
  const state = onSilence(session.state, now, silence, {
    suspectAfter: expected * SUSPECT * patience,
    downAfter: detectionTime(session, timing) * patience,
  });
  const dueAt = session.late ? session.dueAt : now;
  return { ...session, state, late: true, calmSince: now, dueAt };
}

/** When `onTime` has something new to say, if nothing comes until then; undefined when never. */
export function nextDeadline(
  session: ProbeSession,
  now: Millis,
  timing: ProbeTiming,
  patience: number,
): Millis | undefined {
  const { state } = session;
  const from = silentSince(session);
  if (from === undefined || state.kind === 'down') return undefined;
  const expected = expectedWithin(session, now, timing);
  if (!session.late) return from + expected * LATE;
  if (state.kind === 'up') return from + expected * SUSPECT * patience;
  return from + detectionTime(session, timing) * patience;
}

/** The probe to send now, and the session after it. @param jitter 0 to 1 */
export function nextProbe(
  session: ProbeSession,
  now: Millis,
  timing: ProbeTiming,
  jitter: number,
): { probe: Probe; session: ProbeSession } {
  const { heardAt, attentiveSince } = session;
  const patience = paceOf(session, timing) * timing.detectMultiplier;
  const isQuiet = heardAt !== undefined && now - Math.max(heardAt, attentiveSince) >= patience;
  const probe: Probe = {
    stamp: Math.round(now * 1000),
    echo: session.stamp,
    held: session.stamp === 0 ? 0 : Math.round((now - session.stampAt) * 1000),
    interval: timing.interval,
    loss: session.lossHere,
    poll: session.late || session.state.kind !== 'up',
    deaf: isQuiet,
    eased: session.easedHere && !session.late,
  };
  const tries = session.tries + 1;
  // Up to a tenth less, never more: many nodes must not probe in step, and the other side counts on the interval.
  const dueAt = now + spacing({ ...session, tries }, now, timing) * (1 - jitter / 10);
  return { probe, session: { ...session, tries, sentAt: now, dueAt } };
}

/** @param heard the peer was heard just now */
export function isDue(session: ProbeSession, now: Millis, timing: ProbeTiming, heard: boolean): boolean {
  const { dueAt, sentAt } = session;
  const pace = paceOf(session, timing);
  if (!heard) return dueAt - now <= pace * TOGETHER;
  return dueAt - now <= pace * IN_ANSWER && now - sentAt >= pace / POLL_ANSWERS;
}

/** Time in which this node did not run counts for nobody's silence. */
export function onStall(session: ProbeSession, stalled: Millis): ProbeSession {
  const { answeredAt, heardAt, attentiveSince } = session;
  return {
    ...session,
    attentiveSince: attentiveSince + stalled,
    answeredAt: answeredAt === undefined ? undefined : answeredAt + stalled,
    heardAt: heardAt === undefined ? undefined : heardAt + stalled,
  };
}

function spacing(session: ProbeSession, now: Millis, timing: ProbeTiming): Millis {
  const interval = intervalOf(session, timing);
  if (session.tries >= PATIENT_TRIES) return Math.max(interval, Math.min(RETRY.most, interval * RETRY.intervals));
  if (session.answeredAt === undefined && session.tries < FIRST_TRIES) return Math.min(interval, FIRST_PROBES);
  if (session.state.kind === 'down') return interval;
  return session.late ? interval / OVERDUE_POLLS : expectedWithin(session, now, timing);
}

/** Milliseconds between probes of a link without trouble, before it may rest. */
const paceOf = (session: ProbeSession, timing: ProbeTiming): Millis =>
  isEased(session, timing) ? EASED : intervalOf(session, timing);

/** Half the detection time once all is calm: the other half suffices to ask again thrice. */
function expectedWithin(session: ProbeSession, now: Millis, timing: ProbeTiming): Millis {
  const interval = paceOf(session, timing);
  const rests = timing.rests && !session.late && session.state.kind === 'up' && now - session.calmSince >= CALM;
  return rests ? Math.max(interval, detectionTime(session, timing) / 2) : interval;
}
