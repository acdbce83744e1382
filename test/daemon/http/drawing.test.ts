import sharp from 'sharp';
import { expect, it } from 'vitest';
import { bearer, startServer } from './harness.ts';

it('POST /vision/topology answers graph, metrics and the difference from the mesh', async () => {
  const { port, token } = await startServer();
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  const post = (body: Uint8Array | undefined, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/api/v3/vision/topology`, {
      method: 'POST',
      body: body && Buffer.from(body),
      headers,
    });
  const allowed = { ...bearer(await token('act')), 'content-type': 'image/png' };
  const answer = await post(png, allowed);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    graph: { width: 40, height: 30, nodes: [], edges: [] },
    metrics: { components: 0 },
    difference: { onlyLive: expect.arrayContaining([expect.any(String)]) },
  });
  expect((await post(undefined, allowed)).status).toBe(400);
  expect((await post(png, { ...bearer(await token('read')), 'content-type': 'image/png' })).status).toBe(403);
  const large = await post(new Uint8Array(30_000_001), allowed);
  expect(await large.json()).toMatchObject({ status: 413, code: 'HTTP_BODY_TOO_LARGE' });
});
