// An incident as moments that follow one another: seen, concluded, done, verified, learned. Pure.

import type { IncidentView } from '../../../daemon/view/incident-schema.ts';
import { capital, percent } from '../format.ts';
import { spell } from '../jobs/seconds.ts';
import type { Tone } from '../parts/tone.ts';

export interface Moment {
  title: string;
  text: string;
  tone: Tone;
  /** Milliseconds since 1970. */
  at?: number;
  /** Why it was done, with the numbers that it was chosen by. */
  why?: string;
}

type Step = IncidentView['steps'][number];

const OUTCOMES: Readonly<Record<Step['outcome'], readonly [Tone, string]>> = {
  running: ['busy', 'It is being done.'],
  verifying: ['busy', 'Its effect is awaited.'],
  helped: ['good', 'It helped.'],
  relapsed: ['warn', 'It helped, but what was wrong came back.'],
  'no-effect': ['warn', 'It had no effect.'],
  worse: ['bad', 'It made things worse.'],
  failed: ['bad', 'It failed.'],
  'gave-up': ['bad', 'It did not end and was given up.'],
  refused: ['bad', 'It was not allowed.'],
  interrupted: ['off', 'It was interrupted.'],
};

const STATES: Readonly<Record<IncidentView['state'], readonly [Tone, string]>> = {
  repairing: ['warn', 'being repaired'],
  watching: ['busy', 'watched whether it stays away, gone'],
  asked: ['bad', 'you are asked'],
  recovered: ['good', 'recovered'],
  escalated: ['bad', 'left to people'],
  explained: ['off', 'part of another incident'],
  faded: ['off', 'not heard of any more'],
  interrupted: ['off', 'cut off by a restart'],
};

export function stateOf({ state, seenAt, recoveredAt }: IncidentView): { tone: Tone; words: string } {
  const [tone, words] = STATES[state];
  const isBack = recoveredAt !== undefined && (state === 'recovered' || state === 'watching');
  return { tone, words: isBack ? `${words} after ${seconds(recoveredAt - seenAt)}` : words };
}

/** @param named gives a subject as people know it */
export function momentsOf(incident: IncidentView, named = (subject: string): string => subject): Moment[] {
  const { evidence, cause, confidence, explains, steps, seenAt, beganAt, closedAt, outcome, learned } = incident;
  const also = explains.length === 0 ? '' : ` It explains the trouble of ${explains.map(named).join(', ')}.`;
  return [
    ...evidence.map((text): Moment => ({ title: 'Seen', text, tone: 'warn', at: beganAt })),
    { title: 'Concluded', text: `${cause} (${percent(confidence)} sure).${also}`, tone: 'off', at: seenAt },
    ...steps.flatMap(doneAndVerified),
    ...(outcome === undefined || closedAt === undefined
      ? []
      : [{ title: 'Ended', text: outcome, tone: stateOf(incident).tone, at: closedAt }]),
    ...(learned === undefined ? [] : [{ title: 'Learned', text: learned, tone: 'off' as const }]),
  ];
}

function doneAndVerified({ inWords, by, said, reason, outcome, undone, startedAt, endedAt }: Step): Moment[] {
  const [tone, words] = OUTCOMES[outcome];
  const back = undone === undefined ? '' : undone ? ' It was taken back.' : ' It could not be taken back.';
  const text = said === '' ? `${capital(inWords)}.` : `${said}.`;
  const who = by === 'loop' ? '' : ` By ${by}.`;
  return [
    { title: `Done: ${inWords}`, text: `${text}${who}`, tone: 'off', at: startedAt, why: reason },
    { title: 'Verified', text: `${words}${back}`, tone, ...(endedAt !== undefined && { at: endedAt }) },
  ];
}

/** `4.0 s` of milliseconds. */
export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : spell(Math.round(ms / 1000));
}
