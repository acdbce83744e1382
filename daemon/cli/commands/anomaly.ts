// `parlmesh anomaly`: what is unusual in a series of numbers, which needs no daemon, and on a node that runs.

import { createReadStream } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { type CsvPoint, LONGEST_LINE, SeriesCsv } from '../../../agents/anomaly/series-csv.ts';
import { SeriesDetector } from '../../../agents/anomaly/series-detector.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Cli } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { registerLiveAnomalies } from './anomaly-live.ts';

interface ScoreOptions {
  output: 'csv' | 'json';
  threshold: number;
}

interface Row {
  timestamp: string;
  value: number | null;
  anomaly_score: number;
  label: string | number;
}

/** What the standard profile of NAB finds best over all its files. */
const THRESHOLD = 0.9986;

export function registerAnomaly(program: CliCommand, cli: Cli): void {
  const anomaly = program.command('anomaly').summary('what is unusual on this node, or in a file of numbers?');
  anomaly
    .description(
      'Tells what is unusual on a node, why and since when; scores files of numbers without one. docs/anomalies.md',
    )
    .example('anomaly list', 'is anything unusual on this node?')
    .example('anomaly score cpu.csv', 'how unusual each value of a file is');
  anomaly
    .command('score')
    .summary('how unusual is each value of a CSV file?')
    .description(
      'Reads a CSV file with a time and a value in each line, as a stream, and writes the result format of the Numenta Anomaly Benchmark: timestamp, value, anomaly_score, label. The score is a likelihood, 0 (normal) to 1, that counts once for each anomaly; a row depends on no later one. The label is that of the file where it has one, else 1 where the score reaches the threshold. The first 30 values are learned from only.',
    )
    .argument('<file>', 'columns timestamp and value, with or without a header; - reads standard input')
    .addOption(new Option('-o, --output <format>', 'how to write it').choices(['csv', 'json']).default('csv'))
    .option('--threshold <likelihood>', 'from which score on the label is 1', thresholdOption, THRESHOLD)
    .example('anomaly score cpu.csv > scores.csv', 'each value with its score')
    .example('anomaly score cpu.csv -o json', 'the same as JSON')
    .action((file: string, options: ScoreOptions) => score(cli, file, options));
  registerLiveAnomalies(anomaly, cli);
}

async function score(cli: Cli, file: string, { output, threshold }: ScoreOptions): Promise<void> {
  const json = output === 'json';
  const detector = new SeriesDetector();
  let rows = 0;
  for await (const points of pointsOf(file, cli.signal)) {
    const lines = points.map((point) => {
      const row = judged(detector, point, threshold);
      return json
        ? `${rows++ === 0 ? '[' : ','}\n${JSON.stringify(row)}`
        : `${rows++ === 0 ? HEADER : ''}${asCsv(row)}\n`;
    });
    await cli.terminal.bytes(Buffer.from(lines.join('')));
  }
  if (rows === 0) {
    throw new ParlmeshError('SERIES_EMPTY', `There is no value in ${file}`, {
      hint: 'Each line has a time and a value: 2026-01-31 12:00:00,17.5',
    });
  }
  if (json) cli.terminal.print('\n]');
}

const HEADER = 'timestamp,value,anomaly_score,label\n';

function judged(detector: SeriesDetector, { timestamp, at, value, label }: CsvPoint, threshold: number): Row {
  const anomaly_score = detector.push(value, at).score;
  return {
    timestamp,
    value: Number.isFinite(value) ? value : null,
    anomaly_score,
    label: label ?? (anomaly_score >= threshold ? 1 : 0),
  };
}

const asCsv = ({ timestamp, value, anomaly_score, label }: Row): string =>
  `${timestamp},${value ?? ''},${anomaly_score},${label}`;

/** Points as the file is read, some at a time; a bad line ends it after those before. */
async function* pointsOf(file: string, signal: AbortSignal): AsyncGenerator<CsvPoint[]> {
  const csv = new SeriesCsv(file === '-' ? 'standard input' : file);
  let rest = '';
  for await (const chunk of chunksOf(file)) {
    signal.throwIfAborted();
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop()!;
    // A line that never ends must not fill the memory.
    if (rest.length > LONGEST_LINE) lines.push(rest);
    yield* parsed(csv, lines);
  }
  if (rest !== '') yield* parsed(csv, [rest]);
}

function* parsed(csv: SeriesCsv, lines: readonly string[]): Generator<CsvPoint[]> {
  const points: CsvPoint[] = [];
  try {
    for (const line of lines) {
      const point = csv.next(line);
      if (point !== undefined) points.push(point);
    }
  } catch (error) {
    yield points;
    throw error;
  }
  yield points;
}

async function* chunksOf(file: string): AsyncGenerator<string> {
  const stream = file === '-' ? process.stdin.setEncoding('utf8') : createReadStream(file, { encoding: 'utf8' });
  try {
    for await (const chunk of stream) yield chunk as string;
  } catch (cause) {
    throw new ParlmeshError('SERIES_UNREADABLE', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function thresholdOption(text: string): number {
  const threshold = Number(text);
  if (text.trim() !== '' && threshold > 0 && threshold <= 1) return threshold;
  throw new InvalidArgumentError('Expected a likelihood above 0, at most 1.');
}
