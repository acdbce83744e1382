import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../mesh/link/probe-datagram.ts';
import {
  detectionTime,
  isDue,
  isEased,
  newSession,
  nextDeadline,
  nextProbe,
  onDoubt,
  onPace,
  onProbe as onProbeOf,
  onStall,
  onTime,
  type ProbeSession,
  type ProbeTiming,
} from '../../../mesh/link/probe-session.ts';

const wired: ProbeTiming = { interval: 50, detectMultiplier: 3, rests: false };
const battery: ProbeTiming = { interval: 5000, detectMultiplier: 3, rests: true };

const probe = (fields: Partial<Probe> = {}): Probe => ({
  stamp: 1,
  echo: 0,
  held: 0,
  interval: 50,
  loss: 0,
  poll: false,
  deaf: false,
  eased: false,
  ...fields,
});

/** To a node that is well. */
const onProbe = (session: ProbeSession, sequence: number, heard: Probe, now: number, timing: ProbeTiming) =>
  onProbeOf(session, sequence, heard, now, timing, false);

/** A session that was up at `now`, with a round trip of 2 ms. */
function upAt(now: number, timing = wired): ProbeSession {
  const answer = probe({ echo: (now - 2) * 1000, interval: timing.interval });
  return onProbe(newSession(now - 10), 1, answer, now, timing);
}

describe('The session of a probed peer', () => {
  it('asks for an answer until it has one, then is up with the round trip less the time that was held', () => {
    const first = nextProbe(newSession(1000), 1000, wired, 0);
    expect(first.probe).toEqual(probe({ stamp: 1_000_000, poll: true }));
    expect(first.session.dueAt).toBe(1050);
    const answer = probe({ stamp: 77, echo: 1_000_000, held: 4000 });
    const session = onProbe(first.session, 1, answer, 1010, wired);
    expect(session.state).toEqual({ kind: 'up', since: 1010 });
    expect(session.quality.roundTrip).toBe(6);
    expect(nextProbe(session, 1020, wired, 0).probe).toEqual(probe({ stamp: 1_020_000, echo: 77, held: 10_000 }));
  });

  it('takes nobody for there who does not echo, or echoes what is long past', () => {
    const silent = onProbe(newSession(0), 1, probe(), 5000, wired);
    expect(silent.state.kind).toBe('suspect');
    expect(onProbe(silent, 2, probe({ echo: 1_000_000 }), 5000, wired).state.kind).toBe('suspect');
    expect(onProbe(silent, 2, probe({ echo: 9_000_000 }), 5000, wired).state.kind).toBe('suspect');
    expect(onProbe(silent, 2, probe({ echo: 4_990_000 }), 5000, wired).state.kind).toBe('up');
  });

  it('is asked again at once when late, suspect after 100 ms and down after 150 ms of silence, wired', () => {
    let session = upAt(1000);
    expect(onTime(session, 1069, wired, 1)).toBe(session);
    expect(nextDeadline(session, 1000, wired, 1)).toBe(1070);
    session = onTime(session, 1070, wired, 1);
    expect(session).toMatchObject({ state: { kind: 'up' }, late: true, dueAt: 1070 });
    const asked = nextProbe(session, 1070, wired, 0);
    expect(asked.probe.poll).toBe(true);
    expect(asked.session.dueAt).toBeCloseTo(1070 + 50 / 3);
    expect(nextDeadline(session, 1070, wired, 1)).toBe(1100);
    session = onTime(session, 1100, wired, 1);
    expect(session.state).toEqual({ kind: 'suspect', since: 1100, missed: 1, cause: 'its probes are late' });
    expect(nextDeadline(session, 1100, wired, 1)).toBe(1150);
    expect(onTime(session, 1149, wired, 1).state.kind).toBe('suspect');
    session = onTime(session, 1150, wired, 1);
    expect(session.state).toEqual({ kind: 'down', since: 1150, answers: 0, cause: 'no answer for 150 ms' });
    expect(nextDeadline(session, 1150, wired, 1)).toBeUndefined();
  });

  it('waits longer while this node doubts itself, and counts no time in which it did not run', () => {
    const session = upAt(1000);
    expect(onTime(session, 1250, wired, 2).state.kind).toBe('suspect');
    expect(onTime(session, 1300, wired, 2).state.kind).toBe('down');
    expect(onTime(onStall(session, 400), 1450, wired, 1).state.kind).toBe('up');
  });

  it('is down at once when the peer says that it hears nothing, and back after two answers', () => {
    let session = onProbe(upAt(1000), 2, probe({ echo: 1_005_000, deaf: true }), 1010, wired);
    expect(session.state).toMatchObject({ kind: 'down', cause: 'it does not hear this node any more' });
    session = onProbe(session, 3, probe({ echo: 1_050_000 }), 1060, wired);
    expect(session.state.kind).toBe('down');
    session = onProbe(session, 4, probe({ echo: 1_100_000 }), 1110, wired);
    expect(session.state).toEqual({ kind: 'up', since: 1110 });
  });

  it('takes no such word for it while this node doubts itself', () => {
    const deaf = probe({ echo: 1_005_000, deaf: true });
    expect(onProbeOf(upAt(1000), 2, deaf, 1010, wired, true).state.kind).toBe('up');
  });

  it('tells a peer that fell silent that it is not heard', () => {
    const session = upAt(1000);
    expect(nextProbe(session, 1100, wired, 0).probe.deaf).toBe(false);
    expect(nextProbe(session, 1150, wired, 0).probe.deaf).toBe(true);
  });

  it('keeps to the slower interval of the two', () => {
    const session = onProbe(newSession(0), 1, probe({ echo: 5000, interval: 1000 }), 6, wired);
    expect(detectionTime(session, wired)).toBe(3000);
    expect(nextProbe(session, 10, wired, 0).session.dueAt).toBe(1010);
    expect(nextProbe(session, 10, wired, 1).session.dueAt).toBe(910);
  });

  it('measures loss both ways by the numbers that are missing, but takes no outage for loss', () => {
    const session = onProbe(upAt(1000), 3, probe({ echo: 1_040_000 }), 1050, wired);
    expect(session.lossHere).toBeCloseTo(0.09);
    expect(session.quality.loss).toBeCloseTo(0.09);
    const there = onProbe(session, 4, probe({ echo: 1_090_000, loss: 0.5 }), 1100, wired);
    expect(there.quality.loss).toBe(0.5);
    const down = onTime(there, 5000, wired, 1);
    expect(onProbe(down, 90, probe({ echo: 4_999_000 }), 5000, wired).lossHere).toBeLessThan(0.09);
  });

  it('rests while all is calm where probes are dear, and still keeps its promise', () => {
    const session = upAt(1000, battery);
    expect(nextProbe(session, 2000, battery, 0).session.dueAt).toBe(7000);
    const calm = { ...upAt(41_000, battery), calmSince: 1000 };
    expect(nextProbe(calm, 41_000, battery, 0).session.dueAt).toBe(48_500);
    expect(nextDeadline(calm, 41_000, battery, 1)).toBe(51_500);
    const late = onTime(calm, 51_500, battery, 1);
    expect(late).toMatchObject({ late: true, dueAt: 51_500 });
    expect(onTime(late, 56_000, battery, 1).state.kind).toBe('down');
  });

  it('answers who asks for it, five times an interval at most', () => {
    const session = { ...upAt(1000), sentAt: 1000, dueAt: 1050 };
    expect(onProbe(session, 2, probe({ echo: 1_000_000, poll: true }), 1002, wired).dueAt).toBe(1010);
    expect(onProbe(session, 2, probe({ echo: 1_000_000, poll: true }), 1020, wired).dueAt).toBe(1020);
  });

  it('speaks when it is spoken to, if its own probe is due soon', () => {
    const session = { ...upAt(1000), sentAt: 1000, dueAt: 1050 };
    expect([1024, 1025].map((now) => isDue(session, now, wired, true))).toEqual([false, true]);
    expect([1044, 1045].map((now) => isDue(session, now, wired, false))).toEqual([false, true]);
    expect(isDue({ ...session, dueAt: 1005 }, 1005, wired, true)).toBe(false);
  });

  it('tries UDP that was never answered quickly at first, then now and then, and at once when the peer is heard', () => {
    let session = newSession(0);
    let now = 0;
    const spacings: number[] = [];
    for (let tries = 0; tries < 45; tries++) {
      session = nextProbe(session, now, { ...wired, interval: 1000 }, 0).session;
      spacings.push(session.dueAt - now);
      now = session.dueAt;
    }
    expect(spacings[0]).toBe(250);
    expect(spacings[20]).toBe(1000);
    expect(spacings[44]).toBe(15_000);
    expect(onProbe(session, 1, probe(), now, wired)).toMatchObject({ tries: 0, dueAt: now });
  });

  it('never is down before its detection time, never up without an answer, whatever comes in whatever order', () => {
    const event = fc.record({
      wait: fc.integer({ min: 0, max: 400 }),
      arrives: fc.boolean(),
      echoAge: fc.integer({ min: -100, max: 3000 }),
      skip: fc.integer({ min: -3, max: 20 }),
      poll: fc.boolean(),
      patience: fc.constantFrom(1, 1.5, 2.5),
      interval: fc.integer({ min: 0, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let session = newSession(0);
        let now = 0;
        let sequence = 10;
        for (const { wait, arrives, echoAge, skip, poll, patience, interval } of events) {
          now += wait;
          const before = session;
          session = onTime(session, now, wired, patience);
          if (session.state.kind === 'down' && before.state.kind !== 'down') {
            expect(now - (before.answeredAt ?? now)).toBeGreaterThanOrEqual(detectionTime(before, wired) * patience);
          }
          if (arrives) {
            sequence = Math.max(1, sequence + skip);
            const arrived = probe({ stamp: now, echo: Math.max(0, (now - echoAge) * 1000), poll, interval });
            const heard = onProbe(session, sequence, arrived, now, wired);
            if (heard.state.kind === 'up' && session.state.kind !== 'up') expect(heard.answeredAt).toBe(now);
            session = heard;
          }
          if (session.dueAt <= now) session = nextProbe(session, now, wired, 0.5).session;
          expect(session.dueAt).toBeGreaterThanOrEqual(now);
          expect(session.quality.loss).toBeGreaterThanOrEqual(0);
          expect(session.quality.loss).toBeLessThanOrEqual(1);
          expect(session.state.kind === 'up' ? session.answeredAt : 0).toBeDefined();
        }
      }),
    );
  });
});

describe('An eased session', () => {
  /** Both sides at ease since `now`, which was the time of the last answer. */
  const easedAt = (now: number): ProbeSession =>
    onProbe(
      onPace(upAt(now - 10), true, now - 5, wired),
      2,
      probe({ echo: (now - 2) * 1000, eased: true }),
      now,
      wired,
    );

  it('needs the wish of both sides, and the one that says so keeps its place', () => {
    const wished = onPace(upAt(1000), true, 1005, wired);
    expect(isEased(wished, wired)).toBe(false);
    const told = nextProbe(wished, 1050, wired, 0);
    expect(told).toMatchObject({ probe: { eased: true }, session: { dueAt: 1100 } });
    const session = easedAt(1050);
    expect(isEased(session, wired)).toBe(true);
    expect(nextProbe(session, 1060, wired, 0).session.dueAt).toBe(2060);
  });

  it('has no use where the full pace is no faster', () => {
    const slow: ProbeTiming = { interval: 1000, detectMultiplier: 3, rests: true };
    const told = probe({ echo: 990_000, interval: 1000, eased: true });
    const session = onProbe(onPace(upAt(900, slow), true, 950, slow), 2, told, 1000, slow);
    expect(isEased(session, slow)).toBe(false);
  });

  it('takes the full pace when an answer is overdue, and is down a detection time later', () => {
    const session = easedAt(1000);
    expect(nextDeadline(session, 1000, wired, 1)).toBe(2400);
    expect(onTime(session, 2399, wired, 1)).toBe(session);
    const overdue = onTime(session, 2400, wired, 1);
    expect(overdue).toMatchObject({ state: { kind: 'up' }, late: true, dueAt: 2400 });
    expect(nextProbe(overdue, 2400, wired, 0)).toMatchObject({ probe: { poll: true, eased: false, deaf: false } });
    expect(onTime(overdue, 2549, wired, 1).state.kind).toBe('suspect');
    expect(onTime(overdue, 2550, wired, 1).state.kind).toBe('down');
  });

  it('takes the full pace at once when either side needs it, and counts no silence from before', () => {
    const needed = onPace(easedAt(1000), false, 1900, wired);
    expect(needed).toMatchObject({ dueAt: 1900, attentiveSince: 1900 });
    expect(onTime(needed, 2040, wired, 1).state.kind).toBe('suspect');
    expect(onTime(needed, 2050, wired, 1).state.kind).toBe('down');
    const asked = onProbe(easedAt(1000), 3, probe({ echo: 1_000_000 }), 1900, wired);
    expect(asked.dueAt).toBe(1900);
    expect(isEased(asked, wired)).toBe(false);
  });

  it('believes an accusation only when nothing is heard for two intervals from then on', () => {
    const accused = onDoubt(easedAt(1000), 1900, wired);
    expect(onTime(accused, 1999, wired, 1).state.kind).not.toBe('down');
    expect(onTime(accused, 2000, wired, 1).state.kind).toBe('down');
    const answered = onProbe(accused, 3, probe({ echo: 1_901_000, eased: true }), 1950, wired);
    expect(onTime(answered, 2000, wired, 1).state.kind).toBe('up');
    expect(isEased(answered, wired)).toBe(true);
  });

  it('does not call itself unheard while the other rests', () => {
    expect(nextProbe(easedAt(1000), 1990, wired, 0).probe.deaf).toBe(false);
  });
});
