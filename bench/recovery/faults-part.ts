// The part of the bench about known faults: each injected again and again into five daemons, with the loop or without it.
//
//   npm run -s bench -- recovery --json --part faults [--trials 30] [--faults a,b] [--loop repair|off] [--seconds 60]
//     [--minutes 60] [--healthy 2] [--nodes 5]

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import { note, type Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { ChaosNetwork } from './faults-network.ts';
import { type FaultOutcome, faultTrial } from './faults-trial.ts';

export interface FaultsOptions {
  /** Daemons of the network. */
  nodes: number;
  /** Of each fault. */
  trials: number;
  faults: string[] | undefined;
  hasLoop: boolean;
  seconds: number;
  /** After which no more trials begin. */
  minutes: number;
  /** Minutes without a fault, in which every incident is a false alarm. */
  healthy: number;
}

const AFTER_START = 20_000;
/** Nothing on a node can end these: what is told of them is whether they are seen. */
const UNREPAIRABLE = new Set([
  ...['partition', 'peer-silent', 'peer-byzantine', 'under-voltage', 'clock-jump'],
  ...['camera-lost', 'camera-covered', 'camera-moved'],
]);
const TARGETS: Readonly<Record<string, number>> = { 'agent-crashed': 1, 'agent-hung': 1 };

const load = () => ({ load: Number(loadavg()[0]!.toFixed(1)) });
const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;

export async function faultsPart(report: Report, options: FaultsOptions): Promise<void> {
  const network = new ChaosNetwork();
  const outcomes: FaultOutcome[] = [];
  try {
    await network.start(options.nodes, options.hasLoop ? 'repair' : 'off');
    await sleep(AFTER_START);
    if (options.healthy > 0 && options.hasLoop) await tellFalseAlarms(network, report, options.healthy);
    const [first] = network.nodes;
    const known = (await network.chaos(first!)).faults.map(({ name }) => name);
    const faults = known.filter((name) => options.faults?.includes(name) ?? true);
    const until = performance.now() + options.minutes * 60_000;
    // In turns, so that what else the machine does meets all of them alike.
    for (let index = 0; index < options.trials && performance.now() < until; index++) {
      for (const fault of faults) {
        if (performance.now() >= until) break;
        const outcome = await faultTrial(network, fault, index, options).catch((error: unknown) => messageOf(error));
        note(`${fault} ${index}: ${JSON.stringify(outcome ?? 'no node can have it')}`);
        if (typeof outcome === 'object') outcomes.push(outcome);
      }
    }
    for (const fault of faults) tellFault(report, fault, outcomes, options);
    tellAll(report, outcomes, options);
  } finally {
    await network.stop();
  }
}

async function tellFalseAlarms(network: ChaosNetwork, report: Report, minutes: number): Promise<void> {
  const since = Date.now();
  await sleep(minutes * 60_000);
  const alarms = await network.incidents(since);
  for (const { fault, subject, evidence } of alarms) note(`false alarm: ${fault} ${subject}: ${evidence.join('; ')}`);
  const hours = minutes / 60;
  const result = { case: 'healthy network', metric: 'false alarms', value: alarms.length / hours, unit: 'per hour' };
  report.tell(
    'parlmesh',
    { ...result, target: 0.1 },
    { alarms: alarms.length, minutes, nodes: network.nodes.length, ...load() },
  );
}

function tellFault(report: Report, fault: string, all: readonly FaultOutcome[], { hasLoop }: FaultsOptions): void {
  const outcomes = all.filter((outcome) => outcome.fault === fault);
  const { length: trials } = outcomes;
  if (trials === 0) return;
  const name = `${fault}, ${hasLoop ? 'with' : 'without'} the loop`;
  const inCase = (metric: string, value: number, unit: string, target?: number) =>
    report.tell(
      'parlmesh',
      { case: name, metric, value, unit, ...(target !== undefined && { target }) },
      { trials, ...load() },
    );
  if (hasLoop) {
    const detected = outcomes.flatMap((outcome) => outcome.detected ?? []);
    inCase('seen', detected.length / trials, '1');
    if (detected.length > 0) {
      inCase('time to detect, p50', percentile(detected, 50), 's');
      inCase('time to detect, p95', percentile(detected, 95), 's');
    }
    inCase('wrong actions', mean(outcomes.map(({ wrong }) => wrong.length)), 'per trial', 0);
  }
  if (UNREPAIRABLE.has(fault)) return;
  const recovered = outcomes.flatMap((outcome) => outcome.recovered ?? []);
  inCase('repaired while its cause lasted', recovered.length / trials, '1');
  if (recovered.length === 0) return;
  inCase('time to recover, mean', mean(recovered), 's', TARGETS[fault] ?? 2);
  inCase('time to recover, p50', percentile(recovered, 50), 's');
  inCase('time to recover, p95', percentile(recovered, 95), 's');
  for (const isLearned of [false, true]) {
    const those = outcomes
      .filter((outcome) => outcome.isLearned === isLearned)
      .flatMap(({ recovered: one }) => one ?? []);
    if (hasLoop && those.length > 0 && those.length < recovered.length) {
      inCase(`time to recover, ${isLearned ? 'learned' : 'fixed ladder'}, p50`, percentile(those, 50), 's');
    }
  }
}

function tellAll(report: Report, all: readonly FaultOutcome[], { hasLoop }: FaultsOptions): void {
  const repairable = all.filter(({ fault }) => !UNREPAIRABLE.has(fault));
  if (repairable.length === 0) return;
  const recovered = repairable.flatMap((outcome) => outcome.recovered ?? []);
  const name = `all that can be repaired in software, ${hasLoop ? 'with' : 'without'} the loop`;
  const more = { trials: repairable.length, kinds: new Set(repairable.map(({ fault }) => fault)).size, ...load() };
  const repaired = recovered.length / repairable.length;
  report.tell('parlmesh', { case: name, metric: 'repaired while its cause lasted', value: repaired, unit: '1' }, more);
  if (recovered.length === 0) return;
  const result = { case: name, metric: 'time to recover, mean of those', value: mean(recovered), unit: 's', target: 2 };
  report.tell('parlmesh', result, more);
}
