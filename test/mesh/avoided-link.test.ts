// A link that a node was told to go around: real nodes on loopback, of which one has its looks at the link called by the test.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../daemon/clock.ts';
import { again, invited, pathFrom, realNode, started, stopAll } from './real-nodes.ts';

const soon = { timeout: 15_000, interval: 20 };
const LOOK = 10_000;

afterEach(stopAll);

describe('a link that is avoided', () => {
  it('carries nothing while there is another way, and is used again once it has been well for ten minutes', async () => {
    const looks: (() => void)[] = [];
    let ahead = 0;
    const clock: Clock = {
      now: () => systemClock.now() + ahead,
      wall: () => systemClock.wall(),
      after: systemClock.after.bind(systemClock),
      every: (period, run) => {
        if (period === LOOK) looks.push(run);
        return systemClock.every(period, run);
      },
    };
    /** As it will be then; everything else goes on as it is. */
    const lookAfter = (minutes: number): void => {
      ahead = minutes * 60_000;
      for (const look of looks) look();
      ahead = 0;
    };
    const north = await started(realNode('north', { clock }));
    const east = await invited(north, 'east');
    const first = await invited(north, 'south');
    await first.mesh.stop();
    const south = await again(first, 'south', [north, east]);
    await vi.waitFor(() => expect(pathFrom(north, south)).toEqual(['south']), soon);
    await vi.waitFor(() => expect(pathFrom(east, south)).toEqual(['south']), soon);
    const avoided = (): (true | undefined)[] => north.mesh.links().map(({ avoided: is }) => is);

    const told: unknown[] = [];
    north.mesh.on('link', (link) => told.push(link.avoided));
    north.mesh.avoid(south.mesh.id, true);
    expect(told).toEqual([true]);
    await vi.waitFor(() => expect(pathFrom(north, south)).toEqual(['east', 'south']), soon);
    expect(avoided().toSorted()).toEqual([true, undefined]);

    lookAfter(9);
    expect(avoided()).toContain(true);
    lookAfter(11);
    expect(avoided()).toEqual([undefined, undefined]);
    expect(told.at(-1)).toBeUndefined();
    await vi.waitFor(() => expect(pathFrom(north, south)).toEqual(['south']), soon);
    expect(north.journal).toContainEqual(
      expect.objectContaining({
        kind: 'link.reused',
        message: 'The link to south has been well for ten minutes: routes take it again',
      }),
    );
  });
});
