// The self-healing loop: time of its cycle and phases, and many symptoms at once against one after the other.
// `--rounds 100 --waits 20 --calm 500`. The actions wait `--waits` ms and do nothing: what is measured is the loop.

import { parseArgs } from 'node:util';
import { PHASES } from '../../agents/mapek/phase-times.ts';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { type Round, runRound } from './round.ts';

const { values: options } = parseArgs({
  strict: false,
  options: {
    rounds: { type: 'string', default: '100' },
    waits: { type: 'string', default: '20' },
    calm: { type: 'string', default: '500' },
  },
});
const [rounds, actionWaits, calm] = [Number(options.rounds), Number(options.waits), Number(options.calm)];
const AT_ONCE = [1, 5, 10, 25, 50];
const SEQUENTIAL_ROUNDS = Math.max(3, Math.round(rounds / 20));
/** Phases whose time is the loop's own and not that of what it waits for. */
const OWN = PHASES.filter((phase) => phase !== 'act' && phase !== 'verify');
const report = new Report('mapek');
const median = (values: number[]): number => percentile(values, 50);

note(`actions wait ${actionWaits} ms; ${calm} agents and ${calm} links beside them are well`);
for (let n = 0; n < 20; n++) await runRound({ symptoms: 25, atOnce: 64, actionWaits: 1, calm });

for (const symptoms of AT_ONCE) {
  const parallel: Round[] = [];
  const sequential: Round[] = [];
  for (let n = 0; n < rounds; n++) parallel.push(await runRound({ symptoms, atOnce: 64, actionWaits, calm }));
  for (let n = 0; n < SEQUENTIAL_ROUNDS; n++) {
    sequential.push(await runRound({ symptoms, atOnce: 1, actionWaits, calm }));
  }
  const name = `${symptoms} ${symptoms === 1 ? 'symptom' : 'symptoms at once'}`;
  for (const phase of OWN) {
    const took = parallel.flatMap(({ phases }) => phases.filter((one) => one.phase === phase)).map((one) => one.took);
    const target = phase === 'cycle' ? { target: 10 } : {};
    report.tell('parlmesh', { case: name, metric: `${phase}, p50`, value: percentile(took, 50), unit: 'ms' });
    report.tell('parlmesh', {
      case: name,
      metric: `${phase}, p99`,
      value: percentile(took, 99),
      unit: 'ms',
      ...target,
    });
  }
  const longest = Math.max(...parallel.map(({ longestCall }) => longestCall));
  report.tell('parlmesh', { case: name, metric: 'longest call', value: longest, unit: 'ms' });
  const begun = parallel.map(({ untilBegun }) => untilBegun);
  const cycle = { case: name, metric: 'cycle of the last one in processor time, p99', unit: 'ms' };
  report.tell('parlmesh', { ...cycle, value: percentile(begun, 99), target: 10 });
  const processor = median(parallel.map((round) => round.processor));
  report.tell('parlmesh', { case: name, metric: 'processor time an incident, median', value: processor, unit: 'ms' });
  const [ours, theirs] = [parallel, sequential].map((all) => median(all.map(({ milliseconds }) => milliseconds)));
  const all = { case: name, metric: 'all recovered, median', unit: 'ms' };
  report.tell('parlmesh', { ...all, value: ours! });
  report.tell('one after the other', { ...all, value: theirs! });
  const more = symptoms >= 10 ? { atLeast: 4.5, met: theirs! / ours! >= 4.5 } : {};
  report.tell(
    'parlmesh',
    { case: name, metric: 'times as fast as one after the other', value: theirs! / ours!, unit: '' },
    more,
  );
}
