// Runs a scenario from the first start to the last event and says what held. Same scenario, same answer.

import type { Vice } from './adversary.ts';
import { conclude, inspect } from './assertions.ts';
import { tryDeliveries } from './deliveries.ts';
import type { AssertionName, Scenario, SimulationReport } from './scenario.ts';
import { pick, SimulatedNetwork } from './simulated-network.ts';
import { settle, type Trial, type TrialReport } from './trial.ts';
import { startWarm } from './warm-start.ts';

/** Milliseconds without power. */
const POWER_CUT = 15_000;

export interface Simulation {
  report: SimulationReport;
  /** For the drawing. */
  picture: Picture;
}

export interface Picture {
  scenario: Scenario;
  cutLinks: ReadonlySet<number>;
  deadNodes: ReadonlySet<number>;
  vices: ReadonlyMap<number, Vice>;
  /** The event that took longest to settle. */
  worst: Trial;
}

/** @param progress is told the name of each event before it happens */
export async function simulate(scenario: Scenario, progress: (event: string) => void = () => {}): Promise<Simulation> {
  const network = new SimulatedNetwork(scenario);
  const trials: Trial[] = [];
  const findings: Partial<Record<AssertionName, string>> = {};
  const cutLinks = new Set<number>();
  const deadNodes = new Set<number>();
  const event = async (name: TrialReport['event'], cause: () => void | Promise<void>): Promise<void> => {
    progress(name);
    const from = network.clock.now();
    await cause();
    trials.push(await settle(network, name, { from, within: scenario.within }));
    Object.assign(findings, { ...inspect(network), ...findings });
  };

  await event('start', () => (scenario.cold ? network.start() : startWarm(network)));
  if (scenario.failLinks > 0) {
    await event('links-fail', () => {
      for (const at of pick(network.random, network.links.length, scenario.failLinks)) {
        cutLinks.add(at);
        network.setCut(network.links[at]!, true);
      }
    });
  }
  if (scenario.churn > 0) {
    const dead = pick(network.random, network.nodes.length, scenario.churn);
    await event('nodes-die', () => {
      for (const number of dead) {
        deadNodes.add(number);
        network.kill(number);
      }
    });
    await network.pass(POWER_CUT);
    await event('nodes-return', async () => {
      for (const number of dead) await network.revive(number);
    });
  }
  if (scenario.partition) {
    const { nodes } = scenario.wiring;
    const middle = nodes.map(({ x }) => x).sort((a, b) => a - b)[Math.floor(nodes.length / 2)]!;
    const between = network.links.filter(({ a, b, cut }) => !cut && nodes[a]!.x < middle !== nodes[b]!.x < middle);
    await event('partition', () => {
      for (const link of between) network.setCut(link, true);
    });
    await network.pass(POWER_CUT);
    await event('merge', () => {
      for (const link of between) network.setCut(link, false);
    });
  }
  if (scenario.byzantine.some(({ share }) => share > 0)) {
    progress('siege');
    await network.pass(SIEGE);
    await event('siege', () => {});
  }
  const sent = network.traffic();
  progress('questions over the relay');
  const deliveries = await tryDeliveries(network);
  const reports = trials.map((trial) => trial.report);
  const assertions = conclude(reports, deliveries, findings);
  const count = network.nodes.length;
  const report: SimulationReport = {
    seed: scenario.seed,
    nodes: count,
    links: network.links.length,
    start: scenario.cold ? 'cold' : 'warm',
    convergence_seconds: worstOf(trials).report.convergence_seconds,
    messages_per_node: Math.round(sent.messages / count),
    bytes_per_node: Math.round(sent.bytes / count),
    unreachable_pairs: Math.max(...reports.map(({ unreachable_pairs }) => unreachable_pairs)),
    violated: assertions.filter(({ holds }) => !holds).map(({ name }) => name),
    assertions,
    trials: reports,
    drops: dropsOf(network),
    virtual_seconds: network.clock.now() / 1000,
    events: network.clock.fired,
  };
  const vices = new Map(
    network.nodes.flatMap(({ number, adversary }) => (adversary ? [[number, adversary.vice] as const] : [])),
  );
  await network.stop();
  return { report, picture: { scenario, cutLinks, deadNodes, vices, worst: worstOf(trials) } };
}

function dropsOf(network: SimulatedNetwork): Record<string, number> {
  const drops: Record<string, number> = {};
  for (const { mesh } of network.honest()) {
    for (const [reason, count] of Object.entries(mesh.counters().drops)) {
      if (count > 0) drops[reason] = (drops[reason] ?? 0) + count;
    }
  }
  return drops;
}

/** Liars go on for this long after all else, in milliseconds. */
const SIEGE = 20_000;

/** Starting counts only where nothing else happened. */
function worstOf(trials: readonly Trial[]): Trial {
  const [start, ...others] = trials;
  const took = ({ report }: Trial): number => report.convergence_seconds ?? Number.POSITIVE_INFINITY;
  if (start!.report.convergence_seconds === null) return start!;
  return (
    others.reduce<Trial | undefined>(
      (worst, trial) => (worst && took(worst) >= took(trial) ? worst : trial),
      undefined,
    ) ?? start!
  );
}
