import { EventEmitter } from 'node:events';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import type { RecordedObservation } from '../../../vision/camera-pipeline.ts';
import { ClipRecorder, type WatchedCameras } from '../../../vision/clips/clip-recorder.ts';
import { ClipRing } from '../../../vision/clips/clip-ring.ts';

const SLOW = { timeout: 10_000 };
const SETTINGS = { enabled: true, seconds: 4, keepDays: 7, maxBytes: 1e8, bytesPerHour: 5e6 };

const SHADES = await Promise.all(
  ['#202060', '#206020', '#602020', '#606060'].map((background) =>
    sharp({ create: { width: 640, height: 360, channels: 3, background } })
      .jpeg()
      .toBuffer(),
  ),
);

/** Cameras whose frames the test plays: each of another shade than the one before. */
class Cameras extends EventEmitter implements WatchedCameras {
  readonly #clock: VirtualClock;
  readonly #listeners = new Set<() => void>();
  drawn = 0;
  handle = this.open(20_000);

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
  }

  open(frameGap: number) {
    const listeners = this.#listeners;
    const onFrame = (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    return { frameGap, onFrame };
  }

  camera() {
    return this.handle;
  }

  async picture() {
    this.drawn += 1;
    return { picture: SHADES[this.drawn % SHADES.length]!, at: this.#clock.wall() };
  }

  async play(frames: number, gap: number): Promise<void> {
    for (let i = 0; i < frames; i += 1) {
      for (const listener of this.#listeners) listener();
      await new Promise(setImmediate);
      this.#clock.advance(gap);
    }
  }
}

const seen = (id: string, startedAt: number): RecordedObservation => ({
  ...{ id, camera: 'door', phase: 'start', label: 'person', confidence: 0.8, zones: [] },
  ...{ box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 }, startedAt, updatedAt: startedAt },
});

function recording(settings: Partial<typeof SETTINGS> = {}) {
  const clock = new VirtualClock();
  const cameras = new Cameras(clock);
  const clips = new Map<string, Uint8Array>();
  const recorder = new ClipRecorder({
    ...{ cameras, clock, logger: silentLogger, config: { ...SETTINGS, ...settings } },
    save: async (id, webp) => void clips.set(id, webp),
  });
  recorder.start();
  onTestFinished(() => recorder.stop());
  cameras.emit('camera', { id: 'door' });
  return { clock, cameras, clips, recorder };
}

describe('a clip', () => {
  it('shows what was before and after the start of an observation, at most four pictures a second', async () => {
    const { clock, cameras, clips } = recording();
    await cameras.play(60, 100);
    const startedAt = clock.wall();
    cameras.emit('observation', seen('door-1', startedAt));
    await cameras.play(21, 100);
    await expect.poll(() => clips.size, SLOW).toBe(1);
    const { format, pages, width, height, delay } = await sharp(clips.get('door-1')).metadata();
    expect({ format, width, height }).toEqual({ format: 'webp', width: 480, height: 270 });
    expect(pages).toBeGreaterThanOrEqual(12);
    expect(pages).toBeLessThanOrEqual(16);
    expect(delay?.slice(0, -1).every((pause) => pause >= 250 && pause <= 300)).toBe(true);
  });

  it('is made once of several things that come together, and not of what changes or ends', async () => {
    const { clock, cameras, clips } = recording();
    await cameras.play(10, 300);
    cameras.emit('observation', { ...seen('door-0', clock.wall()), phase: 'end' });
    cameras.emit('observation', seen('door-1', clock.wall()));
    cameras.emit('observation', seen('door-2', clock.wall()));
    await cameras.play(8, 300);
    await expect.poll(() => [...clips.keys()], SLOW).toEqual(['door-1']);
    cameras.emit('observation', seen('door-3', clock.wall()));
    await cameras.play(8, 300);
    await expect.poll(() => [...clips.keys()], SLOW).toEqual(['door-1', 'door-3']);
  });

  it('is not made once the hour has its bytes', async () => {
    const { clock, cameras, clips } = recording({ bytesPerHour: 1 });
    await cameras.play(10, 300);
    cameras.emit('observation', seen('door-1', clock.wall()));
    await cameras.play(8, 300);
    await expect.poll(() => clips.size, SLOW).toBe(1);
    cameras.emit('observation', seen('door-2', clock.wall()));
    await cameras.play(8, 300);
    expect([...clips.keys()]).toEqual(['door-1']);
  });

  it('is not made of stills, nor of a camera that has just been opened anew', async () => {
    const { clock, cameras, clips } = recording();
    await cameras.play(10, 300);
    cameras.handle = cameras.open(20_000);
    cameras.emit('camera', { id: 'door' });
    cameras.emit('observation', seen('door-1', clock.wall()));
    clock.advance(2000);
    cameras.handle = cameras.open(Number.POSITIVE_INFINITY);
    cameras.emit('camera', { id: 'door' });
    const before = cameras.drawn;
    await cameras.play(10, 300);
    expect(cameras.drawn).toBe(before);
    expect(clips.size).toBe(0);
  });

  it('that waits for its end is given up when the node stops', async () => {
    const { clock, cameras, clips, recorder } = recording();
    await cameras.play(10, 300);
    cameras.emit('observation', seen('door-1', clock.wall()));
    await recorder.stop();
    expect(clips.size).toBe(0);
    expect(cameras.listenerCount('camera')).toBe(0);
  });
});

describe('the last seconds of a camera', () => {
  const jpeg = new Uint8Array(100);

  it('are bounded in time and bytes', () => {
    const ring = new ClipRing({ milliseconds: 1000, bytes: 450 });
    for (let at = 0; at <= 2000; at += 100) ring.add({ jpeg, at });
    expect(ring.since(0).map(({ at }) => at)).toEqual([1700, 1800, 1900, 2000]);
    expect(ring.bytes).toBe(400);
    const slow = new ClipRing({ milliseconds: 1000, bytes: 1e6 });
    for (let at = 0; at <= 4000; at += 500) slow.add({ jpeg, at });
    expect(slow.since(0).map(({ at }) => at)).toEqual([3000, 3500, 4000]);
  });

  it('begin anew when the clock was set back', () => {
    const ring = new ClipRing({ milliseconds: 1000, bytes: 1e6 });
    ring.add({ jpeg, at: 5000 });
    ring.add({ jpeg, at: 100 });
    expect(ring.since(0)).toHaveLength(1);
  });
});
