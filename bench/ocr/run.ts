// Reads words and scenes with parlmesh's reader and with Tesseract, picture by picture in turns: characters and words
// that are right, and seconds for a picture from its file to its text.
//
//   node bench/ocr/run.ts --json      (PARLMESH_TEST_DATA names the data folder, default ../shared/data; needs tesseract)

process.env.ORT_DISABLE_TELEMETRY = '1';

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { TextReader } from '../../vision/ocr/text-reader.ts';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { readScenes, readWords, type TextPicture } from './pictures.ts';
import { alphanumeric, characterAccuracy, type ReadText, spaced, wordAccuracy } from './score.ts';

const THREADS = 2;
const PEER = 'tesseract';

interface Series {
  name: string;
  pictures: TextPicture[];
  /** What of a text is compared. */
  of: (text: string) => string;
  /** Tesseract's page segmentation: 8 a single word, 11 text anywhere. */
  segmentation: '8' | '11';
}

const folder = resolve(process.env.PARLMESH_TEST_DATA ?? '../shared/data', 'vision/text-dev');
if (!existsSync(folder)) {
  note(`no pictures of text in ${folder}; set PARLMESH_TEST_DATA`);
  process.exit(1);
}
const words = await readWords(folder);
const every: Series[] = [
  { name: 'words (IIIT5K), letters and digits', pictures: words, of: alphanumeric, segmentation: '8' },
  { name: 'scenes, easy', pictures: await readScenes(folder, false), of: spaced, segmentation: '11' },
  { name: 'scenes, hard', pictures: await readScenes(folder, true), of: spaced, segmentation: '11' },
];

const run = promisify(execFile);
const hasPeer = await run('tesseract', ['--version']).then(
  () => true,
  () => false,
);
if (!hasPeer) note('tesseract is not installed (apt install tesseract-ocr): measured without it');

const reader = new TextReader({ threads: THREADS, clock: systemClock, random: seededRandom(1) });
const report = new Report('ocr');
// Loads the networks, which no picture should pay for.
await reader.read(await readFile(words[0]!.path));

for (const { name, pictures, of, segmentation } of every) {
  const subjects = new Map<string, { texts: ReadText[]; seconds: number[] }>();
  const tell = async (subject: string, truth: string, read: () => Promise<string>): Promise<void> => {
    const from = performance.now();
    const text = await read();
    const results = subjects.get(subject) ?? { texts: [], seconds: [] };
    results.seconds.push((performance.now() - from) / 1000);
    results.texts.push({ truth: of(truth), read: of(text) });
    subjects.set(subject, results);
  };
  for (const { path, text } of pictures) {
    await tell('parlmesh', text, async () => (await reader.read(await readFile(path))).text);
    if (!hasPeer) continue;
    await tell(PEER, text, async () => {
      const options = { env: { ...process.env, OMP_THREAD_LIMIT: String(THREADS) } };
      return (await run('tesseract', [path, 'stdout', '--psm', segmentation], options)).stdout;
    });
  }
  for (const [subject, { texts, seconds }] of subjects) {
    const about = { case: name, unit: 'share' };
    report.tell(subject, { ...about, metric: 'characters right', value: characterAccuracy(texts) });
    report.tell(subject, { ...about, metric: 'words right', value: wordAccuracy(texts) });
    report.tell(subject, { case: name, metric: 'time for a picture, p50', value: percentile(seconds, 50), unit: 's' });
    report.tell(subject, { case: name, metric: 'time for a picture, p95', value: percentile(seconds, 95), unit: 's' });
  }
}
await reader.stop();
