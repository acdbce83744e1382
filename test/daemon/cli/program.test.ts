import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ParlmeshError } from '../../../core/errors.ts';
import type { CliCommand } from '../../../daemon/cli/command.ts';
import { completeProgram, referenceOf } from '../../../daemon/cli/reference.ts';
import { event, MODEL, Stage, start } from './stage.ts';

let empty: string;
beforeEach(() => {
  empty = mkdtempSync(join(tmpdir(), 'parlmesh-cli-'));
});
afterEach(() => rmSync(empty, { recursive: true, force: true }));

async function allCommands(): Promise<CliCommand[]> {
  const walk = (each: CliCommand): CliCommand[] => [each, ...each.subcommands().flatMap(walk)];
  return walk(await completeProgram());
}

describe('help', () => {
  it('of every command tells what it does and has an example that this program takes', async () => {
    const commands = await allCommands();
    expect(commands.length).toBeGreaterThan(25);
    const names = new Set(commands.map((each) => each.name()));
    for (const each of commands) {
      expect(each.description(), each.name()).not.toBe('');
      expect(each.examples, each.name()).not.toEqual([]);
      for (const { line } of each.examples) expect(names, line).toContain(line.split(' ')[0]);
      expect(each.helpInformation()).toContain(`$ parlmesh ${each.examples[0]!.line}`);
    }
  });

  it('goes to stdout with exit code 0', async () => {
    const { code, stdout, stderr } = await start(['events', '--help']).done;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: parlmesh events \[options\]\n[\s\S]*Examples:/);
    expect((await start(['--version']).done).stdout).toBe('1.2.3\n');
  });
});

it('docs/cli.md is the program’s own help', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
  expect(page, 'run scripts/generate-cli-docs.ts').toBe(referenceOf(await completeProgram()));
});

describe('wrong use', () => {
  it.each<[string[], RegExp]>([
    [['stauts'], /unknown command 'stauts'. Did you mean status\?/],
    [['network', 'joim', 'x'], /unknown command 'joim'. Did you mean join\?/],
    [['peers', '--ouput', 'json'], /unknown option '--ouput'. Did you mean --output\?/],
    [['peers', '-o', 'yaml'], /Allowed choices are table, json/],
    [['links', 'extra'], /too many arguments/],
    [['agents', 'restart'], /missing required argument 'id'/],
    [['events', '-n', '0'], /whole number from 1 to 1000/],
    [['network', 'invite', '--expires', 'soon'], /Expected a duration/],
  ])('%j is refused with exit code 2 and what would be right', async (args, message) => {
    const { code, stdout, stderr } = await start(args).done;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('is told as JSON to programs', async () => {
    const { code, stderr } = await start(['stauts', '-o', 'json']).done;
    expect(code).toBe(2);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: 'CLI_WRONG_USE',
      message: expect.stringContaining('status'),
    });
  });

  it('a group without a command prints its help', async () => {
    const { code, stderr } = await start(['network']).done;
    expect(code).toBe(2);
    expect(stderr).toContain('invite');
  });
});

describe('without a daemon', () => {
  it('says so, where it looked, and how to start one', async () => {
    const { code, stderr } = await start(['status', '--data-dir', empty]).done;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `parlmesh: No parlmesh daemon is running (nothing answers at ${empty}/parlmesh.sock)\n` +
        'parlmesh run starts one; --data-dir names the folder of one that runs elsewhere\n',
    );
  });

  it('doctor tells that none runs, and whether the configuration is why', async () => {
    const config = join(empty, 'config.yaml');
    writeFileSync(config, 'http:\n  prot: 1\n');
    const { code, stdout } = await start(['doctor', '--data-dir', empty], { env: { PARLMESH_CONFIG: config } }).done;
    expect(code).toBe(1);
    expect(stdout).toContain('No parlmesh daemon is running');
    expect(stdout).toContain('http.prot');
  });

  it('works on the files where it can', async () => {
    const calls: unknown[] = [];
    const network = { id: 'n1', name: 'home' };
    const remember = async (request: unknown) => {
      calls.push(request);
      return { network };
    };
    const offline = {
      createNetwork: remember,
      joinNetwork: remember,
      showNetwork: async () => ({
        ...{ network, node: { id: 'x', name: 'north' }, holdsAuthority: false },
        certificate: { issuedAt: 0, expiresAt: Date.now() + 86_400_000 },
        key: { number: 0, since: 0 },
      }),
      checkStore: async () => ({ ok: true, problems: [] }),
      backupStore: async () => ({ file: 'b.db', bytes: 10 }),
      listBackups: async () => [{ file: 'b.db', bytes: 10, at: Date.now() - 60_000 }],
      restoreStore: async () => ({ restored: 'b.db', setAside: 'old.db' }),
      listModels: async () => [MODEL],
    };
    const run = async (...args: string[]) => (await start([...args, '--data-dir', empty], { offline }).done).stdout;
    expect(await run('network', 'create', 'home', '--name', 'north')).toContain('Network home (n1) was created');
    expect(await run('network', 'join', 'TOKEN', '--name', 'north')).toContain('belongs to network home');
    expect(calls).toEqual([
      { dataDir: empty, name: 'home', nodeName: 'north', replace: false },
      { dataDir: empty, token: 'TOKEN', nodeName: 'north' },
    ]);
    expect(await run('network', 'show')).toContain('no daemon is running');
    expect(await run('store', 'check')).toBe('The store is sound.\n');
    expect(await run('store', 'backup')).toBe('b.db (10 B)\n');
    expect(await run('store', 'backups')).toMatch(/60 s +10 B +b\.db/);
    expect(await run('store', 'restore')).toBe('Restored b.db.\nThe file before it is kept as old.db.\n');
    expect(await run('model', 'list')).toContain('centernet');
    const none = start(['network', 'show', '--data-dir', empty], { offline: { showNetwork: async () => undefined } });
    expect(await none.done).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no network') });
    const failed = start(['store', 'check', '--data-dir', empty], {
      offline: { checkStore: () => Promise.reject(new ParlmeshError('STORE_MISSING', 'there is no store')) },
    });
    expect(await failed.done).toMatchObject({ code: 1, stderr: 'parlmesh: there is no store\n' });
  });
});

describe('configuration and profiles', () => {
  it('config check names every problem with its place', async () => {
    const file = join(empty, 'config.yaml');
    writeFileSync(file, 'http:\n  prot: 1\nagents:\n  maxRestarts: many\n');
    const { code, stdout } = await start(['config', 'check', file]).done;
    expect(code).toBe(1);
    expect(stdout).toMatch(/config\.yaml:2:\d+: http\.prot/);
    expect(stdout).toMatch(/config\.yaml:4:\d+: agents\.maxRestarts/);
    const json = JSON.parse((await start(['config', 'check', file, '-o', 'json']).done).stdout);
    expect(json).toMatchObject({ ok: false, problems: [{ path: 'http.prot' }, { path: 'agents.maxRestarts' }] });
    writeFileSync(file, 'name: north\n');
    expect(await start(['config', 'check', file]).done).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is right'),
    });
  });

  it('a configuration that cannot be used is wrong use', async () => {
    const file = join(empty, 'config.yaml');
    writeFileSync(file, 'http:\n  prot: 1\n');
    const shown = start(['config', 'show', '--data-dir', empty], { env: { PARLMESH_CONFIG: file } });
    expect(await shown.done).toMatchObject({ code: 2, stderr: expect.stringContaining('config.yaml:2') });
  });

  it('config schema and show work without a daemon', async () => {
    expect(JSON.parse((await start(['config', 'schema']).done).stdout).properties).toHaveProperty('agents');
    const { stdout } = await start(['config', 'show', '--data-dir', empty, '-o', 'json']).done;
    expect(JSON.parse(stdout)).toMatchObject({ agents: { maxRestarts: 5 } });
  });

  it('profile list, detect and show work without a daemon', async () => {
    expect((await start(['profile', 'list']).done).stdout).toMatch(/generic-x64 /);
    const detected = await start(['profile', 'detect', '-o', 'json']).done;
    expect(JSON.parse(detected.stdout)).toMatchObject({
      profile: { name: expect.any(String) },
      reason: expect.any(String),
    });
    expect((await start(['profile', 'show', 'generic-x64']).done).stdout).toMatch(/^name +generic-x64\n/);
    expect(await start(['profile', 'show', 'toaster']).done).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('toaster'),
    });
  });
});

describe('events --follow', () => {
  it('prints what was and what comes, and comes back after the daemon was away, missing nothing', async () => {
    const first = await new Stage().open();
    const streams: ServerResponse[] = [];
    const answerStream = (_request: unknown, _body: string, response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('retry: 2000\n\n: alive\n\n');
      streams.push(response);
    };
    first.answers['GET stream'] = answerStream;
    const send = (id: number): void =>
      void streams.at(-1)?.write(`id: ${id}\nevent: event\ndata: ${JSON.stringify(event(id))}\n\n`);
    const following = start(['events', '-f', '-o', 'json', '--data-dir', first.dataDir]);
    const seen = (): number[] =>
      following
        .stdout()
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text).id);
    try {
      await expect.poll(() => streams.length).toBe(1);
      send(4);
      await expect.poll(seen).toEqual([1, 2, 3, 4]);

      await first.close();
      await expect.poll(() => following.stderr()).toMatch(/back/);
      await first.open();
      await expect.poll(() => streams.length, { timeout: 15_000 }).toBe(2);
      expect(first.asked.at(-1)?.line).toBe('GET stream?topics=event&after=4');
      send(5);
      await expect.poll(seen).toEqual([1, 2, 3, 4, 5]);

      following.end();
      expect((await following.done).code).toBe(0);
    } finally {
      following.end();
      await first[Symbol.asyncDispose]();
    }
  });
});

describe('as a process', () => {
  it('loads no library of the daemon for `status`', async () => {
    await using stage = await new Stage().open();
    const { stdout, code } = await spawned(['status', '--data-dir', stage.dataDir], 'status');
    expect(code).toBe(0);
    expect(stdout).toContain('All 2 nodes are well');
    const loaded = stdout.split('\n').filter((line) => line.startsWith('loaded '));
    expect(loaded.length).toBeGreaterThan(0);
    for (const heavy of ['libp2p', 'onnxruntime', 'fastify', 'sharp', 'better-sqlite3', 'typebox', 'mqtt']) {
      expect(loaded.filter((line) => line.includes(`node_modules/${heavy}`) || line.includes(`/@${heavy}`))).toEqual(
        [],
      );
    }
  });

  it('ends quietly when its reader has gone', async () => {
    await using stage = await new Stage().open();
    stage.answers['GET events'] = Array.from({ length: 1000 }, (_, id) =>
      event(1000 - id, { message: 'x'.repeat(1000) }),
    );
    const child = spawn(process.execPath, [ENTRY, 'events', '-n', '1000', '--data-dir', stage.dataDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

const ENTRY = join(import.meta.dirname, 'entry.ts');

async function spawned(args: string[], name: string): Promise<{ code: number; stdout: string }> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: { ...process.env, LIST_MODULES: name, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { code, stdout };
}
