// Five daemons for an hour with a random fault every minute: how available are routes, jobs, cameras and telemetry?
//
//   npm run -s bench -- uptime --json [--minutes 60] [--every 60] [--seed 1] [--loop repair|off]

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { JobView } from '../../agents/swarm/job-view.ts';
import { messageOf } from '../../core/errors.ts';
import { seededRandom } from '../../core/random.ts';
import { Dice } from '../../daemon/chaos/schedule.ts';
import type { InjectionView } from '../../daemon/chaos/view.ts';
import { ChaosNetwork } from '../recovery/faults-network.ts';
import type { RunningNode } from '../recovery/network.ts';
import { within } from '../rig/processes.ts';
import { note, Report } from '../rig/report.ts';
import { Availability, SERVICES, type ServiceName } from './samples.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    minutes: { type: 'string', default: '60' },
    every: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    loop: { type: 'string', default: 'repair' },
  },
});
const every = Number(values.every) * 1000;
const random = seededRandom(Number(values.seed));
const dice = new Dice(Number(values.seed));
const report = new Report('uptime');
const network = new ChaosNetwork();
const availability = new Availability();
const NODES = 5;
const TARGET = 0.999;
const SAMPLE_EVERY = 1_000;
const JOB_EVERY = 5_000;
/** An answer, a ping, a picture: later is not available. */
const ANSWERS_WITHIN = 2_000;
const PICTURE_WITHIN = 5_000;
const JOB_WITHIN = 30_000;
const AFTER_START = 20_000;
/** Faults that take something away which nothing on the node can give back before their end. */
const TAKES_AWAY: Readonly<Record<string, readonly ServiceName[]>> = {
  partition: ['routes', 'jobs'],
  'peer-silent': SERVICES,
  'camera-lost': ['cameras'],
};

/** What is injected now, and where. */
let present: { victim: RunningNode; injection: InjectionView } | undefined;
const isTakenAway = (service: ServiceName, ...nodes: RunningNode[]): boolean => {
  if (present === undefined || Date.now() > present.injection.endsAt + ANSWERS_WITHIN) return false;
  return nodes.includes(present.victim) && (TAKES_AWAY[present.injection.name] ?? []).includes(service);
};

async function look(node: RunningNode, index: number): Promise<void> {
  const other = network.nodes[(index + 1 + random.below(NODES - 1)) % NODES]!;
  const noRoute = isTakenAway('routes', node, other);
  const [noPicture, noTelemetry] = [isTakenAway('cameras', node), isTakenAway('telemetry', node)];
  const [ping, cameras, view] = await Promise.all([
    within(ANSWERS_WITHIN, node.node.post<unknown>(`relay/${other.id}/ping`, {})),
    within(ANSWERS_WITHIN, node.node.get<{ state: string; lastFrameAt?: number }[]>('vision/cameras')),
    within(ANSWERS_WITHIN, node.node.get<{ services: { name: string; state: string }[] }>('node')),
  ]);
  availability.add('routes', ping !== undefined, noRoute);
  if (index === 0) {
    const [camera] = cameras ?? [];
    const isLive = camera?.state === 'live' && Date.now() - (camera.lastFrameAt ?? 0) < PICTURE_WITHIN;
    availability.add('cameras', isLive, noPicture);
  }
  const isTold = view?.services.some(({ name, state }) => name === 'mqtt' && state === 'running') ?? false;
  availability.add('telemetry', isTold, noTelemetry);
}

async function tryJob(): Promise<void> {
  const home = network.nodes[random.below(NODES)]!;
  const noJob = isTakenAway('jobs', home);
  const tasks = ['a', 'b', 'c'].map((id) => ({ id, kind: 'wait', input: { seconds: 0.2 }, seconds: 0.2, timeout: 5 }));
  const end = Date.now() + JOB_WITHIN;
  const job = await within(ANSWERS_WITHIN, home.node.post<JobView>('jobs', { name: 'uptime', tasks }));
  let state = job?.state;
  while (job !== undefined && state === 'running' && Date.now() < end) {
    await sleep(250);
    state = (await within(ANSWERS_WITHIN, home.node.get<JobView>(`jobs/${job.id}`)))?.state ?? state;
  }
  availability.add('jobs', state === 'succeeded', noJob || isTakenAway('jobs', home));
}

async function injectOne(): Promise<void> {
  const victim = network.nodes[random.below(NODES)]!;
  const { faults } = await network.chaos(victim);
  const draw = dice.draw(new Map(faults.map(({ name, targets }) => [name, targets])));
  if (draw === undefined) return;
  const lasts = faults.find(({ name }) => name === draw.name)!.lastsSeconds;
  // A network is not cut by what one node does not hear of two others.
  const target = draw.name === 'partition' ? 'all' : draw.target;
  const injection = await network.inject(victim, draw.name, target, Math.min(lasts, (every / 1000) * 0.6));
  present = { victim, injection };
  note(`${victim.node.name}: ${draw.name} at ${target}`);
}

try {
  await network.start(NODES, values.loop === 'off' ? 'off' : 'repair');
  await sleep(AFTER_START);
  const end = Date.now() + Number(values.minutes) * 60_000;
  const underWay = new Set<Promise<void>>();
  let [faults, nextFault, nextJob] = [0, Date.now(), Date.now()];
  const go = (work: Promise<void>): void => {
    const watched = work.catch((error: unknown) => note(messageOf(error))).finally(() => underWay.delete(watched));
    underWay.add(watched);
  };
  while (Date.now() < end) {
    const began = Date.now();
    if (began >= nextFault) {
      nextFault += every;
      faults++;
      go(injectOne());
    }
    if (began >= nextJob) {
      nextJob += JOB_EVERY;
      go(tryJob());
    }
    // At an even pace: who does not answer must not be asked more rarely than who does.
    for (const [index, node] of network.nodes.entries()) go(look(node, index));
    await sleep(Math.max(0, SAMPLE_EVERY - (Date.now() - began)));
  }
  await Promise.all(underWay);
  const name = `${NODES} nodes, ${values.minutes} min, a fault every ${values.every} s, loop ${values.loop}`;
  for (const service of SERVICES) {
    for (const kind of ['all', 'not taken away'] as const) {
      const found = availability.of(service, kind);
      if (found === undefined) continue;
      const metric = `availability of ${service}${kind === 'all' ? '' : ', without what a fault itself takes away'}`;
      const more = { samples: found.samples, faults, target: TARGET, met: found.share >= TARGET };
      report.tell(
        'parlmesh',
        { case: name, metric, value: found.share, unit: '1' },
        {
          ...more,
          load: Number(loadavg()[0]!.toFixed(1)),
        },
      );
    }
  }
} finally {
  await network.stop();
}
process.exit(0);
