import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startServer } from './harness.ts';

async function startWithPage() {
  const started = await startServer();
  const folder = join(started.folder, 'public');
  await mkdir(join(folder, 'assets'), { recursive: true });
  const script = 'console.log("page")'.repeat(50);
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'assets/page-a1b2c3.js'), script);
  await writeFile(join(folder, 'assets/page-a1b2c3.js.br'), brotliCompressSync(script));
  await writeFile(join(folder, 'assets/page-a1b2c3.js.gz'), gzipSync(script));
  await writeFile(join(folder, '.secret'), 'secret');
  await writeFile(join(started.folder, 'outside.txt'), 'outside');
  return { ...started, script };
}

describe('the page', () => {
  it('is served under a strict policy and asked for anew each time', async () => {
    const { call } = await startWithPage();
    const page = await call('/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.headers['cache-control']).toBe('no-cache');
    const policy = page.headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    const again = await call('/', { headers: { 'if-none-match': page.headers.etag! } });
    expect(again.status).toBe(304);
  });

  it('keeps files with a hash in their name for ever, compressed as they were built', async () => {
    const { call, script } = await startWithPage();
    const file = '/assets/page-a1b2c3.js';
    const brotli = await call(file, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(brotli.headers).toMatchObject({ 'content-encoding': 'br', vary: expect.stringMatching(/accept-encoding/i) });
    expect(brotli.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(brotli.headers['content-type']).toMatch(/javascript/);
    expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
    expect((await call(file, { headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding']).toBe('gzip');
    expect((await call(file)).body.toString()).toBe(script);
  });

  it('serves nothing hidden and nothing outside its folder', async () => {
    const { call } = await startWithPage();
    for (const path of [
      '/.secret',
      '/../outside.txt',
      '/%2e%2e/outside.txt',
      '/..%2foutside.txt',
      '/assets/..%2f.secret',
    ]) {
      const answer = await call(path);
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
      expect(answer.body.toString(), path).not.toMatch(/^(secret|outside)$/);
    }
    expect((await call('/assets/none.js')).json()).toMatchObject({ code: 'HTTP_NOT_FOUND' });
    expect((await call('/assets/none.js')).headers['cache-control']).toBe('no-store');
  });

  it('says in plain words that it is not built', async () => {
    const { call } = await startServer();
    const page = await call('/');
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('not built');
  });
});
