import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readScenes, readWords, type TextPicture } from '../../../bench/ocr/pictures.ts';
import { alphanumeric, characterAccuracy, type ReadText, spaced, wordAccuracy } from '../../../bench/ocr/score.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { TextReader } from '../../../vision/ocr/text-reader.ts';

it('reads words and scenes that others have written down', { timeout: 120_000 }, async (test) => {
  const folder = resolve(process.env.PARLMESH_TEST_DATA ?? '../shared/data', 'vision/text-dev');
  if (!existsSync(join(folder, 'words.json'))) return test.skip('no pictures of text; set PARLMESH_TEST_DATA');
  const reader = new TextReader({ threads: 2, clock: systemClock, random: seededRandom(1) });
  test.onTestFinished(() => reader.stop());
  const readAll = async (pictures: readonly TextPicture[], of: (text: string) => string): Promise<ReadText[]> => {
    const texts: ReadText[] = [];
    for (const { path, text } of pictures) {
      texts.push({ truth: of(text), read: of((await reader.read(await readFile(path))).text) });
    }
    return texts;
  };
  // Some of each, so that the test is quick; `bench/ocr` reads them all.
  const words = await readAll((await readWords(folder)).slice(0, 60), alphanumeric);
  expect(characterAccuracy(words)).toBeGreaterThan(0.94);
  const scenes = await readAll((await readScenes(folder, false)).slice(0, 12), spaced);
  expect(characterAccuracy(scenes)).toBeGreaterThan(0.97);
  expect(wordAccuracy(scenes)).toBeGreaterThan(0.92);
});

it('counts edits for characters, and words once each', () => {
  const texts = [{ truth: 'exit 12', read: 'exit 1z exit' }];
  expect(characterAccuracy(texts)).toBeCloseTo(1 - 6 / 7);
  expect(wordAccuracy(texts)).toBe(0.5);
  expect(alphanumeric('Wéb–Site 5!')).toBe('wébsite5');
  expect(spaced(' a\n b ')).toBe('a b');
});
