import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NamespaceRig } from '../../bench/rig/namespaces.ts';
import { isFlowing, outageOf, type Probe } from '../../bench/rig/outage.ts';
import { walk, walkProbes } from '../../bench/rig/route-walk.ts';
import { percentile } from '../../bench/rig/statistics.ts';
import { cableAddress, grid, middleCable, neighbours, ownAddress, ring } from '../../bench/rig/topology.ts';

describe('A topology', () => {
  it('is a ring whose far ends are half way apart', () => {
    const eight = ring(8);
    expect(eight.cables).toHaveLength(8);
    expect([eight.from, eight.to, eight.fewestHops]).toEqual([0, 4, 4]);
    expect(neighbours(eight, 0).map(({ peer }) => peer)).toEqual([1, 7]);
  });

  it('is a grid with a cable between every two neighbours', () => {
    const four = grid(4, 4);
    expect(four.cables).toHaveLength(24);
    expect([four.from, four.to, four.fewestHops]).toEqual([0, 15, 6]);
    expect(
      neighbours(four, 5)
        .map(({ peer }) => peer)
        .sort((a, b) => a - b),
    ).toEqual([1, 4, 6, 9]);
  });

  it('gives every node and every end of a cable an address of its own', () => {
    const four = grid(4, 4);
    const ends = four.cables.flatMap(([a, b], cable) => [cableAddress(four, cable, a), cableAddress(four, cable, b)]);
    const own = Array.from({ length: four.nodes }, (_, node) => ownAddress(node));
    expect(new Set([...ends, ...own]).size).toBe(2 * 24 + 16);
  });

  it('finds the cable in the middle of a path, away from its ends', () => {
    expect(middleCable(ring(8), [0, 1, 2, 3, 4])).toEqual([1, 2]);
    expect(middleCable(ring(8), [0, 7, 6, 5, 4])).toEqual([6, 7]);
    expect(() => middleCable(ring(8), [0, 4])).toThrow('runs over no cable');
  });
});

const every5ms = (from: number, to: number, answered: (at: number) => boolean): Probe[] =>
  Array.from({ length: (to - from) / 5 + 1 }, (_, index) => from + index * 5).map((sentAt) => ({
    sentAt,
    answeredAt: answered(sentAt) ? sentAt + 1 : undefined,
  }));

describe('An outage', () => {
  it('is the longest time without an answer, with the probes lost meanwhile', () => {
    const probes = every5ms(0, 1000, (at) => at < 300 || at >= 450);
    expect(outageOf(probes, 0, 1000)).toEqual({ longest: 155, lost: 30, sent: 201 });
  });

  it('lasts to the end of the window when no answer comes any more', () => {
    expect(
      outageOf(
        every5ms(0, 1000, (at) => at < 100),
        0,
        1000,
      ).longest,
    ).toBe(1000 - 96);
  });

  it('counts late answers as answers, at the time they came', () => {
    const probes = every5ms(0, 100, () => true).map((probe) =>
      probe.sentAt >= 20 && probe.sentAt < 60 ? { ...probe, answeredAt: 61 } : probe,
    );
    expect(outageOf(probes, 0, 100)).toEqual({ longest: 45, lost: 0, sent: 21 });
  });

  it('is over when nine of ten probes come back', () => {
    expect(isFlowing(every5ms(0, 495, (at) => at >= 50))).toBe(true);
    expect(isFlowing(every5ms(0, 495, (at) => at >= 55))).toBe(false);
    expect(isFlowing([])).toBe(false);
  });
});

describe('A walk over routing tables', () => {
  const table = (...hops: [number, number][]): ReadonlyMap<number, number> => new Map(hops);
  const line = [table([1, 1], [2, 1]), table([0, 0], [2, 2]), table([0, 1], [1, 1])];

  it('follows the next hops, and ends at a circle or where there is none', () => {
    expect(walk(new Map(line.entries()), 0, 2)).toEqual([0, 1, 2]);
    expect(walk(new Map([[0, table([2, 1])]]), 0, 2)).toBeUndefined();
    expect(
      walk(
        new Map([
          [0, table([2, 1])],
          [1, table([2, 0])],
        ]),
        0,
        2,
      ),
    ).toBeUndefined();
  });

  it('loses probes from the cut until every table on the way, there and back, avoids the cable', () => {
    const start = line.map((nextHops, node) => ({ at: 0, node, nextHops }));
    const cuts = [{ cable: [1, 2] as const, at: 100, until: 1000 }];
    const direct = [
      { at: 200, node: 0, nextHops: table([1, 1], [2, 2]) },
      { at: 250, node: 2, nextHops: table([0, 0], [1, 0]) },
    ];
    const flow = { source: 0, destination: 2, from: 0, to: 400, interval: 5 };
    expect(outageOf(walkProbes([...start, ...direct], cuts, flow), 0, 400)).toMatchObject({ longest: 155, lost: 30 });
    expect(outageOf(walkProbes(start, cuts, { ...flow, to: 1200 }), 0, 1200).longest).toBe(905);
  });
});

it('Percentiles are the nearest rank', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => 20 - index);
  expect([percentile(twenty, 50), percentile(twenty, 95), percentile(twenty, 100)]).toEqual([10, 19, 20]);
  expect(percentile([7], 1)).toBe(7);
  expect(percentile([], 50)).toBeNaN();
});

describe('A rig of namespaces', () => {
  const obstacle = NamespaceRig.obstacle();
  const namespaces = (): string => execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });

  it('carries packets between neighbours until their cable is cut', async ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    await using rig = await NamespaceRig.build(ring(3));
    const reaches = (): boolean => {
      const [command, ...args] = [...rig.inside(0), 'cat', '/sys/class/net/e1/carrier'];
      return execFileSync(command!, args, { encoding: 'utf8' }).trim() === '1';
    };
    expect(reaches()).toBe(true);
    const cable = rig.topology.cables[0]!;
    await rig.cut([cable[1], cable[0]], 'carrier');
    expect(reaches()).toBe(false);
  });

  it('is gone, with its folder and what ran in it, when the bench is killed', async ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const script = `
      import { NamespaceRig } from './bench/rig/namespaces.ts';
      import { ring } from './bench/rig/topology.ts';
      import { spawn } from 'node:child_process';
      const rig = await NamespaceRig.build(ring(3));
      const [command, ...args] = [...rig.inside(1), 'sleep', '600'];
      const sleeper = spawn(command, args, { stdio: 'ignore' });
      console.log(JSON.stringify({ name: rig.namespace(1), scratch: rig.scratch, sleeper: sleeper.pid }));
      setInterval(() => {}, 1000);`;
    const bench = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = (await once(bench.stdout, 'data')) as [Buffer];
    const { name, scratch, sleeper } = JSON.parse(chunk.toString()) as {
      name: string;
      scratch: string;
      sleeper: number;
    };
    expect(namespaces()).toContain(name);
    bench.kill('SIGKILL');
    await expect.poll(() => namespaces().includes(name), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => existsSync(scratch), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => existsSync(join('/proc', String(sleeper))), { timeout: 10_000 }).toBe(false);
  });
});
