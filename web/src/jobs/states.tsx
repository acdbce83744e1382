// The states of jobs, tasks and attempts as shape, tone and word: one look for list, graph, chart and panel.

import type { AttemptView, JobState, TaskState } from '../../../agents/swarm/job-view.ts';
import { Toned } from '../parts/mark.tsx';
import type { Tone } from '../parts/tone.ts';

type State = JobState | TaskState | AttemptView['outcome'];

export const TONE_OF: Readonly<Record<State, Tone>> = {
  succeeded: 'good',
  running: 'busy',
  ready: 'off',
  waiting: 'off',
  failed: 'bad',
  'timed-out': 'bad',
  'set-aside': 'bad',
  lost: 'warn',
  recalled: 'off',
  cancelled: 'off',
};

/** In the order in which bars and legends show them. */
export const TASK_STATES: readonly TaskState[] = [
  'succeeded',
  'running',
  'ready',
  'waiting',
  'failed',
  'set-aside',
  'cancelled',
];

export function JobMark({ state, children }: { state: State; children?: string }) {
  return <Toned tone={TONE_OF[state]}>{children ?? state}</Toned>;
}
