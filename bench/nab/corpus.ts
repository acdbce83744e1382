// Reads the Numenta Anomaly Benchmark's files: series, labelled windows, and the results that detectors published.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeriesCsv } from '../../agents/anomaly/series-csv.ts';
import type { Labelled, Window } from './scorer.ts';

export interface NabFile extends Labelled {
  /** Folder: `realTweets`, … */
  category: string;
  /** Milliseconds since 1970, as if the file's local times were UTC. */
  times: Float64Array;
  values: Float64Array;
}

/** All files with labels under `folder` (NAB's `data` and `labels`), by name. */
export function readCorpus(folder: string): NabFile[] {
  const windows = JSON.parse(readFileSync(join(folder, 'labels/combined_windows.json'), 'utf8')) as Record<
    string,
    [string, string][]
  >;
  return Object.keys(windows)
    .sort()
    .map((name) => readSeries(folder, name, windows[name]!));
}

function readSeries(folder: string, name: string, windows: readonly [string, string][]): NabFile {
  const csv = new SeriesCsv(name);
  const lines = readFileSync(join(folder, 'data', name), 'utf8').split('\n');
  const points = lines.flatMap((line) => csv.next(line) ?? []);
  const times = Float64Array.from(points, ({ at }) => at);
  return {
    name,
    category: name.split('/')[0]!,
    rows: points.length,
    times,
    values: Float64Array.from(points, ({ value }) => value),
    windows: windows.map(([from, to]): Window => [times.indexOf(timeOf(from)), times.indexOf(timeOf(to))]),
  };
}

const timeOf = (text: string): number => Date.parse(`${text.trim().replace(' ', 'T')}Z`);

/** Anomaly scores that a detector published in NAB's `results` folder, by file; undefined where it is not there. */
export function readPublished(folder: string, detector: string): Map<string, Float64Array> | undefined {
  const root = join(folder, detector);
  if (!existsSync(root)) return undefined;
  const scores = new Map<string, Float64Array>();
  for (const category of readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    for (const file of readdirSync(join(root, category.name)).filter((entry) => entry.endsWith('.csv'))) {
      const [header, ...lines] = readFileSync(join(root, category.name, file), 'utf8')
        .trimEnd()
        .split('\n');
      const column = header!.trim().split(',').indexOf('anomaly_score');
      const name = `${category.name}/${file.slice(detector.length + 1)}`;
      scores.set(
        name,
        Float64Array.from(lines, (line) => Number(line.split(',')[column])),
      );
    }
  }
  return scores;
}
