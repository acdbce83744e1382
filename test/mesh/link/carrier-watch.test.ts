import { afterEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../../core/logger.ts';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { IpCarrierWatch } from '../../../mesh/link/carrier-watch.ts';

let watch: IpCarrierWatch | undefined;
afterEach(() => watch?.stop());

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
});
