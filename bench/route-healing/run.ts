// How long traffic is interrupted when a cable on its way is cut: parlmesh beside babeld and BIRD, one after the other,
// on networks of network namespaces. Needs root.
//
//   npm run -s bench -- route-healing --json [--cuts 20] [--topologies ring,grid] [--failures silent,carrier]
//     [--subjects parlmesh,parlmesh-kernel,babeld,babeld-tuned,bird-ospf,bird-ospf-tuned,bird-bfd]
//
// All of that takes about an hour. `parlmesh-tables` can be named too. An outage of parlmesh beyond a second is told with
// what the nodes' journals said meanwhile.

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type CutKind, NamespaceRig } from '../rig/namespaces.ts';
import type { Outage } from '../rig/outage.ts';
import { isInstalled } from '../rig/processes.ts';
import { note, Report, type Result } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { grid, ring, type Topology } from '../rig/topology.ts';
import { babeld } from './babeld.ts';
import { birdOspf } from './bird.ts';
import { parlmesh, parlmeshKernel, parlmeshTables } from './parlmesh.ts';
import type { RunningSubject, Subject } from './subject.ts';
import { trial } from './trial.ts';

const SUBJECTS: Record<string, Subject> = {
  parlmesh,
  'parlmesh-kernel': parlmeshKernel,
  'parlmesh-tables': parlmeshTables,
  babeld: babeld('babeld, defaults', 4),
  'babeld-tuned': babeld('babeld, hello 1 s', 1),
  'bird-ospf': birdOspf('BIRD OSPF, defaults', { hello: 10, dead: 40 }),
  'bird-ospf-tuned': birdOspf('BIRD OSPF, hello 1 s, dead 4 s', { hello: 1, dead: 4 }),
  'bird-bfd': birdOspf('BIRD OSPF, BFD 100 ms × 3', { hello: 1, dead: 4, bfd: 100 }),
};
const TOPOLOGIES: Record<string, Topology> = { ring: ring(8), grid: grid(4, 4) };
const FAILURES: Record<string, CutKind> = { silent: 'silent', carrier: 'carrier' };

const output = new Report('route-healing');
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    cuts: { type: 'string', default: '20' },
    subjects: {
      type: 'string',
      default: 'parlmesh,parlmesh-kernel,babeld,babeld-tuned,bird-ospf,bird-ospf-tuned,bird-bfd',
    },
    topologies: { type: 'string', default: Object.keys(TOPOLOGIES).join() },
    failures: { type: 'string', default: Object.keys(FAILURES).join() },
  },
});
const cuts = Number(values.cuts);
const subjects = chosen('subjects', SUBJECTS);
const topologies = chosen('topologies', TOPOLOGIES);
const failures = chosen('failures', FAILURES);

function chosen<T>(option: 'subjects' | 'topologies' | 'failures', known: Record<string, T>): T[] {
  return values[option].split(',').map((key) => {
    const one = known[key];
    if (one === undefined) throw new Error(`--${option}: "${key}" is none of ${Object.keys(known).join(', ')}`);
    return one;
  });
}

async function measure(subject: Subject, topology: Topology): Promise<void> {
  await using lanes = new AsyncDisposableStack();
  const running: { rig: NamespaceRig; subject: RunningSubject }[] = [];
  for (let lane = 0; lane < Math.min(subject.lanes, cuts); lane++) {
    const rig = lanes.use(await NamespaceRig.build(topology));
    const one = await subject.start(rig);
    lanes.defer(() => one.stop());
    running.push({ rig, subject: one });
  }
  for (const failure of failures) {
    const outages: Outage[] = [];
    let left = cuts;
    try {
      await Promise.all(
        running.map(async ({ rig, subject: one }) => {
          while (left-- > 0) {
            const { outage, story } = await trial(rig, one, failure, subject.settling);
            note(`${subject.name}, ${topology.name}, ${failure}: ${outage.longest.toFixed(0)} ms, lost ${outage.lost}`);
            if (story.length > 0) {
              const name = `${topology.name}, ${failure}`;
              output.explain(subject.name, { case: name, seconds: outage.longest / 1000, story });
            }
            outages.push(outage);
          }
        }),
      );
    } finally {
      // What was measured before a failure counts.
      if (outages.length > 0) tell(subject, topology, failure, outages);
    }
  }
}

function tell(subject: Subject, topology: Topology, failure: CutKind, outages: readonly Outage[]): void {
  const longest = outages.map((outage) => outage.longest / 1000);
  const lost = outages.reduce((sum, outage) => sum + outage.lost, 0) / outages.length;
  const scenario = `${topology.name}, ${failure}`;
  const how = {
    flow: subject.flow,
    cuts: outages.length,
    networks: Math.min(subject.lanes, cuts),
    load: Number(loadavg()[0]!.toFixed(1)),
  };
  const target = failure === 'silent' ? { target: 0.2 } : {};
  const results: Omit<Result, 'case'>[] = [
    { metric: 'outage p50', value: percentile(longest, 50), unit: 's' },
    { metric: 'outage p95', value: percentile(longest, 95), unit: 's', ...target },
    { metric: 'probes lost, mean', value: lost, unit: '1' },
  ];
  for (const result of results) output.tell(subject.name, { case: scenario, ...result }, how);
}

const obstacle = NamespaceRig.obstacle();
if (obstacle !== undefined) {
  note(`route-healing cannot run: ${obstacle}`);
  process.exit(1);
}
for (const topology of topologies) {
  for (const subject of subjects) {
    if (subject.needs !== undefined && !isInstalled(subject.needs.program)) {
      note(`skipped: ${subject.name} (not installed: apt-get install ${subject.needs.debianPackage})`);
      continue;
    }
    try {
      await measure(subject, topology);
    } catch (error) {
      process.exitCode = 1;
      note(`failed: ${subject.name}, ${topology.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}
