import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import { digestHeader, parseChallenges, strongest } from '../../../vision/camera/http-login.ts';
import { StillSource } from '../../../vision/camera/still.ts';
import { jpeg, serve, startCamera } from '../support/camera.ts';

const NONCE = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const OPAQUE = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS';
const header = (algorithm: string) =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${NONCE}", opaque="${OPAQUE}"`;

describe('digest access authentication', () => {
  // RFC 7616, 3.9.1.
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('answers as the standard’s example does, with %s', (algorithm, response) => {
    const [challenge] = parseChallenges(header(algorithm));
    if (challenge?.kind !== 'digest') throw new Error('no digest');
    const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
    const user = { name: 'Mufasa', password: 'Circle of Life' };
    const answer = digestHeader(challenge.digest, user, { method: 'GET', uri: '/dir/index.html', cnonce, count: 1 });
    expect(answer).toContain(`response="${response}"`);
    expect(answer).toContain('qop=auth, nc=00000001');
    expect(answer).toContain(`opaque="${OPAQUE}"`);
  });

  it('takes the strongest of what is offered', () => {
    const offered = parseChallenges(`Basic realm="a, b", ${header('MD5')}, ${header('SHA-256')}`);
    expect(offered).toHaveLength(3);
    expect(strongest(offered)).toMatchObject({ kind: 'digest', digest: { algorithm: 'SHA-256' } });
    expect(strongest(parseChallenges('Basic realm="x"'))).toEqual({ kind: 'basic' });
    expect(strongest(parseChallenges('Negotiate, Digest realm="r", nonce="n", algorithm=SHA-512-256'))).toBeUndefined();
  });

  it('reads any header without failing', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseChallenges(`Digest ${text}`)));
  });
});

describe('a camera that asks for a digest', () => {
  const nonce = 'abc';
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

  /** Knows `me` with the password `s p`; each count of a nonce counts once. */
  function guard(picture: Buffer) {
    const seen: (string | undefined)[] = [];
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      const { authorization } = request.headers;
      seen.push(authorization);
      const value = (key: string): string => new RegExp(`\\b${key}="?([^",]+)`).exec(authorization ?? '')?.[1] ?? '';
      const first = md5('me:camera:s p');
      const second = md5(`GET:${request.url}`);
      const right = md5(`${first}:${nonce}:${value('nc')}:${value('cnonce')}:auth:${second}`);
      if (authorization?.startsWith('Digest') && value('response') === right) {
        response.writeHead(200, { 'content-type': 'image/jpeg' }).end(picture);
        return;
      }
      const challenge = `Digest realm="camera", nonce="${nonce}", qop="auth"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    };
    return { seen, listener };
  }

  it('is answered without the password, and asked but once', async () => {
    const { seen, listener } = guard(await jpeg());
    const url = await serve(listener);
    url.username = 'me';
    url.password = 's p';
    const { frames } = startCamera(new StillSource({ url, framesPerSecond: 50, clock: systemClock }));
    await vi.waitFor(() => expect(frames.length).toBeGreaterThanOrEqual(3), { timeout: 10_000, interval: 10 });
    expect(seen.filter((authorization) => authorization === undefined)).toHaveLength(1);
    expect(seen.join()).not.toContain('Basic');
    expect(new Set(seen.map((sent) => /nc=(\w+)/.exec(sent ?? '')?.[1])).size).toBe(seen.length);
  });

  it('is lost with the cause where the password is wrong, after two questions', async () => {
    const { seen, listener } = guard(await jpeg());
    const url = await serve(listener);
    url.username = 'me';
    url.password = 'wrong';
    const { camera } = startCamera(new StillSource({ url, framesPerSecond: 1, clock: systemClock }));
    await vi.waitFor(
      () =>
        expect(camera.state).toMatchObject({ kind: 'lost', cause: expect.stringContaining('wrong user or password') }),
      { timeout: 10_000, interval: 10 },
    );
    expect(seen).toHaveLength(2);
  });
});
