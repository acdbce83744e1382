// How soon a network that has nothing but brokers is whole again after one is killed: six nodes in this process over the
// mesh's MQTT transport; a cluster of three NATS servers with two clients each, and Mosquitto with another one to go to.
// The brokers are processes of their own, killed with SIGKILL. Events that were on their way are lost, states are not.
//
//   npm run -s bench -- broker-loss --json [--trials 10] [--nodes 6] [--brokers nats,mosquitto]

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { type Brokers, has, MOSQUITTO, mosquittos, NATS, natsCluster } from './brokers.ts';
import { type Outcome, trial } from './trial.ts';

const output = new Report('broker-loss');
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    trials: { type: 'string', default: '10' },
    nodes: { type: 'string', default: '6' },
    brokers: { type: 'string', default: 'nats,mosquitto' },
  },
});
const trials = Number(values.trials);
const nodes = Number(values.nodes);

interface Setting {
  name: string;
  program: string;
  start: () => Promise<Brokers>;
  /** The clients are spread over the brokers; else all begin at the one that is killed. */
  spread: boolean;
}

const settings: Record<string, Setting> = {
  nats: { name: 'three NATS servers', program: NATS, start: natsCluster, spread: true },
  mosquitto: { name: 'Mosquitto, and another', program: MOSQUITTO, start: mosquittos, spread: false },
};

async function measure({ start, spread }: Setting): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const brokers = await start();
  try {
    for (let at = 0; at < trials; at++) {
      const outcome = await trial(brokers, nodes, spread ? at % brokers.urls.length : 0, spread);
      note(`trial ${at + 1}: ${JSON.stringify(outcome)}`);
      outcomes.push(outcome);
    }
  } finally {
    await brokers.stop();
  }
  return outcomes;
}

function tell({ name }: Setting, outcomes: readonly Outcome[]): void {
  const of = { case: `${name}, ${nodes} nodes`, unit: 'ms' };
  const more = { trials: outcomes.length, load: Number(loadavg()[0]!.toFixed(1)) };
  const figures = [
    ['all clients at another broker', 'moved'],
    ['all pairs hear each other', 'flowing'],
    ['all states whole', 'whole'],
  ] as const;
  for (const [metric, figure] of figures) {
    const all = outcomes.map((outcome) => outcome[figure]);
    output.tell('parlmesh', { ...of, metric: `${metric}, p50`, value: percentile(all, 50) }, more);
    output.tell('parlmesh', { ...of, metric: `${metric}, worst`, value: Math.max(...all) }, more);
  }
  const sum = (figure: 'lost' | 'expected'): number => outcomes.reduce((total, outcome) => total + outcome[figure], 0);
  output.tell('parlmesh', { ...of, metric: 'events lost', value: sum('lost') / sum('expected'), unit: 'share' }, more);
}

for (const key of values.brokers.split(',')) {
  const setting = settings[key];
  if (setting === undefined) throw new Error(`no such brokers: ${key}`);
  if (!has(setting.program)) note(`${setting.program} is not installed: left out`);
  else tell(setting, await measure(setting));
}
