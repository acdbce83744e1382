// Reads words and scenes with parlmesh's reader and with Tesseract, picture by picture in turns: characters and words
// that are right, and seconds for a picture from its file to its text: by the clock, and of processors (a busy machine
// stretches only the first).
//
//   node bench/ocr/run.ts --json --every 4   only each fourth picture
//   node bench/ocr/run.ts --json --alone     without Tesseract
//   node bench/ocr/run.ts --json      (PARLMESH_TEST_DATA names the data folder, default ../shared/data; needs tesseract)

process.env.ORT_DISABLE_TELEMETRY = '1';

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
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

interface Read {
  text: string;
  /** Seconds of processors. */
  processor: number;
}

const folder = resolve(process.env.PARLMESH_TEST_DATA ?? '../shared/data', 'vision/text-dev');
if (!existsSync(folder)) {
  note(`no pictures of text in ${folder}; set PARLMESH_TEST_DATA`);
  process.exit(1);
}
const words = await readWords(folder);
const series: Series[] = [
  { name: 'words (IIIT5K), letters and digits', pictures: words, of: alphanumeric, segmentation: '8' },
  { name: 'scenes, easy', pictures: await readScenes(folder, false), of: spaced, segmentation: '11' },
  { name: 'scenes, hard', pictures: await readScenes(folder, true), of: spaced, segmentation: '11' },
];

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, every: { type: 'string', default: '1' }, alone: { type: 'boolean' } },
});
const every = Number(options.every);
const run = promisify(execFile);
const hasPeer =
  options.alone !== true &&
  (await run('tesseract', ['--version']).then(
    () => true,
    () => false,
  ));
if (!hasPeer && options.alone !== true)
  note('tesseract is not installed (apt install tesseract-ocr): measured without it');

const reader = new TextReader({ threads: THREADS, clock: systemClock, random: seededRandom(1) });
const report = new Report('ocr');
// Loads the networks, which no picture should pay for.
await reader.read(await readFile(words[0]!.path));

for (const { name, pictures, of, segmentation } of series) {
  const subjects = new Map<string, { texts: ReadText[]; seconds: number[]; processor: number[] }>();
  const tell = async (subject: string, truth: string, read: () => Promise<Read>): Promise<void> => {
    const from = performance.now();
    const { text, processor } = await read();
    const results = subjects.get(subject) ?? { texts: [], seconds: [], processor: [] };
    results.seconds.push((performance.now() - from) / 1000);
    results.processor.push(processor);
    results.texts.push({ truth: of(truth), read: of(text) });
    subjects.set(subject, results);
  };
  for (const { path, text } of pictures.filter((_, index) => index % every === 0)) {
    await tell('parlmesh', text, () => byParlmesh(path));
    if (hasPeer) await tell(PEER, text, () => byTesseract(path, segmentation));
  }
  for (const [subject, { texts, seconds, processor }] of subjects) {
    const about = { case: name, unit: 'share' };
    report.tell(subject, { ...about, metric: 'characters right', value: characterAccuracy(texts) });
    report.tell(subject, { ...about, metric: 'words right', value: wordAccuracy(texts) });
    report.tell(subject, { case: name, metric: 'time for a picture, p50', value: percentile(seconds, 50), unit: 's' });
    report.tell(subject, { case: name, metric: 'time for a picture, p95', value: percentile(seconds, 95), unit: 's' });
    const used = { metric: 'processor time for a picture, p50', value: percentile(processor, 50), unit: 's' };
    report.tell(subject, { case: name, ...used });
  }
}
await reader.stop();

async function byParlmesh(path: string): Promise<Read> {
  const from = process.cpuUsage();
  const { text } = await reader.read(await readFile(path));
  const { user, system } = process.cpuUsage(from);
  return { text, processor: (user + system) / 1e6 };
}

/** The shell tells what its children used. */
async function byTesseract(path: string, segmentation: string): Promise<Read> {
  const script = 'tesseract "$1" stdout --psm "$2" 2>/dev/null; times >&2';
  const options = { env: { ...process.env, OMP_THREAD_LIMIT: String(THREADS) } };
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', path, segmentation], options);
  const ofChildren = stderr.trim().split('\n').at(-1) ?? '';
  const times = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => 60 * Number(m) + Number(s));
  return { text: stdout, processor: times.reduce((sum, time) => sum + time, 0) };
}
