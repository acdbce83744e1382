// The Numenta Anomaly Benchmark by its own rules, one setting for all files, beside the published scoreboard; and how fast
// and how large the detectors are.
//
//   node bench/nab/run.ts --json [--part score|split|speed|fleet|live] [--series 10000] [--splits 3] [--results FOLDER]
//
// PARLMESH_TEST_DATA names the data folder (default ../shared/data). FOLDER is NAB's `results`: detectors there are scored too.

import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { compareFleet } from '../../agents/anomaly/fleet.ts';
import { SeriesDetector } from '../../agents/anomaly/series-detector.ts';
import { FLEET_METRICS } from '../../agents/anomaly/summary.ts';
import { seededRandom } from '../../core/random.ts';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { type NabFile, readCorpus, readPublished } from './corpus.ts';
import { live } from './live.ts';
import { readPublishedResults, SCOREBOARD } from './published.ts';
import { type Optimum, optimiseAll, PROFILES, type ProfileName, scoreAt } from './scorer.ts';
import { chooseWeights, halves, held, surprisesOf } from './split.ts';

const { values: options } = parseArgs({
  strict: false,
  options: {
    part: { type: 'string', default: 'all' },
    series: { type: 'string', default: '10000' },
    splits: { type: 'string', default: '3' },
    results: { type: 'string' },
  },
});
const report = new Report('nab');
const GOAL = 75;

const wanted = (part: string): boolean => options.part === 'all' || options.part === part;

if (wanted('score')) score();
if (wanted('split')) split(Number(options.splits));
if (wanted('speed')) speed(Number(options.series));
if (wanted('fleet')) fleet();
if (wanted('live')) watched();

function corpus(): NabFile[] {
  const folder = resolve(process.env.PARLMESH_TEST_DATA ?? '../shared/data', 'nab');
  if (existsSync(folder)) return readCorpus(folder);
  note(`no series in ${folder}; set PARLMESH_TEST_DATA`);
  process.exit(1);
}

function score(): void {
  const files = corpus();
  const scores = new Map(files.map((file) => [file.name, scoresOf(file)]));
  const ours = optimiseAll(files, scores);
  for (const profile of Object.keys(PROFILES) as ProfileName[]) {
    const { found, windows, falsePositives, threshold } = ours[profile];
    const goal = profile === 'standard' ? { goal: GOAL, reached: ours.standard.score >= GOAL } : {};
    tell('parlmesh', profile, ours[profile].score, { ...goal, found, windows, falsePositives, threshold });
    for (const [detector, published] of Object.entries(SCOREBOARD)) tell(detector, profile, published[profile]);
  }
  categories(files, scores, ours.standard);
  recomputed(files, typeof options.results === 'string' ? options.results : undefined);
}

function scoresOf({ rows, values, times }: NabFile): Float64Array {
  const detector = new SeriesDetector();
  return Float64Array.from({ length: rows }, (_, row) => detector.push(values[row]!, times[row]!).score);
}

function tell(subject: string, profile: string, value: number, more: Record<string, unknown> = {}): void {
  report.tell(subject, { case: profile, metric: 'score of 100', value, unit: 'points' }, more);
}

/** Weights and threshold chosen on half of the files of each category, and what they reach on the other half. */
function split(count: number): void {
  const files = corpus();
  const surprises = surprisesOf(files);
  const [chosenOn, heldOut]: [number[], number[]] = [[], []];
  for (let seed = 1; seed <= count; seed++) {
    const parts = halves(files, seededRandom(seed));
    for (const [chosen, other] of [parts, parts.toReversed()] as [NabFile[], NabFile[]][]) {
      const { weights, best } = chooseWeights(chosen, surprises);
      chosenOn.push(best.score);
      heldOut.push(held(other, surprises, weights, best.threshold));
      note(
        `split ${seed}: weights ${weights.join(' ')}: ${best.score.toFixed(1)} there, ${heldOut.at(-1)!.toFixed(1)} on the others`,
      );
    }
  }
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);
  const range = (values: number[]) => ({
    least: Math.min(...values),
    most: Math.max(...values),
    halves: values.length,
  });
  tell(
    'parlmesh',
    'standard, weights and threshold chosen on half of the files: that half',
    mean(chosenOn),
    range(chosenOn),
  );
  tell(
    'parlmesh',
    'standard, weights and threshold chosen on half of the files: the other half',
    mean(heldOut),
    range(heldOut),
  );
}

function categories(
  files: readonly NabFile[],
  scores: ReadonlyMap<string, Float64Array>,
  { threshold }: Optimum,
): void {
  for (const category of new Set(files.map((file) => file.category))) {
    const some = files.filter((file) => file.category === category);
    const { found, windows, falsePositives } = scoreAt(some, scores, PROFILES.standard, threshold);
    const of = { case: category, metric: `windows found of ${windows}`, value: found, unit: 'windows' };
    report.tell('parlmesh', of, { files: some.length, falsePositives });
  }
}

/** Scores of published result files by our scorer: they must be those of the scoreboard. */
function recomputed(files: readonly NabFile[], folder: string | undefined): void {
  const packed = readPublishedResults();
  const detectors = folder === undefined ? [...packed.results.keys()] : readdirSync(folder);
  for (const detector of detectors) {
    const results = folder === undefined ? packed.results.get(detector) : readPublished(folder, detector);
    if (results?.size !== files.length) continue;
    for (const [profile, { score: value }] of Object.entries(optimiseAll(files, results))) {
      tell(`${detector}, its published result files scored here`, profile, value);
    }
  }
}

/** Series of half-minutes with a daily course, noise and now and then a spike, one value of each in turn as a node has them. */
function speed(count: number): void {
  const random = seededRandom(1);
  globalThis.gc?.();
  const before = process.memoryUsage();
  const series = Array.from({ length: count }, () => new SeriesDetector());
  const rounds = 200;
  let busy = 0;
  for (let round = 0; round < rounds; round++) {
    const at = round * 30_000;
    const values = series.map(() => 10 + 3 * Math.sin(at / 13_751) + random.next() + (random.next() < 0.002 ? 20 : 0));
    const started = process.cpuUsage();
    for (let each = 0; each < count; each++) series[each]!.push(values[each]!, at);
    busy += process.cpuUsage(started).user / 1000;
  }
  globalThis.gc?.();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  const what = `${count} series, one thread`;
  report.tell('parlmesh', {
    case: what,
    metric: 'points per second of processor time',
    value: (count * rounds * 1000) / busy,
    unit: '1/s',
  });
  report.tell('parlmesh', { case: what, metric: 'memory of a series', value: bytes / count, unit: 'bytes' });
  report.tell('parlmesh', {
    case: what,
    metric: 'baselines of a series, saved',
    value: series[0]!.save().length,
    unit: 'bytes',
  });
}

/** A hundred nodes of two profiles, 32 readings each: the time of one pass that finds who is unlike its like. */
function fleet(): void {
  const random = seededRandom(2);
  const summaries = new Map(
    Array.from({ length: 100 }, (_, node) => {
      const readings = Array.from({ length: FLEET_METRICS }, (_, at) => ({
        metric: `metric-${at}`,
        value: random.next(),
      }));
      return [`node-${node}`, { profile: node % 3 === 0 ? 'generic-x64' : 'raspberry-pi-4', readings }] as const;
    }),
  );
  const passes = Array.from({ length: 200 }, () => {
    const started = performance.now();
    compareFleet(summaries);
    return performance.now() - started;
  });
  const what = { case: `fleet of 100 nodes, ${FLEET_METRICS} readings each`, unit: 'ms' };
  report.tell('parlmesh', { ...what, metric: 'one pass, median', value: percentile(passes, 50), target: 10 });
  report.tell('parlmesh', { ...what, metric: 'one pass, p99', value: percentile(passes, 99), target: 10 });
}

/** Made readings, not recorded ones: of what a node's watch makes of noise, wander, daily courses, heavy tails and counters. */
function watched(): void {
  const well = live(20, 2, false);
  const healthy = '20 made series every 5 s for 48 h, all well';
  const hourly = { metric: 'false alarms an hour', value: well.falseAlarms / well.hours, unit: '1/h', target: 0.1 };
  report.tell('parlmesh', { case: healthy, ...hourly }, { falseAlarms: well.falseAlarms });
  const ill = live(15, 2, true);
  const faulty = '15 made series every 5 s for 48 h, each hour one reads 10 more for 5 min';
  report.tell('parlmesh', { case: faulty, metric: `faults raised of ${ill.faults}`, value: ill.found, unit: 'faults' });
  report.tell('parlmesh', {
    case: faulty,
    metric: 'raised after, median',
    value: percentile(ill.late, 50),
    unit: 'readings',
  });
  report.tell('parlmesh', {
    case: faulty,
    metric: 'raised after, p95',
    value: percentile(ill.late, 95),
    unit: 'readings',
  });
  report.tell('parlmesh', { case: faulty, metric: 'false alarms', value: ill.falseAlarms, unit: 'alarms' });
}
