// When each node worked on what: attempts as bars in as many lanes a node as it worked on at once. Bars too short to be
// seen apart are joined, so that ten thousand attempts stay a few hundred shapes. Pure.

import type { AttemptView, TaskView } from '../../../agents/swarm/job-view.ts';

export interface Bar {
  /** The first task of it. */
  task: string;
  outcome: AttemptView['outcome'];
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** Attempts that are joined in it. */
  count: number;
  critical: boolean;
}

export interface NodeRows {
  node: string;
  lanes: Bar[][];
  /** Share of the time in which it worked, by its lanes. */
  busy: number;
}

/** @param least milliseconds below which bars are joined with their neighbours of the same outcome */
export function ganttRows(tasks: readonly TaskView[], now: number, least: number): NodeRows[] {
  const byNode = new Map<string, Bar[]>();
  for (const { id, attempts, critical } of tasks) {
    for (const { node, outcome, placedAt, startedAt = placedAt, endedAt = now } of attempts) {
      const bars = byNode.get(node.name) ?? [];
      bars.push({ task: id, outcome, from: startedAt, to: Math.max(startedAt, endedAt), count: 1, critical });
      byNode.set(node.name, bars);
    }
  }
  const all = [...byNode.values()].flat();
  const [begin, end] = [Math.min(...all.map(({ from }) => from)), Math.max(...all.map(({ to }) => to))];
  return [...byNode]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([node, bars]) => {
      const lanes = lanesOf(bars);
      const worked = bars.reduce((sum, { from, to }) => sum + to - from, 0);
      const busy = end > begin ? worked / ((end - begin) * lanes.length) : 0;
      return { node, busy, lanes: lanes.map((lane) => joined(lane, least)) };
    });
}

/** Each bar in the first lane that is free: as many lanes as ran at once. */
function lanesOf(bars: Bar[]): Bar[][] {
  const lanes: Bar[][] = [];
  const free: number[] = [];
  for (const bar of bars.sort((a, b) => a.from - b.from)) {
    const at = free.findIndex((until) => until <= bar.from);
    if (at >= 0) lanes[at]!.push(bar);
    else lanes.push([bar]);
    free[at >= 0 ? at : lanes.length - 1] = bar.to;
  }
  return lanes;
}

function joined(lane: readonly Bar[], least: number): Bar[] {
  const bars: Bar[] = [];
  for (const bar of lane) {
    const last = bars.at(-1);
    const isShort = bar.to - bar.from < least && last !== undefined && last.to - last.from < 20 * least;
    if (isShort && last.outcome === bar.outcome && bar.from - last.to < least) {
      bars[bars.length - 1] = {
        ...last,
        ...{ to: bar.to, count: last.count + bar.count, critical: last.critical || bar.critical },
      };
    } else bars.push(bar);
  }
  return bars;
}

/** Round steps of minutes, hours and days, in seconds. */
const LONG_STEPS = [30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

/** Seconds at which the axis is marked: three to eight, at round steps. */
export function axisMarks(seconds: number): number[] {
  const rough = seconds / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = rough > 20 ? LONG_STEPS : [1, 2, 5, 10, 20].map((factor) => factor * power);
  const step = steps.find((one) => one >= rough) ?? 86_400 * Math.ceil(rough / 86_400);
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}
