// `parlmesh forward` over one to four hops of real nodes beside as many plain TCP proxies, all on this machine: bytes a
// second, the time of one byte there and back, and what a gigabyte leaves in the memory of the nodes on its way.
//
//   npm run -s bench -- forward --json [--hops 1,2,3,4] [--connections 1,16] [--megabytes 64] [--round-trips 320]
//     [--memory-megabytes 1024] [--subjects parlmesh,proxy]

import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { type Chain, parlmeshChain, proxyChain, serving, type Way } from './chain.ts';
import { push, roundTrips } from './load.ts';

const MEGABYTE = 1_000_000;
/** Milliseconds for one case. */
const CASE_LIMIT = 180_000;
const MEMORY_LIMIT = 900_000;
/** Before memory is looked at: buffers and the heap have their size then. */
const WARM_UP_MEGABYTES = 128;
const MEMORY_TARGET_MEGABYTES = 64;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    hops: { type: 'string', default: '1,2,3,4' },
    connections: { type: 'string', default: '1,16' },
    megabytes: { type: 'string', default: '64' },
    'round-trips': { type: 'string', default: '320' },
    'memory-megabytes': { type: 'string', default: '1024' },
    subjects: { type: 'string', default: 'parlmesh,proxy' },
  },
});
const numbers = (text: string): number[] => text.split(',').map(Number);
const hops = numbers(values.hops);
const connections = numbers(values.connections);
const megabytes = Number(values.megabytes);
const memoryMegabytes = Number(values['memory-megabytes']);
const output = new Report('forward');
const load = (): { load: number } => ({ load: Number(loadavg()[0]!.toFixed(1)) });

async function measure(chain: Chain, distance: number): Promise<void> {
  const way = await chain.to(distance);
  for (const count of connections) {
    const name = `${distance} ${distance === 1 ? 'hop' : 'hops'}, ${count} ${count === 1 ? 'connection' : 'connections'}`;
    const times = await roundTrips(way.port, Number(values['round-trips']), count, CASE_LIMIT);
    await push(way.port, 4 * MEGABYTE, count, CASE_LIMIT);
    const seconds = await push(way.port, megabytes * MEGABYTE, count, CASE_LIMIT);
    output.tell(chain.name, { case: name, metric: 'throughput', value: megabytes / seconds, unit: 'MB/s' }, load());
    for (const percent of [50, 95]) {
      const value = percentile(times, percent) / 1000;
      output.tell(chain.name, { case: name, metric: `round trip p${percent}`, value, unit: 's' }, load());
    }
  }
}

/** How much the process on the way that grew most holds at most, beyond what it held after the first megabytes. */
async function measureMemory(chain: Chain, way: Way): Promise<void> {
  await push(way.port, WARM_UP_MEGABYTES * MEGABYTE, 1, CASE_LIMIT);
  const before = way.pids.map(residentMegabytes);
  const most = [...before];
  const watch = setInterval(() => {
    way.pids.forEach((pid, index) => {
      most[index] = Math.max(most[index]!, residentMegabytes(pid));
    });
  }, 250);
  try {
    await push(way.port, memoryMegabytes * MEGABYTE, 1, MEMORY_LIMIT);
  } finally {
    clearInterval(watch);
  }
  const growth = Math.max(...most.map((value, index) => value - before[index]!));
  output.tell(
    chain.name,
    {
      case: `${memoryMegabytes} MB over ${way.pids.length - 2} hops, 1 connection`,
      metric: 'memory growth of a process on the way, most',
      value: growth,
      unit: 'MB',
      target: MEMORY_TARGET_MEGABYTES,
    },
    load(),
  );
}

function residentMegabytes(pid: number): number {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * 4096) / MEGABYTE;
}

const target = await serving('target.ts');
const subjects = values.subjects.split(',');
const most = Math.max(...hops);
try {
  for (const [key, start] of [['parlmesh', parlmeshChain] as const, ['proxy', proxyChain] as const]) {
    if (!subjects.includes(key)) continue;
    const chain = await start(most, target.port);
    try {
      for (const distance of hops) await measure(chain, distance);
      if (key === 'parlmesh' && memoryMegabytes > 0) await measureMemory(chain, await chain.to(most));
    } finally {
      await chain.stop();
    }
  }
} catch (error) {
  process.exitCode = 1;
  note(`forward failed: ${error instanceof Error ? error.message : error}`);
} finally {
  await target.running.stop('SIGKILL');
}
