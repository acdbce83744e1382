import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Commands } from '../../../agents/process/commands.ts';
import type { CommandConfig } from '../../../agents/process/config.ts';
import { findProgram, launchOf } from '../../../agents/process/launch.ts';
import { systemClock } from '../../../daemon/clock.ts';

const NODE = process.execPath;
const BASE = {
  timeout: 20,
  mostOutput: 100_000,
  nice: 0,
  environment: [],
  folder: '/',
  extraArguments: 0,
  failures: 1,
  recoveries: 1,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parlmesh-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function commands(...configs: (Partial<CommandConfig> & { argv: string[] })[]): Commands {
  const all = new Commands(systemClock, { SHOWN: 'yes', HIDDEN: 'secret' });
  all.configure(configs.map((config, index) => ({ ...BASE, name: `c${index}`, ...config })));
  return all;
}

const script = (source: string) => ({ argv: [NODE, '-e', source] });
const failure = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

/** The process with this id is gone, or only its parent's receipt is missing. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') ?? true;
  } catch {
    return true;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20);
}

describe('a command', () => {
  it('gets its arguments as they are, since no shell reads them', async () => {
    const all = commands({ argv: ['printf', '%s|', '$HOME', '*', '; ls'] });
    expect((await all.run({ name: 'c0' })).stdout.toString()).toBe('$HOME|*|; ls|');
  });

  it('reads its input and sees of the environment what it is allowed to', async () => {
    const all = commands({ argv: ['cat'] }, { argv: ['env'], environment: ['SHOWN', 'UNSET'], folder: '/tmp' });
    expect((await all.run({ name: 'c0', stdin: 'hello' })).stdout.toString()).toBe('hello');
    const { stdout } = await all.run({ name: 'c1', environment: { TASK_KEY: 'k1' } });
    const seen = stdout.toString().trim().split('\n').sort();
    expect(seen.map((line) => line.split('=')[0])).toEqual(['HOME', 'LANG', 'PATH', 'SHOWN', 'TASK_KEY']);
  });

  it('has none of the files open that the daemon has open', async () => {
    const file = join(folder, 'open');
    const descriptor = openSync(file, 'w');
    const { stdout } = await commands({ argv: ['ls', '-l', '/proc/self/fd'] }).run({ name: 'c0' });
    closeSync(descriptor);
    expect(stdout.toString()).toContain('0 -> ');
    expect(stdout.toString()).not.toContain(file);
  });

  it('fails with its exit code and the last thing it said', async () => {
    const all = commands(script('console.error("first\\nno paper left"); process.exit(3)'), script('process.abort()'));
    await expect(all.run({ name: 'c0' })).rejects.toEqual(
      failure('PROGRAM_FAILED', 'command "c0" ended with exit code 3: no paper left'),
    );
    await expect(all.run({ name: 'c1' })).rejects.toEqual(failure('PROGRAM_FAILED', 'was ended by SIGABRT'));
  });

  it('is refused when it is not configured, not there, or has arguments that it must not have', async () => {
    const all = commands(
      { argv: ['echo'] },
      { argv: ['no-such-program'] },
      { argv: ['echo', '--'], extraArguments: 2 },
    );
    await expect(all.run({ name: 'rm' })).rejects.toEqual(failure('COMMAND_UNKNOWN'));
    await expect(all.run({ name: 'c1' })).rejects.toEqual(failure('PROGRAM_NOT_FOUND', 'no-such-program'));
    await expect(all.run({ name: 'c0', extraArguments: ['x'] })).rejects.toEqual(failure('COMMAND_ARGUMENTS'));
    await expect(all.run({ name: 'c2', extraArguments: ['a', 'b', 'c'] })).rejects.toEqual(
      failure('COMMAND_ARGUMENTS'),
    );
    await expect(all.run({ name: 'c2', extraArguments: ['a\0b'] })).rejects.toEqual(failure('COMMAND_ARGUMENTS'));
    expect((await all.run({ name: 'c2', extraArguments: ['-n', 'b'] })).stdout.toString()).toContain('-n b');
    all.configure([{ ...BASE, name: 'c3', argv: ['echo'], extraArguments: 1 }]);
    await expect(all.run({ name: 'c3', extraArguments: ['--version'] })).rejects.toEqual(failure('COMMAND_ARGUMENTS'));
  });

  it('is ended after its time with all that it started', async () => {
    const file = join(folder, 'pids');
    const source = `
      const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
      require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + child.pid);
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000);`;
    const all = commands({ ...script(source), timeout: 1 });
    await expect(all.run({ name: 'c0' })).rejects.toEqual(failure('PROGRAM_TIMED_OUT', 'within 1 s'));
    const pids = readFileSync(file, 'utf8').split(' ').map(Number);
    expect(pids).toHaveLength(2);
    await until(() => pids.every(isGone));
  });

  it('takes what it left in the background along when it ends', async () => {
    const source = `
      const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'inherit' });
      console.log(child.pid); process.exit(0)`;
    const { stdout } = await commands(script(source)).run({ name: 'c0' });
    await until(() => isGone(Number(stdout)));
  });

  it('is ended when it prints too much', async () => {
    const all = commands({ argv: ['yes'], mostOutput: 10_000 });
    await expect(all.run({ name: 'c0' })).rejects.toEqual(failure('PROGRAM_OUTPUT_TOO_LARGE', '10000 bytes'));
  });

  it('is ended when whoever asked for it aborts', async () => {
    const abort = new AbortController();
    const ran = commands({ argv: ['sleep', '600'] }).run({ name: 'c0', signal: abort.signal });
    abort.abort(new Error('taken back'));
    await expect(ran).rejects.toThrow('taken back');
  });

  it.skipIf(findProgram('prlimit') === undefined)('cannot hold more memory than it may', async () => {
    const source = 'Buffer.alloc(1_500_000_000); console.log("had it")';
    const all = commands({ ...script(source), memory: 1_200 }, script(source));
    await expect(all.run({ name: 'c0' })).rejects.toEqual(failure('PROGRAM_FAILED'));
    expect((await all.run({ name: 'c1' })).stdout.toString()).toBe('had it\n');
  });
});

describe('the launch of a program', () => {
  const find =
    (...there: string[]) =>
    (name: string) =>
      there.includes(name) ? `/bin/${name}` : undefined;

  it('puts before it what keeps its limits, as far as the board has it', () => {
    const all = find('prlimit', 'setpriv', 'nice', 'job');
    expect(launchOf(['job', '-x'], { nice: 5, dataBytes: 1e8 }, all)).toEqual([
      ...['/bin/prlimit', '--core=0', '--data=100000000', '/bin/setpriv', '--pdeathsig=KILL'],
      ...['/bin/nice', '-n', '5', '/bin/job', '-x'],
    ]);
    expect(launchOf(['job'], { nice: 0 }, find('job'))).toEqual(['/bin/job']);
  });

  it('is refused when nothing could keep the memory limit', () => {
    expect(() => launchOf(['job'], { nice: 0, dataBytes: 1e8 }, find('job'))).toThrow(
      expect.objectContaining({ code: 'LIMIT_UNAVAILABLE' }),
    );
  });
});
