import sharp from 'sharp';
import { expect, it } from 'vitest';
import { bearer, startServer } from './harness.ts';

it('POST /vision/ocr hands the body over as it is, whatever it is called', async () => {
  const { port, token } = await startServer();
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  const post = (body: Uint8Array | undefined, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/api/v3/vision/ocr`, { method: 'POST', body: body && Buffer.from(body), headers });
  const allowed = bearer(await token('act'));
  for (const type of ['image/png', 'application/octet-stream', 'application/json']) {
    const answer = await post(png, { ...allowed, 'content-type': type });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ width: 40, height: 30, regions: [] });
  }
  expect((await post(undefined, allowed)).status).toBe(400);
  expect((await post(png, { ...bearer(await token('read')), 'content-type': 'image/png' })).status).toBe(403);
  const large = await post(new Uint8Array(30_000_001), { ...allowed, 'content-type': 'image/png' });
  expect(await large.json()).toMatchObject({ status: 413, code: 'HTTP_BODY_TOO_LARGE' });
});
