import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { idOf } from './example-mesh.ts';
import { bearer, startServer } from './harness.ts';

const MAP = '/api/v3/mesh/map';

describe('pictures of the mesh over HTTP', () => {
  it('are SVG with routes and backups, kept by their ETag until something on them changes', async () => {
    const { call, node } = await startServer();
    const first = await call(`${MAP}.svg`);
    expect(first.status).toBe(200);
    expect(first.headers['content-type']).toContain('image/svg+xml');
    expect(first.headers['content-security-policy']).toContain("default-src 'none'");
    const svg = first.body.toString();
    for (const words of ['Routes from alpha', '>charlie</text>', '>cuts off 1</text>', '>backup</text>'])
      expect(svg).toContain(words);
    const known = { 'if-none-match': first.headers.etag ?? '' };
    expect((await call(`${MAP}.svg`, { headers: known })).status).toBe(304);
    expect((await call(`${MAP}.svg?theme=dark`, { headers: known })).status).toBe(200);
    node.mesh.toggle();
    const changed = await call(`${MAP}.svg`, { headers: known });
    expect(changed.status).toBe(200);
    expect(changed.body.toString()).toContain('>down</text>');
  });

  it('are PNG as well, and heatmaps', async () => {
    const { call } = await startServer();
    const { headers, body } = await call(`${MAP}.png?show=traffic&theme=dark`);
    expect(headers['content-type']).toBe('image/png');
    const { data } = await sharp(body)
      .extract({ left: 0, top: 0, width: 1, height: 1 })
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([...data]).toEqual([0x19, 0x1d, 0x20]);
    expect((await call(`${MAP}.svg?show=anomaly`)).body.toString()).toContain('Anomaly of nodes');
  });

  it('show the routes of another node, and one route whole', async () => {
    const { call } = await startServer();
    const svg = (await call(`${MAP}.svg?from=bravo&to=echo`)).body.toString();
    expect(svg).toContain('Route from bravo to echo');
    expect(svg.match(/stroke-width="5"/g)?.length).toBeGreaterThanOrEqual(2);
    const survey = (await call('/api/v3/mesh/survey?from=bravo')).json();
    expect(survey).toMatchObject({
      from: idOf('bravo'),
      routes: [{ destination: idOf('echo'), backup: { cost: 40 } }],
    });
  });

  it('say what is wrong with a wish', async () => {
    const { call } = await startServer();
    expect((await call(`${MAP}.svg?from=nobody`)).json()).toMatchObject({ status: 404, code: 'NODE_UNKNOWN' });
    expect((await call(`${MAP}.svg?to=nobody`)).json()).toMatchObject({ status: 404, code: 'NODE_UNKNOWN' });
    expect((await call(`${MAP}.svg?show=love`)).status).toBe(400);
  });

  it('are for those who may read', async () => {
    const { call, token } = await startServer();
    const reader = await token('read');
    expect((await call(`${MAP}.svg`)).status).toBe(401);
    expect((await call(`${MAP}.svg`, { headers: bearer(reader) })).status).toBe(200);
  });
});
