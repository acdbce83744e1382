// How soon the work on a job goes on when what does it fails, how much is done again, and whether the job succeeds: agents
// are killed or hang, nodes are killed, in a network of four real daemons with their own settings.
//
//   npm run -s bench -- recovery --json [--trials 600] [--nodes 4] [--minutes 60] [--faults 'module killed,…']
//   npm run -s bench -- recovery --json --part faults …: known faults in five daemons, see faults-part.ts

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { FAULTS, type Fault } from './faults.ts';
import { WorkingNetwork } from './network.ts';
import { type Outcome, trial } from './trial.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    part: { type: 'string', default: 'jobs' },
    trials: { type: 'string' },
    /** 4, and 5 in the part `faults`. */
    nodes: { type: 'string' },
    faults: { type: 'string' },
    /** After which no more trials begin. */
    minutes: { type: 'string', default: '60' },
    /** Of the part `faults`: `repair` or `off`; seconds that a fault lasts at most; minutes without one before. */
    loop: { type: 'string', default: 'repair' },
    seconds: { type: 'string', default: '60' },
    healthy: { type: 'string', default: '2' },
  },
});
const report = new Report('recovery');
const load = () => ({ load: Number(loadavg()[0]!.toFixed(1)) });

function tell(name: string, outcomes: readonly Outcome[], target: number | undefined): void {
  const hits = outcomes.flatMap(({ damage }) => damage ?? []);
  const resumed = hits.map((damage) => damage.resumed);
  const sum = (of: readonly number[]): number => of.reduce((all, one) => all + one, 0);
  const inCase = (metric: string, value: number, unit: string, more: Record<string, unknown> = {}, goal?: number) =>
    report.tell(
      'parlmesh',
      { case: name, metric, value, unit, ...(goal !== undefined && { target: goal }) },
      { ...more, ...load() },
    );
  const { length } = outcomes;
  if (length === 0) return;
  inCase('jobs that succeeded', outcomes.filter(({ state }) => state === 'succeeded').length / length, '1', {
    trials: length,
  });
  if (hits.length === 0) return;
  inCase('resumed, p50', percentile(resumed, 50), 's', { hits: hits.length });
  inCase('resumed, p95', percentile(resumed, 95), 's', {}, target);
  inCase('resumed, worst', Math.max(...resumed), 's');
  inCase('resumed, mean', sum(resumed) / hits.length, 's');
  inCase('work repeated', sum(hits.map((damage) => damage.repeated)) / hits.length, 's a trial', {
    ofWork: Number((sum(hits.map((damage) => damage.repeated)) / sum(hits.map((damage) => damage.work))).toFixed(4)),
  });
}

if (values.part === 'faults') {
  const { faultsPart } = await import('./faults-part.ts');
  await faultsPart(report, {
    nodes: Number(values.nodes ?? 5),
    trials: Number(values.trials ?? 30),
    faults: values.faults?.split(','),
    hasLoop: values.loop !== 'off',
    seconds: Number(values.seconds),
    minutes: Number(values.minutes),
    healthy: Number(values.healthy),
  });
  process.exit(0);
}
const wanted = values.faults?.split(',');
const faults = FAULTS.filter(({ name }) => wanted?.includes(name) ?? true);
const perFault = Math.ceil(Number(values.trials ?? 600) / faults.length);
const until = performance.now() + Number(values.minutes) * 60_000;
const network = new WorkingNetwork();
const all: { fault: Fault; outcome: Outcome }[] = [];
const outcomesOf = (is: (fault: Fault) => boolean): Outcome[] =>
  all.flatMap(({ fault, outcome }) => (is(fault) ? [outcome] : []));
try {
  await network.start(Number(values.nodes ?? 4));
  // In turns, so that what else the machine does meets all of them alike.
  for (let index = 0; index < perFault && performance.now() < until; index++) {
    for (const fault of faults) {
      const outcome = await trial(network, fault, index);
      note(`${fault.name} ${index}: ${JSON.stringify(outcome ?? 'nothing ran where it was to be struck')}`);
      if (outcome !== undefined) all.push({ fault, outcome });
    }
  }
  for (const fault of faults)
    tell(
      fault.name,
      outcomesOf((other) => other === fault),
      fault.target,
    );
  for (const what of new Set(faults.map((fault) => fault.what))) {
    tell(
      `all: ${what}`,
      outcomesOf((fault) => fault.what === what),
      faults.find((fault) => fault.what === what)?.target,
    );
  }
  tell(
    'all faults',
    outcomesOf(() => true),
    undefined,
  );
} finally {
  await network.stop();
}
process.exit(0);
