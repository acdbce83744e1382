// One camera without a detector, and an HTTP server that plays a camera.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { Camera, type Frame } from '../../../vision/camera/camera.ts';
import type { FrameSource } from '../../../vision/camera/frame-source.ts';
import type { CameraState } from '../../../vision/camera/health.ts';
import { preparePicture } from '../../../vision/picture/prepare.ts';
import { MemoryJournal } from './journal.ts';

export function startCamera(source: FrameSource) {
  const frames: (Frame & { width: number; height: number })[] = [];
  const states: CameraState[] = [];
  const journal = new MemoryJournal();
  const camera = new Camera({
    name: 'test',
    source,
    consumer: async (frame) => {
      const { width, height } = await preparePicture(frame.bytes, { width: 64, height: 64 }, 'letterbox');
      frames.push({ ...frame, width, height });
    },
    clock: systemClock,
    random: seededRandom(3),
    journal,
    onState: (state) => states.push(state),
  });
  onTestFinished(() => camera.stop());
  camera.start();
  return { camera, frames, states, journal };
}

/** Starts a server on a free port of the loopback address; resolves with its URL. */
export async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return new URL(`http://127.0.0.1:${port}/picture`);
}

export function jpeg(width = 320, height = 240, background = '#468'): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

export function jpegPart(picture: Uint8Array): Buffer {
  const header = `--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(header), picture, Buffer.from('\r\n')]);
}
