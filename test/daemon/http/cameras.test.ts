import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { bearer, startServer } from './harness.ts';

const API = '/api/v3';

describe('cameras over HTTP', () => {
  it('are searched page by page', async () => {
    const { call } = await startServer();
    const first = (await call(`${API}/vision/observations?camera=door&limit=4`)).json();
    expect(first).toMatchObject({ observations: { length: 4 }, next: '4' });
    const rest = (await call(`${API}/vision/observations?camera=door&limit=4&cursor=4`)).json();
    expect(rest).toMatchObject({ observations: { length: 2 } });
    expect(rest).not.toHaveProperty('next');
    expect((await call(`${API}/vision/observations?love=1`)).status).toBe(400);
  });

  it('have clips that play, kept by their ETag', async () => {
    const { call } = await startServer();
    const clip = await call(`${API}/observations/past-1/clip`);
    expect(clip.headers['content-type']).toBe('image/webp');
    expect((await sharp(clip.body).metadata()).pages).toBe(3);
    const headers = { 'if-none-match': clip.headers.etag ?? '' };
    expect((await call(`${API}/observations/past-1/clip`, { headers })).status).toBe(304);
    expect((await call(`${API}/observations/past-2/clip`)).json()).toMatchObject({
      status: 404,
      code: 'CLIP_NOT_FOUND',
    });
  });

  it('tell where things were seen, in figures and as a picture to lay over', async () => {
    const { call } = await startServer();
    const activity = (await call(`${API}/vision/cameras/north/activity`)).json();
    expect(activity).toMatchObject({ columns: 32, rows: 24, sightings: 341, busiest: { place: 'lower left' } });
    const picture = await call(`${API}/vision/cameras/north/activity.png`);
    expect(await sharp(picture.body).metadata()).toMatchObject({
      format: 'png',
      width: 320,
      height: 240,
      hasAlpha: true,
    });
    const headers = { 'if-none-match': picture.headers.etag ?? '' };
    expect((await call(`${API}/vision/cameras/north/activity.png`, { headers })).status).toBe(304);
    expect((await call(`${API}/vision/cameras/nowhere/activity`)).status).toBe(404);
  });

  it('have areas that those may draw who may act', async () => {
    const { call, token, node } = await startServer();
    const [reader, actor] = [bearer(await token('read')), bearer(await token('read', 'act'))];
    const path = `${API}/vision/cameras/door/zones`;
    const gate = {
      name: 'gate',
      points: [
        [0.1, 0.1],
        [0.5, 0.1],
        [0.5, 0.9],
      ],
    };
    const draw = (body: unknown, headers: Record<string, string>) => call(path, { method: 'PUT', body, headers });
    expect((await draw({ zones: [gate] }, reader)).status).toBe(403);
    expect(
      (
        await draw(
          {
            zones: [
              {
                ...gate,
                points: [
                  [0, 0],
                  [2, 2],
                  [1, 1],
                ],
              },
            ],
          },
          actor,
        )
      ).status,
    ).toBe(400);
    expect((await draw({ zones: [{ ...gate, name: '../UP' }] }, actor)).status).toBe(400);
    expect((await draw({ source: 'file:/etc/passwd' }, actor)).status).toBe(400);
    expect(node.asked).toEqual([]);
    expect((await draw({ zones: [gate] }, actor)).json()).toMatchObject({ drawn: true, zones: [{ name: 'gate' }] });
    expect((await call(path, { headers: reader })).json()).toMatchObject({ drawn: true });
    await call(path, { method: 'DELETE', headers: actor });
    expect((await call(path, { headers: reader })).json()).toMatchObject({ drawn: false, zones: [{ name: 'path' }] });
  });
});
