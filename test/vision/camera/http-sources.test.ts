import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import { MjpegSource } from '../../../vision/camera/mjpeg.ts';
import { StillSource } from '../../../vision/camera/still.ts';
import { jpeg, jpegPart, serve, startCamera } from '../support/camera.ts';

const wait = { timeout: 10_000, interval: 10 };
const STREAM = { 'content-type': 'multipart/x-mixed-replace; boundary=frame' };
const mjpeg = (url: URL, more: { framesPerSecond?: number; stallAfter?: number } = {}) =>
  new MjpegSource({ url, framesPerSecond: 30, clock: systemClock, ...more });
const still = (url: URL) => new StillSource({ url, framesPerSecond: 20, clock: systemClock });

describe('an MJPEG camera', () => {
  it('is live with the first picture and reconnects when the stream ends', async () => {
    const picture = await jpeg();
    let connections = 0;
    const url = await serve((_request, response) => {
      connections++;
      response.writeHead(200, STREAM).end(jpegPart(picture));
    });
    const { frames, states } = startCamera(mjpeg(url));
    await vi.waitFor(() => expect(connections).toBeGreaterThanOrEqual(2), wait);
    await vi.waitFor(() => expect(frames.length).toBeGreaterThanOrEqual(2), wait);
    expect(states.map(({ kind }) => kind).slice(0, 4)).toEqual(['starting', 'live', 'lost', 'live']);
    expect(frames[0]).toMatchObject({ width: 320, height: 240 });
  });

  it('thins a fast stream to its rate', async () => {
    const picture = await jpeg();
    const url = await serve((_request, response) => {
      response.writeHead(200, STREAM);
      const send = setInterval(() => response.write(jpegPart(picture)), 10);
      response.on('close', () => clearInterval(send));
    });
    const { camera, frames } = startCamera(mjpeg(url, { framesPerSecond: 10 }));
    await vi.waitFor(() => expect(frames.length).toBeGreaterThanOrEqual(8), wait);
    expect(camera.counts().framesPerSecond).toBeLessThan(14);
  });

  it('is lost when the stream falls silent', async () => {
    const picture = await jpeg();
    const url = await serve((_request, response) => {
      response.writeHead(200, STREAM).write(jpegPart(picture));
    });
    const { states } = startCamera(mjpeg(url, { stallAfter: 200 }));
    await vi.waitFor(
      () => expect(states.find(({ kind }) => kind === 'lost')).toMatchObject({ cause: 'no picture for 0.2 s' }),
      wait,
    );
  });

  it('counts a truncated picture, tells it, and stays live', async () => {
    const picture = await jpeg();
    const viewer = Promise.withResolvers<ServerResponse>();
    const url = await serve((_request, response) => {
      response.writeHead(200, STREAM).write(jpegPart(picture));
      viewer.resolve(response);
    });
    // Each picture counts, however soon it follows the one before.
    const { camera, journal } = startCamera(mjpeg(url, { framesPerSecond: 1000 }));
    const response = await viewer.promise;
    await vi.waitFor(() => expect(camera.counts().frames).toBe(1), wait);
    response.write(jpegPart(picture.subarray(0, picture.length / 2)));
    await vi.waitFor(() => expect(camera.counts().broken).toBe(1), wait);
    response.write(jpegPart(picture));
    await vi.waitFor(() => expect(camera.counts()).toMatchObject({ frames: 2, broken: 1 }), wait);
    expect(journal.kinds()).toEqual(['camera.picture-broken']);
    expect(camera.state.kind).toBe('live');
  });

  it('is lost with the cause when nothing in the stream is a picture', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, STREAM);
      const send = setInterval(() => response.write(jpegPart(Buffer.alloc(500, 1))), 20);
      response.on('close', () => clearInterval(send));
    });
    const { states, journal } = startCamera(mjpeg(url, { stallAfter: 300 }));
    await vi.waitFor(
      () =>
        expect(states.at(-1)).toMatchObject({ kind: 'lost', cause: expect.stringContaining('no readable picture') }),
      wait,
    );
    expect(journal.entries).toHaveLength(1);
  });

  it('refuses an endless part', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, STREAM).write('--frame\r\n\r\n');
      const noise = Buffer.alloc(1_000_000, 1);
      const send = setInterval(() => response.write(noise), 5);
      response.on('close', () => clearInterval(send));
    });
    const { states } = startCamera(mjpeg(url));
    await vi.waitFor(
      () =>
        expect(states.at(-1)).toMatchObject({ kind: 'lost', cause: expect.stringContaining('a part does not end') }),
      wait,
    );
  });

  it.each([
    [
      'another type',
      200,
      { 'content-type': 'text/html' },
      'sends text/html, not an MJPEG stream; for a single picture, write the source without mjpeg+',
    ],
    ['401', 401, {}, 'answered 401 (wrong user or password)'],
    ['a circle of redirects', 302, { location: '/picture' }, 'redirects more than 5 times'],
    ['a redirect out of HTTP', 302, { location: 'file:///etc/passwd' }, 'not HTTP'],
  ])('is lost with the cause, without the password, for %s', async (_what, status, headers, cause) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, headers).end('x');
    });
    url.username = 'me';
    url.password = 'secret';
    const { states } = startCamera(mjpeg(url));
    await vi.waitFor(
      () => expect(states.at(-1)).toMatchObject({ kind: 'lost', cause: expect.stringContaining(cause) }),
      wait,
    );
    expect(JSON.stringify(states)).not.toContain('secret');
  });

  it('sends the user and password of its address', async () => {
    const picture = await jpeg();
    const url = await serve((request, response) => {
      const known = request.headers.authorization === `Basic ${Buffer.from('me:s p').toString('base64')}`;
      if (known) response.writeHead(200, STREAM).write(jpegPart(picture));
      else response.writeHead(401).end();
    });
    url.username = 'me';
    url.password = 's p';
    const { camera } = startCamera(mjpeg(url));
    await vi.waitFor(() => expect(camera.state.kind).toBe('live'), wait);
  });

  it('is lost when nobody answers at its address', async () => {
    const { states } = startCamera(mjpeg(new URL('http://127.0.0.1:1/stream')));
    await vi.waitFor(
      () => expect(states.at(-1)).toMatchObject({ kind: 'lost', cause: expect.stringContaining('ECONNREFUSED') }),
      wait,
    );
  });
});

describe('a still picture camera', () => {
  it('fetches a picture only when it changed', async () => {
    const pictures = [await jpeg(320, 240, 'red'), await jpeg(320, 240, 'blue')];
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers['if-none-match']);
      const version = asked.length < 5 ? 0 : 1;
      const etag = `"${version}"`;
      if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
      else response.writeHead(200, { etag, 'content-type': 'image/jpeg' }).end(pictures[version]);
    });
    const { camera, frames } = startCamera(still(url));
    await vi.waitFor(() => expect(frames).toHaveLength(2), wait);
    expect(asked.slice(0, 3)).toEqual([undefined, '"0"', '"0"']);
    expect(camera.state.kind).toBe('live');
  });

  it('is lost on an answer that never ends', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg' });
      const noise = Buffer.alloc(4_000_000, 1);
      const send = setInterval(() => response.write(noise), 2);
      response.on('close', () => clearInterval(send));
    });
    const { states } = startCamera(still(url));
    await vi.waitFor(
      () =>
        expect(states.at(-1)).toMatchObject({
          kind: 'lost',
          cause: expect.stringContaining('longer than 30000000 bytes'),
        }),
      wait,
    );
  });

  it('waits with the cause while the answer is no picture', async () => {
    const url = await serve((_request, response) => {
      response.end('<html>log in</html>');
    });
    const { camera } = startCamera(still(url));
    await vi.waitFor(
      () => expect(camera.state).toMatchObject({ kind: 'waiting', cause: expect.stringContaining('no JPEG') }),
      wait,
    );
  });
});
