// NAB's scoreboard, and detectors' result files to check the scorer by.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Labelled, ProfileName } from './scorer.ts';

/** numenta/NAB, results/final_results.json at v1.1 (of HTM the run whose files are published; the table there says 70.5). */
export const SCOREBOARD: Readonly<Record<string, Readonly<Record<ProfileName, number>>>> = {
  ARTime: { standard: 74.854, reward_low_FP_rate: 65.154, reward_low_FN_rate: 80.362 },
  'Numenta HTM': { standard: 70.101, reward_low_FP_rate: 63.117, reward_low_FN_rate: 74.32 },
  'CAD OSE': { standard: 69.9, reward_low_FP_rate: 66.977, reward_low_FN_rate: 73.182 },
  'earthgecko Skyline': { standard: 58.2, reward_low_FP_rate: 46.195, reward_low_FN_rate: 63.8 },
  'KNN CAD': { standard: 57.994, reward_low_FP_rate: 43.409, reward_low_FN_rate: 64.812 },
  'Relative Entropy': { standard: 54.643, reward_low_FP_rate: 47.598, reward_low_FN_rate: 58.842 },
  'Random Cut Forest': { standard: 51.717, reward_low_FP_rate: 38.361, reward_low_FN_rate: 59.749 },
  'Twitter ADVec': { standard: 47.062, reward_low_FP_rate: 33.61, reward_low_FN_rate: 53.501 },
  'Windowed Gaussian': { standard: 39.65, reward_low_FP_rate: 20.868, reward_low_FN_rate: 47.41 },
  'Etsy Skyline': { standard: 35.687, reward_low_FP_rate: 27.081, reward_low_FN_rate: 44.481 },
};

interface Published {
  files: Labelled[];
  /** Of each detector, file by file: [first row, score] wherever the score changes. */
  results: Record<string, Record<string, [row: number, score: number][]>>;
}

/** Labels and results of three detectors as they were published (MIT licence, Numenta Inc. and contributors), run-length coded. */
export function readPublishedResults(): { files: Labelled[]; results: Map<string, Map<string, Float64Array>> } {
  const text = gunzipSync(readFileSync(join(import.meta.dirname, 'published.json.gz'))).toString();
  const { files, results } = JSON.parse(text) as Published;
  const rows = new Map(files.map((file) => [file.name, file.rows]));
  const unpacked = Object.entries(results).map(
    ([detector, byFile]) =>
      [
        detector,
        new Map(Object.entries(byFile).map(([name, changes]) => [name, unpack(changes, rows.get(name)!)])),
      ] as const,
  );
  return { files, results: new Map(unpacked) };
}

function unpack(changes: readonly [number, number][], rows: number): Float64Array {
  const scores = new Float64Array(rows);
  for (const [from, score] of changes) scores.fill(score, from);
  return scores;
}
