// Real streams made by ffmpeg, and what cameras send when something is wrong with them.

import { spawn, spawnSync } from 'node:child_process';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import { FfmpegSource } from '../../../vision/camera/ffmpeg.ts';
import { MjpegSource } from '../../../vision/camera/mjpeg.ts';
import { smallestPng } from '../support/bombs.ts';
import { jpeg, jpegPart, serve, startCamera } from '../support/camera.ts';
import { rtspCamera } from '../support/rtsp-server.ts';

const wait = { timeout: 20_000, interval: 20 };
const present = spawnSync('ffmpeg', ['-version']).status === 0;
const STREAM = { 'content-type': 'multipart/x-mixed-replace; boundary=frame' };
const rtsp = (url: URL) => new FfmpegSource({ input: { kind: 'rtsp', url }, framesPerSecond: 10, clock: systemClock });
const mjpeg = (url: URL) => new MjpegSource({ url, framesPerSecond: 1000, clock: systemClock });

describe.skipIf(!present)('an RTSP camera (skipped where ffmpeg is not installed)', () => {
  it('is live, is lost when it hangs up, and comes back', async () => {
    const there = await rtspCamera();
    const { camera, frames, states } = startCamera(rtsp(there.url));
    await vi.waitFor(() => expect(frames.length).toBeGreaterThan(3), wait);
    expect(frames[0]).toMatchObject({ width: 160, height: 120 });
    there.hangUp();
    await vi.waitFor(() => expect(states.map(({ kind }) => kind)).toContain('lost'), wait);
    await vi.waitFor(() => expect(camera.state.kind).toBe('live'), wait);
  });

  it('is lost with the cause, and without the password, where the password is wrong', async () => {
    const there = await rtspCamera({ user: 'me', password: 'right' });
    there.url.username = 'me';
    there.url.password = 'wrong';
    const { states } = startCamera(rtsp(there.url));
    await vi.waitFor(
      () => expect(states.at(-1)).toMatchObject({ kind: 'lost', cause: expect.stringMatching(/401|authorization/i) }),
      wait,
    );
    expect(JSON.stringify(states)).not.toContain('wrong');
  });

  it('is live behind the right password', async () => {
    const there = await rtspCamera({ user: 'me', password: 'right' });
    there.url.username = 'me';
    there.url.password = 'right';
    const { camera } = startCamera(rtsp(there.url));
    await vi.waitFor(() => expect(camera.state.kind).toBe('live'), wait);
  });
});

describe.skipIf(!present)('an MJPEG stream that ffmpeg makes', () => {
  it('is shown', async () => {
    const port = 20_000 + (process.pid % 20_000);
    const url = new URL(`http://127.0.0.1:${port}/stream`);
    const program = spawn('ffmpeg', [
      ...['-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=10'],
      ...['-c:v', 'mjpeg', '-threads', '1', '-f', 'mpjpeg'],
      ...['-content_type', 'multipart/x-mixed-replace;boundary=ffmpeg', '-listen', '1', url.href],
    ]);
    onTestFinished(() => void program.kill('SIGKILL'));
    const { frames } = startCamera(new MjpegSource({ url, framesPerSecond: 10, clock: systemClock }));
    await vi.waitFor(() => expect(frames.length).toBeGreaterThan(3), wait);
    expect(frames[0]).toMatchObject({ width: 160, height: 120 });
  });
});

describe('a stream', () => {
  /** Sends the pictures again and again, in turn. */
  const inTurn = (pictures: readonly Uint8Array[]): Promise<URL> =>
    serve((_request, response) => {
      response.writeHead(200, STREAM);
      let at = 0;
      const send = setInterval(() => response.write(jpegPart(pictures[at++ % pictures.length]!)), 15);
      response.on('close', () => clearInterval(send));
    });

  it('may change its size and its kind of picture from one to the next', async () => {
    const create = { width: 30, height: 20, channels: 4, background: { r: 9, g: 200, b: 9, alpha: 0.5 } } as const;
    const cmyk = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#39c' } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    const pictures = [
      await jpeg(320, 240),
      await jpeg(64, 480, 'red'),
      await jpeg(1, 1),
      cmyk,
      await sharp({ create }).png().toBuffer(),
      await sharp({ create }).gif().toBuffer(),
    ];
    const { camera, frames } = startCamera(mjpeg(await inTurn(pictures)));
    await vi.waitFor(() => expect(new Set(frames.map(({ width }) => width)).size).toBeGreaterThanOrEqual(5), wait);
    expect(camera.counts().broken).toBe(0);
    expect(camera.state.kind).toBe('live');
  });

  it('goes on past a picture that would become gigapixels, one that is cut off, and one that is noise', async () => {
    const whole = await jpeg();
    const bomb = smallestPng(60_000, 60_000);
    const pictures = [whole, bomb, whole.subarray(0, whole.length / 2), Buffer.alloc(2_000, 0x41)];
    const { camera, journal } = startCamera(mjpeg(await inTurn(pictures)));
    await vi.waitFor(() => {
      expect(camera.counts().frames).toBeGreaterThan(2);
      expect(camera.counts().broken).toBeGreaterThan(5);
    }, wait);
    expect(camera.state.kind).toBe('live');
    const told = journal.entries.map(({ message }) => message).join('\n');
    expect(told).toContain('over the limit of 50 million pixels');
    // For each kind of damage one entry, however many pictures have it.
    expect(journal.entries.length).toBeLessThanOrEqual(2);
  });

  it('is refused whose header never ends', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, STREAM).write('--frame\r\n');
      const send = setInterval(() => response.write('X-Nothing: at all\r\n'.repeat(50)), 2);
      response.on('close', () => clearInterval(send));
    });
    const { states } = startCamera(mjpeg(url));
    await vi.waitFor(
      () => expect(states.at(-1)).toMatchObject({ kind: 'lost', cause: expect.stringContaining('header lines') }),
      wait,
    );
  });
});
