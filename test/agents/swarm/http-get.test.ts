import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpGetExecutor } from '../../../agents/swarm/executors/http-get.ts';
import type { TaskContext } from '../../../agents/swarm/task-executor.ts';

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const blobs: Uint8Array[] = [];
const context: TaskContext = {
  ...{ job: 'j', task: 't', attempt: 1, key: 'j/t', signal: new AbortController().signal },
  progress: () => {},
  log: () => {},
  readBlob: async () => new Uint8Array(),
  writeBlob: async (bytes) => {
    blobs.push(bytes);
    return { $blob: '0'.repeat(64), bytes: bytes.length };
  },
};

describe('An http.get task', () => {
  const executor = new HttpGetExecutor();
  const get = (input: object) => executor.run(input, context);

  it('resolves to JSON, to text, and to a blob of what is large', async () => {
    const url = await served((request, response) => {
      const type = request.url === '/json' ? 'application/json' : 'text/plain';
      response.setHeader('content-type', type);
      response.end(request.url === '/json' ? '{"a":[1]}' : request.url === '/long' ? 'x'.repeat(20_000) : 'words');
    });
    expect(await get({ url: `${url}/json` })).toEqual({ status: 200, mediaType: 'application/json', body: { a: [1] } });
    expect(await get({ url })).toMatchObject({ body: 'words' });
    expect(await get({ url: `${url}/long` })).toMatchObject({ body: { bytes: 20_000 } });
    expect(blobs.at(-1)).toHaveLength(20_000);
  });

  it('follows redirects on the web only, some of them, and leaves headers behind where they lead elsewhere', async () => {
    const other = await served((request, response) => response.end(request.headers.authorization ?? 'nothing'));
    const url = await served((request, response) => {
      const to = { '/file': 'file:///etc/passwd', '/loop': '/loop', '/away': other }[request.url ?? ''];
      response.writeHead(302, { location: to }).end();
    });
    await expect(get({ url: `${url}/file` })).rejects.toThrow('leads to file:///etc/passwd, which is not of the web');
    await expect(get({ url: `${url}/loop` })).rejects.toThrow('more than 5 redirects');
    const body = await get({ url: `${url}/away`, headers: { authorization: 'secret' } });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('fails on a bad status, too long an answer, and nobody there', async () => {
    const url = await served((request, response) => {
      response.writeHead(request.url === '/404' ? 404 : 200).end('x'.repeat(2000));
    });
    await expect(get({ url: `${url}/404` })).rejects.toThrow('answers with status 404');
    await expect(get({ url, mostBytes: 1000 })).rejects.toThrow('more than 1000 bytes');
    await expect(get({ url: 'http://127.0.0.1:1/' })).rejects.toThrow('cannot be reached');
  });

  it('names what is wrong with its input', () => {
    expect(() => executor.check({ url: 'file:///etc/passwd' })).toThrow(
      'takes `{ url, headers, mostBytes, redirects }`: /url',
    );
    expect(() => executor.check({ url: { $result: 'before' } })).not.toThrow();
  });
});
