// `parlmesh vision tamper`, from real picture files to what is printed; no daemon runs.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { HEIGHT, WIDTH } from '../../../vision/anomaly/working-picture.ts';
import { loadSharp } from '../../../vision/picture/decode.ts';
import { fill, sensed, view } from '../../vision/anomaly/made-view.ts';
import { type Outcome, start } from './stage.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlmesh-tamper-'));
  const sharp = await loadSharp();
  const random = seededRandom(5);
  const place = view(5);
  const cap = fill(place.slice(), { x: 0, y: 0, width: WIDTH, height: HEIGHT }, [5, 5, 5]);
  await mkdir(join(folder, 'yard'));
  for (let i = 0; i < 18; i++) {
    const pixels = sensed(i < 10 ? place : cap, random);
    const jpeg = await sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
      .jpeg({ quality: 90 })
      .toBuffer();
    await writeFile(join(folder, 'yard', `${String(i).padStart(3, '0')}.jpg`), jpeg);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<Outcome> => start(['vision', 'tamper', ...args, '--data-dir', folder]).done;

describe('parlmesh vision tamper', () => {
  it('tells the state after each picture, with what it rests on', async () => {
    const { code, stdout } = await run(join(folder, 'yard'), '-o', 'json');
    expect(code).toBe(0);
    const seen = JSON.parse(stdout);
    expect(seen).toHaveLength(18);
    expect(seen[9]).toMatchObject({ file: '009.jpg', state: 'clear', confidence: 1 });
    expect(seen[17]).toMatchObject({
      file: '017.jpg',
      state: 'covered',
      evidence: { texture_kept: { value: expect.closeTo(0, 1), reference: 1 } },
    });
  });

  it('shows people where the state changes', async () => {
    const { stdout } = await run(join(folder, 'yard'));
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stdout).toMatch(/000\.jpg +clear/);
    expect(stdout).toMatch(/covered +.*The view is covered: \d % of what is usually seen is left/);
  });

  it('goes on after a picture that cannot be read, and ends with 1', async () => {
    await writeFile(join(folder, 'yard', '018.jpg'), 'no picture');
    const { code, stdout } = await run(join(folder, 'yard'), '-o', 'json');
    await rm(join(folder, 'yard', '018.jpg'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout).at(-1)).toMatchObject({
      file: '018.jpg',
      state: 'covered',
      error: expect.stringContaining('no JPEG'),
    });
  });

  it('says that a folder holds no picture', async () => {
    await mkdir(join(folder, 'empty'));
    const { code, stderr } = await run(join(folder, 'empty'));
    expect(code).toBe(1);
    expect(stderr).toContain('There is no picture in');
  });
});
