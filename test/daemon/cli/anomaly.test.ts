// `parlmesh anomaly score`, from a file to what is printed; no daemon runs.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noise, series } from '../../agents/anomaly/series.ts';
import { type Outcome, start } from './stage.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlmesh-anomaly-'));
  file = join(folder, 'cpu.csv');
  const next = noise(1);
  const lines = series(600, (index) => (index === 500 ? 90 : 50 + next())).map((value, index) => {
    const time = new Date(Date.UTC(2026, 0, 1) + index * 300_000).toISOString().slice(0, 19).replace('T', ' ');
    return `${time},${value}`;
  });
  await writeFile(file, `timestamp,value\n${lines.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<Outcome> => start(['anomaly', 'score', ...args]).done;
const write = async (text: string): Promise<string> => {
  await writeFile(join(folder, 'given.csv'), text);
  return join(folder, 'given.csv');
};

describe('parlmesh anomaly score', () => {
  it('writes the result format of NAB, row by row', async () => {
    const { code, stdout } = await run(file);
    expect(code).toBe(0);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    expect(header).toBe('timestamp,value,anomaly_score,label');
    expect(rows).toHaveLength(600);
    const [timestamp, value, score, label] = rows[500]!.split(',');
    expect([timestamp, value, label]).toEqual(['2026-01-02 17:40:00', '90', '1']);
    expect(Number(score)).toBeGreaterThan(0.999999);
    expect(rows[0]).toMatch(/^2026-01-01 00:00:00,[\d.]+,0,0$/);
  });

  it('writes the same as JSON', async () => {
    const { stdout } = await run(file, '-o', 'json');
    const rows = JSON.parse(stdout);
    expect(rows).toHaveLength(600);
    expect(rows[500]).toMatchObject({ timestamp: '2026-01-02 17:40:00', value: 90, label: 1 });
  });

  it('keeps the labels of the file, and leaves missing values empty', async () => {
    const { code, stdout } = await run(await write('time,value,label\n2026-01-01,1,0\n2026-01-02,,1\n'));
    expect(code).toBe(0);
    expect(stdout).toBe('timestamp,value,anomaly_score,label\n2026-01-01,1,0,0\n2026-01-02,,0,1\n');
  });

  it('names the line that is wrong', async () => {
    const { code, stderr } = await run(await write('timestamp,value\n2026-01-01,1\n2026-01-02,much\n'));
    expect(code).toBe(1);
    expect(stderr).toContain('given.csv:3: "much" is no number');
  });

  it('refuses a line without end, an empty file and one that is not there', async () => {
    expect((await run(await write(`2026-01-01,${'1'.repeat(1_000_000)}`))).stderr).toContain(
      'longer than 4096 characters',
    );
    expect((await run(await write('timestamp,value\n'))).stderr).toContain('There is no value in');
    expect(await run(join(folder, 'none.csv'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be read: ENOENT'),
    });
  });

  it('refuses a threshold that is none', async () => {
    expect(await run(file, '--threshold', '2')).toMatchObject({ code: 2 });
  });
});
