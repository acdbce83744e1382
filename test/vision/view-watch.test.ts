import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../core/clock.ts';
import { seededRandom } from '../../core/random.ts';
import { HEIGHT, WIDTH } from '../../vision/anomaly/working-picture.ts';
import { ViewWatch } from '../../vision/view-watch.ts';
import { MemoryJournal } from './support/journal.ts';

/** A yard with walls, windows and a fence, and a camera's noise. */
function yard(seed: number, covered = false): Uint8Array {
  const random = seededRandom(seed);
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const window = x % 40 < 14 && y % 36 < 16 ? 60 : 0;
      const fence = y > 100 && x % 8 < 3 ? -50 : 0;
      const value = (covered ? 35 : 110 + window + fence + 20 * Math.sin(x / 17)) + random.below(7) - 3;
      const at = (y * WIDTH + x) * 3;
      pixels[at] = value + (covered ? 0 : 12);
      pixels[at + 1] = value;
      pixels[at + 2] = value - (covered ? 0 : 14);
    }
  }
  return pixels;
}

function watching(memory?: Map<string, Uint8Array>) {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  const changes: (string | undefined)[] = [];
  const view = new ViewWatch({
    ...{ camera: 'yard', pace: 'video', tamper: true, unusual: true, clock, journal },
    ...(memory !== undefined && {
      memory: {
        load: (name: string) => memory.get(name),
        save: (name: string, bytes: Uint8Array) => void memory.set(name, bytes),
      },
    }),
    onChange: () => changes.push(view.tamper?.kind),
  });
  let seed = 1;
  const see = (seconds: number, covered = false): void => {
    for (let i = 0; i < seconds * 2; i++) {
      clock.advance(500);
      view.look(yard(seed++, covered), clock.now(), clock.wall());
    }
  };
  return { view, see, journal, changes };
}

describe('the watch of a view', () => {
  it('tells that a camera is covered, and that its view is free again', () => {
    const { view, see, journal, changes } = watching();
    see(10);
    expect(view.tamper).toMatchObject({ kind: 'clear' });
    see(12, true);
    expect(view.tamper?.kind).toBe('covered');
    see(8);
    expect(view.tamper?.kind).toBe('clear');
    expect(changes).toEqual(['clear', 'covered', 'clear']);
    expect(journal.entries.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['camera.tampered', 'warning'],
      ['camera.view-clear', 'info'],
    ]);
  });

  it('looks twice a second, however many pictures come', () => {
    const { view } = watching();
    expect([0, 200, 400, 500].map((now) => view.isDue(now))).toEqual([true, true, true, true]);
    view.look(yard(1), 1_000, 1_000);
    expect([1_200, 1_499, 1_500].map((now) => view.isDue(now))).toEqual([false, false, true]);
  });

  it('knows after a restart what it learned before it', () => {
    const memory = new Map<string, Uint8Array>();
    const before = watching(memory);
    before.see(10);
    before.view.close();
    expect([...memory.keys()].sort()).toEqual(['yard.scene', 'yard.view']);
    const after = watching(memory);
    after.see(12, true);
    expect(after.view.tamper?.kind).toBe('covered');
  });
});
