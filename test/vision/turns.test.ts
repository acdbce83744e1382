import { describe, expect, it } from 'vitest';
import { RateLimit, shareOfRate } from '../../vision/rate.ts';
import { Turns } from '../../vision/turns.ts';

/** Lets all that is resolved go on. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Cameras that want a turn again as soon as they had one; each turn ends when told. */
async function played(weights: Record<string, number>, rounds: number): Promise<Record<string, number>> {
  const turns = new Turns({ atOnce: 1 });
  const had: Record<string, number> = {};
  let end: (() => void) | undefined;
  let on = true;
  const loops = Object.entries(weights).map(async ([name, weight]) => {
    while (on) {
      await turns.take(name, weight, () => {
        had[name] = (had[name] ?? 0) + 1;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      });
    }
  });
  for (let round = 0; round < rounds; round++) {
    await settled();
    end?.();
  }
  on = false;
  for (const _ of loops) {
    await settled();
    end?.();
  }
  await Promise.all(loops);
  return had;
}

describe('turns at the detector', () => {
  it('are as many as the weights say, and none starves', async () => {
    const had = await played({ heavy: 6, usual: 3, light: 1 }, 100);
    expect(had.heavy! / had.usual!).toBeCloseTo(2, 0);
    expect(had.usual! / had.light!).toBeCloseTo(3, 0);
    expect(had.light).toBeGreaterThanOrEqual(9);
  });

  it('are not saved up by who did not ask', async () => {
    const turns = new Turns({ atOnce: 1 });
    for (let i = 0; i < 50; i++) await turns.take('busy', 1, async () => {});
    const order: string[] = [];
    const hold = Promise.withResolvers<void>();
    const first = turns.take('busy', 1, () => hold.promise);
    const work = (name: string) => turns.take(name, 1, async () => void order.push(name));
    const rest = [work('idle'), work('busy'), work('idle'), work('busy')];
    hold.resolve();
    await Promise.all([first, ...rest]);
    expect(order.slice(0, 3)).toContain('busy');
  });

  it('go on after one that failed', async () => {
    const turns = new Turns({ atOnce: 1 });
    await expect(turns.take('a', 1, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await turns.take('a', 1, async () => 7)).toBe(7);
  });
});

describe('the rate under pressure', () => {
  it('falls first for cameras of little priority', () => {
    expect([0, 0.5].map((pressure) => shareOfRate(pressure, 0))).toEqual([1, 1]);
    expect(shareOfRate(1, 0)).toBeCloseTo(0.1);
    expect(shareOfRate(1, 9)).toBeCloseTo(0.7);
    expect(shareOfRate(0.75, 0)).toBeCloseTo(0.55);
  });

  it('lets through what it should, of frames that come a little early or late', () => {
    const limit = new RateLimit(200, 0);
    let admitted = 0;
    for (let frame = 0; frame < 500; frame++) {
      if (limit.admits(frame * 200 + (frame % 3) * 10, 1)) admitted++;
    }
    expect(admitted).toBeGreaterThanOrEqual(48);
    expect(admitted).toBeLessThanOrEqual(52);
    expect(limit.admits(100_200, 0)).toBe(true);
  });
});
