import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { tryNamespaces } from '../../../agents/module/confinement.ts';
import { moduleFolder, supervisedModules } from './module-folder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function running(options: Parameters<typeof moduleFolder>[0] = {}, confinement?: 'guard' | 'namespaces') {
  const folder = moduleFolder(options, confinement);
  cleanups.push(folder.remove);
  const agents = await supervisedModules(folder, 8);
  cleanups.push(() => agents.supervisor.stop());
  return { ...folder, ...agents };
}

/** Runs one module that does `source` at its start, and tells what became of it. */
async function fate(source: string, manifest?: object): Promise<string> {
  const { add, start, failure } = await running();
  add('wild', `export async function start(api) { ${source} }`, manifest);
  void start('wild');
  return failure('wild');
}

describe('a module', () => {
  it('takes letters and replies, sends letters of its own, logs and tells', async () => {
    const { add, start, post, logged, told } = await running();
    add(
      'adder',
      `export async function start(api) { api.log('hello from ' + api.name); api.tell('warning', 'I add'); }
       export async function onMessage(letter, api) { return letter.body.reduce((a, b) => a + b, 0); }`,
      { capabilities: ['journal.tell'] },
    );
    add(
      'asker',
      `export async function onMessage(letter, api) {
         return { from: letter.from, sum: await api.request('module/adder', letter.body) };
       }`,
      { capabilities: ['agent.message'], version: '7' },
    );
    expect(await start('adder')).toBe(true);
    expect(await start('asker')).toBe(true);
    expect(await post.request('module/asker', [1, 2, 3])).toEqual({ from: 'one/tester', sum: 6 });
    expect(await post.requestOfKind('module.adder', [4])).toBe(4);
    expect(logged).toContain('hello from adder');
    expect(told).toMatchObject([{ severity: 'warning', kind: 'module.told', message: 'Module adder: I add' }]);
  });

  it('tells an asker what its handler threw, and lives on', async () => {
    const { add, start, post } = await running();
    add(
      'moody',
      `export function onMessage({ body }) { if (body === 'bad') throw new Error('no mood'); return 'fine'; }`,
    );
    await start('moody');
    await expect(post.request('module/moody', 'bad')).rejects.toMatchObject({
      code: 'MODULE_FAILED',
      message: 'no mood',
    });
    expect(await post.request('module/moody', 'good')).toBe('fine');
  });

  it('keeps things in a folder of its own, and reads what lies beside it under its name', async () => {
    const { add, start, post, dataDir } = await running();
    mkdirSync(join(dataDir, 'agents', 'keeper'));
    writeFileSync(join(dataDir, 'agents', 'keeper', 'words.mjs'), `export const word = 'kept';`);
    add(
      'keeper',
      `import fs from 'node:fs';
       import { word } from './keeper/words.mjs';
       export function onMessage(letter, api) { fs.writeFileSync(api.dataFolder + '/it', word); return api.dataFolder; }`,
    );
    await start('keeper');
    const folder = String(await post.request('module/keeper', 0));
    expect(readFileSync(join(folder, 'it'), 'utf8')).toBe('kept');
  });

  it('is told to stop, and may put things in order', async () => {
    const { add, start, supervisor, dataDir } = await running();
    add(
      'tidy',
      `import fs from 'node:fs';
       let folder;
       export function start(api) { folder = api.dataFolder; setInterval(() => {}, 1000); }
       export function stop() { fs.writeFileSync(folder + '/stopped', ''); }`,
    );
    await start('tidy');
    await supervisor.stop();
    expect(existsSync(join(dataDir, 'module-data', 'tidy', 'stopped'))).toBe(true);
  });

  it('that only runs tasks has an agent, but no process', async () => {
    const { add, start, supervisor, post } = await running();
    add('worker', `export function run() {}`);
    expect(await start('worker')).toBe(true);
    expect(supervisor.agents()).toMatchObject([{ id: 'module/worker', kind: 'module.worker', state: 'ready' }]);
    await expect(post.send('module/worker', 1)).rejects.toMatchObject({ code: 'AGENT_DEAF' });
  });

  it('sends no letters without the capability', async () => {
    const { add, start, post, modules } = await running();
    add('mute', `export async function onMessage(letter, api) { await api.send('module/mute', 1); }`);
    await start('mute');
    await expect(post.request('module/mute', 1)).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(modules.figures()).toEqual({ running: 1, opened: 1, denied: 1 });
  });

  it('cannot write to itself for ever', async () => {
    const { add, start, post, communication } = await running();
    add('echo', `export async function onMessage(letter, api) { await api.send('module/echo', 1).catch(() => {}); }`, {
      capabilities: ['agent.message'],
    });
    await start('echo');
    await post.send('module/echo', 1);
    await expect.poll(() => communication.counters().refused.LETTER_LOOP).toBe(1);
  });
});

describe('a module that misbehaves is ended, with a clear cause', () => {
  it('when it loops', async () => {
    const { add, start, failure } = await running();
    add('loop', `export function start() { setTimeout(() => { for (;;); }, 10); }`);
    expect(await start('loop')).toBe(true);
    expect(await failure('loop')).toBe('no heartbeat for 8 s');
  });

  it('when it loops while it is loaded', async () => {
    const { add, start, failure } = await running();
    add('knot', `for (;;);`);
    void start('knot');
    expect(await failure('knot')).toMatch(/MODULE_HUNG|did not load within 20 s|no heartbeat/);
  });

  it('when it leaks objects', async () => {
    const cause = await fate(
      'const all = []; setInterval(() => { for (let i = 0; i < 2e5; i++) all.push({ i }); }, 1);',
      { memory: 32 },
    );
    expect(cause).toBe('module wild: holds more than its 32 MiB of memory');
  });

  it('when it leaks buffers, which lie outside of the heap', async () => {
    const cause = await fate('const all = []; setInterval(() => all.push(Buffer.alloc(4e6, 1)), 20);', { memory: 32 });
    expect(cause).toBe('module wild: holds more than its 32 MiB of memory');
  });

  it('when it throws at its start, later, or in a promise that nobody waits for', async () => {
    expect(await fate('throw new Error("no start");')).toBe('module wild: no start');
    expect(await fate('setTimeout(() => { throw new Error("later"); }, 5);')).toBe('module wild: later');
    expect(await fate('void Promise.reject(new Error("stray"));')).toBe('module wild: stray');
  });

  it('when it exits', async () => {
    expect(await fate('process.exit(3);')).toBe('module wild: ended by itself with exit code 3');
  });

  it('when it is no module', async () => {
    const { add, start, failure } = await running();
    add('broken', 'export function start( {');
    void start('broken');
    expect(await failure('broken')).toMatch(/^module broken: Unexpected/);
  });

  it('when it floods the daemon with messages', async () => {
    expect(await fate('setInterval(() => { for (let i = 0; i < 3000; i++) api.log("x"); }, 1);')).toBe(
      'module wild: sends more than 500 messages a second',
    );
  });

  it('when it floods the daemon with output', async () => {
    // Or its own memory is full of it first.
    expect(await fate('const x = "x".repeat(1e6); setInterval(() => console.log(x), 1);')).toMatch(
      /^module wild: (sends more than 2 MB a second|holds more than its 64 MiB of memory)$/,
    );
  });

  it('when it writes into the pipe of the daemon what does not belong there', async () => {
    const write = (text: string) => `process.getBuiltinModule('fs').writeSync(3, ${text});`;
    expect(await fate(write('"nonsense\\n"'))).toBe('the module sent what is not JSON');
    expect(await fate(write('JSON.stringify({ t: "grant" }) + "\\n"'))).toBe('the module sent a frame that is none');
    expect(await fate('api.send("a", "x".repeat(300000)); setInterval(() => {}, 100);')).toBe(
      'the module sent a frame of more than 256000 bytes',
    );
  });
});

describe.each(['guard', ...(tryNamespaces() === 'namespaces' ? ['namespaces' as const] : [])] as const)(
  'a module that is confined by %s',
  (confinement) => {
    const servers: Server[] = [];
    afterEach(() => {
      for (const server of servers.splice(0)) server.close();
    });

    async function attempt(source: string, manifest?: object, settings = {}): Promise<unknown> {
      const { add, start, post } = await running(settings, confinement);
      add('thief', `export async function onMessage({ body }) { ${source} }`, manifest);
      expect(await start('thief')).toBe(true);
      return post.request('module/thief', 1);
    }

    const denied = expect.objectContaining({ code: 'MODULE_PERMISSION' });

    it.each([
      ['reads what it was not granted', `return (await import('node:fs')).readFileSync('/etc/hostname', 'utf8')`],
      ['lists folders', `return (await import('node:fs')).readdirSync('/')`],
      ['writes', `(await import('node:fs')).writeFileSync('/tmp/parlmesh-thief', '')`],
      ['starts programs', `(await import('node:child_process')).execFileSync('true')`],
      ['starts threads', `new ((await import('node:worker_threads')).Worker)('', { eval: true })`],
      ['loads native code', `process.dlopen({ exports: {} }, '/lib/x.node')`],
      ['undoes the guard', `(await import('node:module')).registerHooks({})`],
      ['undoes the guard another way', `process.getBuiltinModule('module').registerHooks({})`],
      ['reaches into Node', `process.binding('fs')`],
      ['ends other processes', `process.kill(process.ppid || 1, 'SIGKILL')`],
      ['listens', `(await import('node:net')).createServer().listen(0)`],
      ['fetches', `await fetch('http://127.0.0.1:9/')`],
      ['asks for names', `await (await import('node:dns')).promises.lookup('localhost')`],
      ['sends datagrams', `(await import('node:dgram')).createSocket('udp4').send('x', 9, '127.0.0.1')`],
    ])('is refused when it %s', async (_what, source) => {
      await expect(attempt(source)).rejects.toEqual(denied);
    });

    it('names what it may not read', async () => {
      const read = attempt(`return (await import('node:fs')).readFileSync('/etc/hostname', 'utf8')`);
      await expect(read).rejects.toThrow('it may not do that: FileSystemRead /etc/hostname');
    });

    it('sees of the environment what it was granted', async () => {
      const settings = { environment: ['SHOWN'] };
      const names = await attempt('return Object.keys(process.env).sort()', { environment: ['SHOWN'] }, settings);
      expect(names).toEqual(['LANG', 'SHOWN']);
    });

    it('reads and reaches what manifest and settings grant', async () => {
      const server = createServer((socket) => socket.end('hi')).listen(0, '127.0.0.1');
      servers.push(server);
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as { port: number };
      const source = `
        const net = await import('node:net'); const fs = await import('node:fs');
        const hi = await new Promise((resolve, reject) =>
          net.connect(${port}, '127.0.0.1').on('data', resolve).on('error', reject));
        return [String(hi), fs.readFileSync('/etc/hostname', 'utf8').length > 0];`;
      const manifest = { network: true, read: ['/etc/hostname'] };
      expect(await attempt(source, manifest, { network: true, read: ['/etc'] })).toEqual(['hi', true]);
    });

    it('does not reach local sockets, which lead to the daemon, even with the network', async () => {
      const source = `(await import('node:net')).connect('/run/parlmesh/parlmesh.sock')`;
      await expect(attempt(source, { network: true }, { network: true })).rejects.toEqual(denied);
      const byOption = `(await import('node:net')).connect({ path: '/run/parlmesh/parlmesh.sock' })`;
      await expect(attempt(byOption, { network: true }, { network: true })).rejects.toEqual(denied);
    });
  },
);
