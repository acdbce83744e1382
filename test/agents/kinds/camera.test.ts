import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { CameraAgent, type CameraStatus, type SupervisedCamera } from '../../../agents/kinds/camera.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { settle, supervise } from '../scripted-agent.ts';

class StageCamera extends EventEmitter<{ frame: []; status: [CameraStatus] }> implements SupervisedCamera {
  stops = 0;
  startWith: () => Promise<void> = async () => {};

  start(): Promise<void> {
    return this.startWith();
  }
  async stop(): Promise<void> {
    this.stops++;
  }
  onFrame(listener: () => void): () => void {
    this.on('frame', listener);
    return () => this.off('frame', listener);
  }
  onStatus(listener: (status: CameraStatus) => void): () => void {
    this.on('status', listener);
    return () => this.off('status', listener);
  }
}

let supervisor: Supervisor;
afterEach(() => supervisor.stop());

async function watching(prepare: (camera: StageCamera, instance: number) => void = () => {}) {
  const clock = new VirtualClock();
  const parts = supervise({ clock });
  supervisor = parts.supervisor;
  const cameras: StageCamera[] = [];
  await supervisor.start(new AbortController().signal);
  await supervisor.add({
    id: 'camera/north',
    create: () => {
      const camera = new StageCamera();
      prepare(camera, cameras.length);
      cameras.push(camera);
      return new CameraAgent({ id: 'camera/north', camera, frameGap: 2_000, startWithin: 10_000, clock });
    },
  });
  await settle();
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return { ...parts, cameras, advance };
}

describe('the camera agent', () => {
  it('lives by its frames, and is replaced when a live camera goes silent', async () => {
    const { cameras, advance, stateOf } = await watching();
    for (let second = 0; second < 20; second++) {
      cameras[0]!.emit('frame');
      await advance(1_000);
    }
    expect(cameras).toHaveLength(1);
    await advance(6_000);
    expect(cameras).toHaveLength(2);
    expect(cameras[0]!.stops).toBe(1);
    expect(cameras[0]!.listenerCount('frame') + cameras[0]!.listenerCount('status')).toBe(0);
    expect(stateOf('camera/north')).toBe('ready');
  });

  it.each(['waiting', 'lost'] as const)('is not hung while the camera says that it is %s', async (state) => {
    const { cameras, advance } = await watching();
    cameras[0]!.emit('status', { state, cause: 'no route to host' });
    await advance(3_600_000);
    expect(cameras).toHaveLength(1);
    cameras[0]!.emit('status', { state: 'live' });
    await advance(7_000);
    expect(cameras).toHaveLength(2);
  });

  it('explained before its start came back owes no frames either', async () => {
    const { cameras, advance } = await watching((camera) => {
      camera.startWith = async () => void camera.emit('status', { state: 'waiting', cause: 'folder is empty' });
    });
    await advance(60_000);
    expect(cameras).toHaveLength(1);
  });

  it('is restarted when its start fails or hangs', async () => {
    const {
      cameras,
      advance,
      supervisor: watched,
    } = await watching((camera, instance) => {
      if (instance === 0) camera.startWith = () => Promise.reject(new Error('no such device /dev/video9'));
      if (instance === 1) camera.startWith = () => new Promise(() => {});
    });
    await settle();
    expect(watched.agents()).toMatchObject([{ restarts: 1, lastError: 'no such device /dev/video9' }]);
    await advance(15_000);
    await advance(1_000);
    expect(cameras).toHaveLength(3);
  });
});
