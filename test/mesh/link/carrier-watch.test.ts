import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../../core/logger.ts';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { IpCarrierWatch } from '../../../mesh/link/carrier-watch.ts';

let watch: IpCarrierWatch | undefined;
afterEach(() => watch?.stop());

const folder = mkdtempSync(join(tmpdir(), 'parlmesh-carrier-'));
let sleepers = 0;
afterAll(() => rmSync(folder, { recursive: true }));

function start(command: readonly [string, ...string[]], logger: Logger = silentLogger): [string, boolean][] {
  const heard: [string, boolean][] = [];
  watch = new IpCarrierWatch({ clock: systemClock, logger, command, carrier: (name, up) => heard.push([name, up]) });
  watch.start();
  return heard;
}

describe('The watch of network interfaces', () => {
  it('hears a child that speaks as `ip monitor link` does', async () => {
    const lines = [
      '2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc fq_codel state DOWN group default',
      'something else',
      '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default',
    ];
    const program = `process.stdout.write(${JSON.stringify(`${lines.join('\n')}\n`)}); setTimeout(() => {}, 60_000)`;
    const heard = start([process.execPath, '-e', program]);
    await expect
      .poll(() => heard, { timeout: 10_000 })
      .toEqual([
        ['eth0', false],
        ['eth0', true],
      ]);
  });

  it('says once that there is no such program, and leaves it to the probes', async () => {
    const said: string[] = [];
    const logger = { ...silentLogger, info: (_data: object, message: string) => void said.push(message) };
    start(['/nowhere/ip'], logger);
    await expect.poll(() => said).toHaveLength(1);
  });

  it('leaves no child behind when it is stopped', async () => {
    const { command, pid } = sleeper();
    start(command);
    const child = await pid();
    watch?.stop();
    await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
  });

  it('leaves no child behind when its process is killed', async () => {
    const { command, pid } = sleeper();
    const here = import.meta.dirname;
    const program = `
      import { IpCarrierWatch } from ${JSON.stringify(join(here, '../../../mesh/link/carrier-watch.ts'))};
      new IpCarrierWatch({ clock: {}, logger: console, command: ${JSON.stringify(command)}, carrier: () => {} }).start();
      setInterval(() => {}, 60_000);`;
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
    const child = await pid();
    daemon.kill('SIGKILL');
    await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
  });
});

/** A program that never speaks nor ends by itself, and what tells its process id. */
function sleeper(): { command: [string, ...string[]]; pid: () => Promise<number> } {
  const file = join(folder, `pid${++sleepers}`);
  const pid = async (): Promise<number> => {
    await expect
      .poll(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), { timeout: 10_000 })
      .toBe(true);
    return Number(readFileSync(file, 'utf8'));
  };
  return { command: ['sh', '-c', `echo $$ > ${file}; exec sleep 600`], pid };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
