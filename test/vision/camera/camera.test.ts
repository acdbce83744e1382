import { describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { seededRandom } from '../../../core/random.ts';
import { Camera, type FrameConsumer } from '../../../vision/camera/camera.ts';
import type { FrameSink, FrameSource } from '../../../vision/camera/frame-source.ts';
import { MemoryJournal } from '../support/journal.ts';

const never = () => new Promise<never>(() => {});

function startCamera(run: FrameSource['run'], consumer: FrameConsumer = async () => {}) {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  const source: FrameSource = { kind: 'folder', pace: 'stills', stallAfter: undefined, run };
  const random = seededRandom(1);
  const camera = new Camera({ name: 'test', source, consumer, clock, random, journal, onState: () => {} });
  camera.start();
  return { camera, clock, journal };
}

describe('Camera', () => {
  it('is lost with the cause while looking at a picture does not end, and live when it does', async () => {
    let finish = () => {};
    const consumer = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const { camera, clock } = startCamera(async (sink, signal) => {
      await Promise.race([sink.frame(new Uint8Array()), new Promise((end) => signal.addEventListener('abort', end))]);
      signal.throwIfAborted();
      await never();
    }, consumer);
    clock.advance(180_000);
    await vi.waitFor(() =>
      expect(camera.state).toMatchObject({ kind: 'lost', cause: 'looking at a picture takes longer than 180 s' }),
    );
    finish();
    await vi.waitFor(() => expect(camera.state.kind).toBe('live'));
  });

  it('stops in the end when its source does not', async () => {
    let sink: FrameSink | undefined;
    const { camera, clock } = startCamera((own) => {
      sink = own;
      return never();
    });
    const stopped = camera.stop();
    clock.advance(5_000);
    await stopped;
    await sink?.frame(new Uint8Array());
    expect(camera.state.kind).toBe('stopped');
    expect(camera.counts().frames).toBe(0);
  });

  it('tells pictures that are broken in the same way once a minute, with how many, and the rest when it stops', async () => {
    let sink: FrameSink | undefined;
    const { camera, clock, journal } = startCamera((own, signal) => {
      sink = own;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
    });
    const broken = (code: string, name: string) => sink?.broken(new ParlmeshError(code, `${name} is bad`));
    for (const name of ['a', 'b', 'c']) broken('PICTURE_UNREADABLE', name);
    broken('PICTURE_TOO_LARGE', 'd');
    const messages = () => journal.entries.map(({ message }) => message.replace(/^.*not shown: /, ''));
    expect(messages()).toEqual(['a is bad', 'd is bad']);
    clock.advance(60_000);
    expect(messages().slice(2)).toEqual(['c is bad (and 1 more like it)']);
    broken('PICTURE_UNREADABLE', 'e');
    await camera.stop();
    expect(messages().slice(3)).toEqual(['e is bad']);
  });
});
