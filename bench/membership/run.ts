// Who is there: how soon a dead member is known everywhere, what knowing costs when nothing happens, and how often a
// member is called dead that is only slow. parlmesh beside Serf, one after the other. Needs root.
//
//   npm run -s bench -- membership --json [--nodes 10,25] [--programs parlmesh,serf] [--victims 3] [--idle-seconds 30]
//     [--minutes 10] [--load 250]
//
// Without options some 50 minutes, of which 40 are the wait for false alarms.
//
// A killed member's sockets are closed by its kernel, which its peers notice; a frozen one (SIGSTOP) falls silent, as a
// board without power does.

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startHogs } from '../rig/hogs.ts';
import { NamespaceRig } from '../rig/namespaces.ts';
import { isInstalled, monotonic, processorSeconds, until } from '../rig/processes.ts';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { loopback } from '../rig/topology.ts';
import type { Group, Program } from './group.ts';
import { falseAlarms, knownEverywhere } from './observations.ts';
import { parlmesh } from './parlmesh.ts';
import { serf } from './serf.ts';

const PROGRAMS: Record<string, Program> = { parlmesh, serf };
/** Milliseconds. Long enough that links which carried something at the start are idle. */
const SETTLING = 15_000;
const DETECTION_LIMIT = 120_000;
/** Seconds until a killed member is known everywhere. */
const TARGET = 0.4;

const output = new Report('membership');
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    nodes: { type: 'string', default: '10,25' },
    programs: { type: 'string', default: Object.keys(PROGRAMS).join() },
    victims: { type: 'string', default: '3' },
    'idle-seconds': { type: 'string', default: '30' },
    minutes: { type: 'string', default: '10' },
    load: { type: 'string', default: '250' },
  },
});
const victims = Number(values.victims);
const idleSeconds = Number(values['idle-seconds']);
const minutes = Number(values.minutes);
const load = Number(values.load);

async function measure(program: Program, count: number): Promise<void> {
  await using rig = await NamespaceRig.build(loopback);
  const group = await program.start(rig, count);
  const tell = (metric: string, value: number, unit: string, target?: number): void => {
    const result = { case: `${count} nodes`, metric, value, unit, ...(target !== undefined && { target }) };
    output.tell(program.name, result, { load: Number(loadavg()[0]!.toFixed(1)) });
  };
  await sleep(SETTLING);
  const idle = await idleCost(rig, group);
  tell('sent while idle, a node', idle.bytes, 'byte/s');
  tell('processor while idle, a node', idle.processor, '1');
  if (minutes > 0) tell(`false alarms in ${minutes} min at ${load} % load`, await alarmsUnderLoad(group), '1', 0);
  const alive = [...group.members];
  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    const times: number[] = [];
    for (let round = 0; round < victims; round++) times.push(await detection(group, alive, signal));
    const fate = signal === 'SIGKILL' ? 'killed' : 'frozen';
    tell(`${fate}, known everywhere, p50`, percentile(times, 50), 's', TARGET);
    tell(`${fate}, known everywhere, worst`, percentile(times, 100), 's', TARGET);
  }
  await group.stop();
}

/** A second and node: bytes, and seconds of a core. */
async function idleCost(rig: NamespaceRig, { pids }: Group): Promise<{ bytes: number; processor: number }> {
  const used = (): number => pids.reduce((sum, pid) => sum + processorSeconds(pid), 0);
  const before = { bytes: await rig.receivedBytes(0, 'lo'), used: used(), at: monotonic() };
  await sleep(idleSeconds * 1000);
  const share = ((monotonic() - before.at) / 1000) * pids.length;
  return {
    bytes: ((await rig.receivedBytes(0, 'lo')) - before.bytes) / share,
    processor: (used() - before.used) / share,
  };
}

async function alarmsUnderLoad(group: Group): Promise<number> {
  const hogs = startHogs(load);
  const began = monotonic();
  await sleep(minutes * 60_000);
  await Promise.all(hogs.map((hog) => hog.stop('SIGKILL')));
  // What went wrong under load may be noticed a moment later.
  await sleep(SETTLING);
  return falseAlarms(group.observations, began, monotonic());
}

/** Takes the last of `alive` out; seconds until all others know, or the limit. */
async function detection(group: Group, alive: string[], signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> {
  const victim = alive.pop()!;
  const since = monotonic();
  group.signal(victim, signal);
  const known = (): number | undefined => knownEverywhere(group.observations, victim, alive, since);
  await until(`${victim} is known to be gone`, DETECTION_LIMIT, () => known() !== undefined).catch(() => {});
  return (known() ?? DETECTION_LIMIT) / 1000;
}

const obstacle = NamespaceRig.obstacle();
if (obstacle !== undefined) {
  note(`membership cannot run: ${obstacle}`);
  process.exit(1);
}
for (const count of values.nodes.split(',').map(Number)) {
  if (count <= 2 * victims + 1)
    throw new Error(`${count} nodes are too few for ${victims} killed and ${victims} frozen`);
  for (const key of values.programs.split(',')) {
    const program = PROGRAMS[key];
    if (program === undefined) throw new Error(`--programs: "${key}" is none of ${Object.keys(PROGRAMS).join(', ')}`);
    if (program.needs !== undefined && !isInstalled(program.needs.program)) {
      note(`skipped: ${program.name} (not installed: apt-get install ${program.needs.debianPackage})`);
      continue;
    }
    try {
      await measure(program, count);
    } catch (error) {
      process.exitCode = 1;
      note(`failed: ${program.name}, ${count} nodes: ${error instanceof Error ? error.message : error}`);
    }
  }
}
