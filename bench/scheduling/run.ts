// Mean and 95th percentile of job completion times under arriving jobs of kinds that were not trained on, on mixed nodes:
// the packaged policy beside each classical scheduler, the advisor beside as an ablation.
//
// `--loads 0.5,0.7,0.9 --failures both|yes|no --seeds 5 --threads 2 --families a,b --length 4`
// (times as many jobs: an episode begins with an empty cluster, so a long one is busier); or instead `--ablation STEPS`, which trains
// with and without the parallelism and finish rewards, or `--headroom SCENARIOS`, what foresight would add to the advisor.

import { parseArgs } from 'node:util';
import { type EvaluationRequest, playSeeds } from '../../agents/parl/evaluate.ts';
import { type Comparison, compare, type SeedTimes } from '../../agents/parl/evaluation.ts';
import { readPolicyFile } from '../../agents/parl/policy-file.ts';
import { ADVISOR, CLASSICAL, PARL } from '../../agents/parl/scheduler-names.ts';
import { note, Report } from '../rig/report.ts';
import { ablation } from './ablation.ts';
import { headroom } from './headroom.ts';
import { unseenFamilies } from './unseen-jobs.ts';

const { values: options } = parseArgs({
  strict: false,
  options: {
    loads: { type: 'string', default: '0.5,0.7,0.9' },
    seeds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    families: { type: 'string', default: '' },
    failures: { type: 'string', default: 'both' },
    length: { type: 'string', default: '1' },
    ablation: { type: 'string' },
    headroom: { type: 'string' },
  },
});
const report = new Report('scheduling');
const { parameters, version } = await readPolicyFile();

/** From a Zero to a small server, on radio and on cable; speed 1 is a Raspberry Pi 4. */
const NODES = [
  { name: 'server', speed: 3, slots: 2, bandwidth: 12.5e6, latency: 0.001 },
  { name: 'pi-5', speed: 2, slots: 4, bandwidth: 12.5e6, latency: 0.001 },
  { name: 'pi-4', speed: 1, slots: 4, bandwidth: 12.5e6, latency: 0.001 },
  { name: 'pi-4-wifi', speed: 1, slots: 2, bandwidth: 4e6, latency: 0.005 },
  { name: 'rock', speed: 0.7, slots: 4, bandwidth: 12.5e6, latency: 0.001 },
  { name: 'pi-3', speed: 0.5, slots: 4, bandwidth: 4e6, latency: 0.005 },
  { name: 'pi-3-wifi', speed: 0.5, slots: 2, bandwidth: 2e6, latency: 0.01 },
  { name: 'zero', speed: 0.25, slots: 1, bandwidth: 2e6, latency: 0.01 },
];
const NAMES = [...CLASSICAL, ADVISOR, PARL];
/** What the guard replays came before what is compared. */
const REPLAYED = 1000;

if (options.ablation !== undefined) ablation(Number(options.ablation), report);
else if (options.headroom !== undefined) headroom(Number(options.headroom), report);
else await compareAll();

async function compareAll(): Promise<void> {
  note(`policy ${version}`);
  const wanted = String(options.families).split(',').filter(Boolean);
  const families = unseenFamilies().filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const failing = options.failures === 'both' ? [false, true] : [options.failures === 'yes'];
  for (const load of String(options.loads).split(',').map(Number)) {
    for (const failures of failing) {
      const all: SeedTimes[][] = [];
      for (const { name, jobs, arrivals } of families) {
        const length = arrivals * Number(options.length);
        const request = { jobs, nodes: NODES, load, arrivals: length, failures, parameters, seeds: seeds(0) };
        const [played, guarded] = [await play(request), await guard(request)];
        tell(`${name}, ${load * 100} % load${failures ? ', nodes fail' : ''}`, played, guarded);
        all.push(played);
      }
      if (all.length > 1) tellAll(`all families, ${load * 100} % load${failures ? ', nodes fail' : ''}`, all);
    }
  }
}

function seeds(from: number): number[] {
  return Array.from({ length: Number(options.seeds) }, (_, index) => from + index + 1);
}

function play(request: EvaluationRequest): Promise<SeedTimes[]> {
  return playSeeds(request, NAMES, { threads: Number(options.threads) });
}

/** Which scheduler the guard would let serve: the policy where it was no worse than the best classical one in replay. */
async function guard(request: EvaluationRequest): Promise<string> {
  const before = await play({ ...request, seeds: seeds(REPLAYED).slice(0, 3) });
  const { gain } = compare(NAMES, before, PARL, CLASSICAL);
  return gain.value >= 1 ? PARL : gain.over;
}

function tell(name: string, played: SeedTimes[], guarded: string): void {
  const ours = compare(NAMES, played, PARL, CLASSICAL);
  for (const { scheduler, mean, p95 } of ours.schedulers) {
    const row = { case: name, metric: `completion, mean, ${scheduler}`, value: mean.value, unit: 's' };
    report.tell('parlmesh', row, { low: mean.low, high: mean.high, p95: p95.value });
  }
  gain(name, PARL, ours);
  gain(name, ADVISOR, compare(NAMES, played, ADVISOR, CLASSICAL));
  const served = guarded === PARL ? ours.gain.value : compare(NAMES, played, guarded, CLASSICAL).gain.value;
  const value = guarded === PARL ? served : Math.min(1, served);
  report.tell('parlmesh', { case: name, metric: 'gain of what the guard lets serve', value, unit: 'x' }, { guarded });
}

function gain(name: string, subject: string, { gain: { value, low, high, over } }: Comparison): void {
  report.tell(
    'parlmesh',
    { case: name, metric: `gain of ${subject} over best classical`, value, unit: 'x' },
    { low, high, over },
  );
}

/** The geometric mean of the gains of all families, against the one classical scheduler that is best overall. */
function tellAll(name: string, families: SeedTimes[][]): void {
  for (const subject of [PARL, ADVISOR]) {
    const logs = CLASSICAL.map((peer) => {
      const each = families.map((played) => Math.log(compare(NAMES, played, subject, [peer]).gain.value));
      return { peer, log: each.reduce((sum, log) => sum + log, 0) / each.length };
    });
    const { peer, log } = logs.reduce((a, b) => (b.log < a.log ? b : a));
    const metric = `gain of ${subject} over the classical scheduler best overall`;
    report.tell('parlmesh', { case: name, metric, value: Math.exp(log), unit: 'x' }, { over: peer });
  }
}
