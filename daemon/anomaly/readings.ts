// What is watched of a node, as readings: its board, links, agents, cameras, jobs and gossip. Pure. The names begin with what
// the rules of the self-healing know: `cpu.`, `memory.`, `disk.`, `link.`, `agent.`, `tasks.`.

import type { AnomalyReading } from '../../agents/anomaly/watch.ts';
import type { BASELINE_METRICS } from '../../agents/federation/learners/anomaly-baselines.ts';
import type { AgentSnapshot } from '../../agents/supervised-agent.ts';
import type { DropReason } from '../../mesh/counters.ts';
import type { MeshLink } from '../../mesh/views.ts';
import type { CameraSnapshot } from '../../vision/camera-handle.ts';
import type { HardwareView } from '../view/schema.ts';

export type BaselineMetric = keyof typeof BASELINE_METRICS;

/** Metrics of the node, and of the middle of its links, that boards of one profile share, by their names in the federation. */
export const SHARED: Readonly<Record<string, BaselineMetric>> = {
  'cpu.load': 'cpu-load',
  'cpu.temperature': 'cpu-temperature',
  'memory.used': 'memory-used',
  'disk.used': 'disk-used',
  'cpu.loop-delay': 'loop-delay',
  'link.rtt': 'round-trip',
  'link.loss': 'link-loss',
};

/** Frames that a well node drops as well: copies, what is old, what is of another part of the network. */
const ORDINARY_DROPS: readonly DropReason[] = ['duplicate', 'expired', 'other-area'];

type Values = readonly (readonly [metric: string, value: number | undefined, kind?: AnomalyReading['kind']])[];

function of(subject: string, values: Values): AnomalyReading[] {
  return values.flatMap(([metric, value, kind = 'gauge']) =>
    value === undefined || !Number.isFinite(value) ? [] : [{ subject, metric, kind, value }],
  );
}

/** Shares in use are 0 to 1, the temperature degrees Celsius, the delay of the event loop seconds. */
export function boardReadings({ cpu, memory, temperatureCelsius, disk, ...reading }: HardwareView): AnomalyReading[] {
  return of('node', [
    ['cpu.load', cpu.load],
    ['cpu.temperature', temperatureCelsius],
    ['cpu.loop-delay', reading.eventLoopDelaySeconds],
    ['memory.used', usedShare(memory)],
    ['memory.process', memory.processBytes],
    ['disk.used', usedShare(disk)],
  ]);
}

function usedShare({ totalBytes, availableBytes }: { totalBytes: number; availableBytes: number }): number | undefined {
  return totalBytes > 0 ? 1 - availableBytes / totalBytes : undefined;
}

/** Round trip and jitter in seconds, the share of probes lost; of links that are up. */
export function linkReadings(links: readonly MeshLink[]): AnomalyReading[] {
  return links
    .filter(({ state }) => state === 'up')
    .flatMap(({ peer, roundTripSeconds, jitterSeconds, loss }) =>
      of(`link/${peer}`, [
        ['link.rtt', roundTripSeconds],
        ['link.jitter', jitterSeconds],
        ['link.loss', loss],
      ]),
    );
}

export function agentReadings(agents: readonly AgentSnapshot[]): AnomalyReading[] {
  return agents.flatMap(({ id, restarts, mailbox }) =>
    of(`agent/${id}`, [
      ['agent.restarts', restarts, 'counter'],
      ['agent.mailbox', mailbox.waiting],
    ]),
  );
}

/** Of cameras that send pictures: what one that is lost reads says nothing. */
export function cameraReadings(cameras: readonly CameraSnapshot[]): AnomalyReading[] {
  return cameras
    .filter(({ state }) => state === 'live')
    .flatMap(({ id, framesPerSecond, inferenceSeconds, scene }) =>
      of(`camera/${id}`, [
        ['camera.frames', framesPerSecond],
        ['camera.inference', inferenceSeconds],
        ['camera.scene', scene === undefined || scene.learning ? undefined : scene.likelihood],
      ]),
    );
}

export interface TaskTotals {
  finished: number;
  failed: number;
  waitedSeconds: number;
}

/** Mean wait in seconds of the tasks that ended since `before`, where any did; failures as a counter. */
export function taskReadings(before: TaskTotals | undefined, now: TaskTotals): AnomalyReading[] {
  const ended = before === undefined ? 0 : now.finished - before.finished;
  const wait = ended > 0 ? (now.waitedSeconds - before!.waitedSeconds) / ended : undefined;
  return of('node', [
    ['tasks.wait', wait],
    ['tasks.failed', now.failed, 'counter'],
  ]);
}

export function gossipReadings({ drops }: { drops: Readonly<Record<DropReason, number>> }): AnomalyReading[] {
  const odd = (Object.keys(drops) as DropReason[]).filter((reason) => !ORDINARY_DROPS.includes(reason));
  return of('node', [['gossip.dropped', odd.reduce((sum, reason) => sum + drops[reason], 0), 'counter']]);
}

/** Spreads among like nodes, in the units of `comparedReadings`, below which they do not differ by anything to look at. */
export const LEAST_SPREADS: Readonly<Record<string, number>> = {
  ...{ 'cpu.load': 0.1, 'cpu.temperature': 3, 'cpu.loop-delay': 0.02 },
  ...{ 'memory.used': 0.05, 'memory.process': 50e6, 'disk.used': 0.05 },
  ...{ 'link.rtt': 0.005, 'link.loss': 0.02 },
};

/** Boards with cameras do other work than those without. Reads well before "nodes". */
export const kindOf = (profile: string, cameras: number): string => (cameras > 0 ? `${profile} camera` : profile);

/** What nodes of one kind are compared by: the board's own readings, and the middle of its links. */
export function comparedReadings(
  board: HardwareView | undefined,
  links: readonly MeshLink[],
): { metric: string; value: number }[] {
  const up = links.filter(({ state }) => state === 'up');
  const middle = (values: readonly (number | undefined)[]): number | undefined => {
    const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
    return known[known.length >> 1];
  };
  return [
    ...(board === undefined ? [] : boardReadings(board)),
    ...of('node', [
      ['link.rtt', middle(up.map(({ roundTripSeconds }) => roundTripSeconds))],
      ['link.loss', middle(up.map(({ loss }) => loss))],
    ]),
  ].map(({ metric, value }) => ({ metric, value }));
}
