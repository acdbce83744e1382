// The places of cameras together: what they show is told, what a disturbed camera shows is not, and what was taught is kept.

import { EventEmitter } from 'node:events';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import type { CameraSnapshot } from '../../../vision/camera-handle.ts';
import { cameraOf } from '../../../vision/config.ts';
import type { TaughtState } from '../../../vision/correction/look.ts';
import { Places } from '../../../vision/correction/places.ts';

const config = cameraOf({
  ...{ name: 'rack', source: 'rendered:' },
  zones: [
    {
      ...{ name: 'door', labels: [], minSize: 0, loiterSeconds: 0 },
      points: [
        [0.3, 0.3],
        [0.7, 0.3],
        [0.7, 0.7],
        [0.3, 0.7],
      ],
    },
  ],
  places: [{ name: 'gate', zone: 'door', about: 'agent/gate', kind: 'look', well: ['closed'] }],
});

const snapshot: CameraSnapshot = {
  ...{ id: 'rack', source: 'rendered', state: 'live', since: 0, framesPerSecond: 1, framesTotal: 1, framesSkipped: 0 },
  ...{ framesBroken: 0, objects: [], counts: {}, zones: [] },
  looks: { searched: 0, moving: 0, spared: 0, handedOn: 0 } as CameraSnapshot['looks'],
};

/** One camera whose picture and state the test sets. */
class OneCamera extends EventEmitter<{ camera: [CameraSnapshot] }> {
  readonly #frames = new Set<() => void>();
  shown: Buffer | undefined;
  state: CameraSnapshot = snapshot;
  readonly handle = {
    config,
    onFrame: (listener: () => void) => {
      this.#frames.add(listener);
      return () => this.#frames.delete(listener);
    },
  };

  camera = (id: string) => (id === 'rack' ? this.handle : undefined);
  cameras = () => [this.state];
  picture = async () => this.shown && { picture: this.shown, at: 0 };

  frame(): void {
    for (const listener of this.#frames) listener();
  }

  become(state: Partial<CameraSnapshot>): void {
    this.state = { ...snapshot, ...state };
    this.emit('camera', this.state);
  }
}

const door = (x: number): Promise<Buffer> =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><rect width="320" height="240" fill="#555"/><rect x="${x}" y="80" width="40" height="80" fill="#ddd"/></svg>`,
    ),
  )
    .jpeg()
    .toBuffer();

function watched(kept = new Map<string, TaughtState[]>()) {
  const clock = new VirtualClock();
  const cameras = new OneCamera();
  const told: string[] = [];
  const disk = { kept };
  const places = new Places({
    ...{ cameras, clock, logger: silentLogger },
    engine: {
      report: ({ kind, subject }) => told.push(`${kind} ${subject}`),
      gone: (id) => told.push(`gone ${id}`),
      seen: (_, subject, isWell) => told.push(`${subject} ${isWell ? 'well' : 'not well'}`),
    },
    taught: {
      load: () => disk.kept,
      save: async (taught) => {
        disk.kept = new Map([...taught].map(([key, states]) => [key, [...states]]));
      },
    },
  });
  places.start();
  /** Pictures come until what is expected was told. */
  const lookUntil = (expected: () => void): Promise<void> =>
    vi.waitFor(
      () => {
        clock.advance(2000);
        cameras.frame();
        expected();
      },
      { timeout: 15_000, interval: 20 },
    );
  return { cameras, places, told, disk, lookUntil };
}

describe('places', () => {
  it('are taught, watched, and remembered over a restart', async () => {
    const first = watched();
    await expect(first.places.teach('rack', 'gate', 'closed')).rejects.toMatchObject({ code: 'PLACE_NOT_TAUGHT' });
    await expect(first.places.teach('rack', 'gat', 'closed')).rejects.toMatchObject({ code: 'PLACE_UNKNOWN' });
    first.cameras.shown = await door(100);
    expect(await first.places.teach('rack', 'gate', 'closed')).toEqual({ pictures: 1 });
    first.cameras.shown = await door(170);
    await first.places.teach('rack', 'gate', 'open');
    const again = watched(first.disk.kept);
    again.cameras.shown = await door(102);
    const closed = [{ camera: 'rack', places: [{ shows: 'closed', isWell: true }] }];
    await again.lookUntil(() => expect(again.places.states()).toMatchObject(closed));
    again.cameras.shown = await door(170);
    await again.lookUntil(() => expect(again.told).toContain('looks-wrong agent/gate'));
    expect([...new Set(again.told)]).toEqual(['agent/gate well', 'agent/gate not well', 'looks-wrong agent/gate']);
  });

  it('say nothing while their camera is lost or sees wrongly; that is told instead', async () => {
    const { cameras, told, lookUntil, disk, places } = watched();
    const isTold = (what: string) => () => expect(told.at(-1)).toBe(what);
    cameras.shown = await door(100);
    await places.teach('rack', 'gate', 'open');
    expect(disk.kept.size).toBe(1);
    await lookUntil(isTold('looks-wrong agent/gate'));
    told.length = 0;
    cameras.become({ state: 'lost', cause: 'no route to host' });
    await vi.waitFor(() => expect(told).toContain('gone place/rack/gate'));
    expect(told[0]).toBe('camera-lost camera/rack');
    cameras.become({});
    expect(told).toContain('gone camera/rack/lost');
    await lookUntil(isTold('looks-wrong agent/gate'));
    places.stop();
    expect(told.at(-1)).toBe('gone place/rack/gate');
  });
});
