// What must hold whatever happens. Each assertion looks at the whole network at the end of an event.

import type { AssertionName, AssertionResult } from './scenario.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import type { TrialReport } from './trial.ts';

/** States that one node gossips: link state, membership, summary, score. */
const STATES = 4;
/** Probes, their answers and indirect ones, a link and second and direction. */
const PROBES = 8;

/** What the states of the nodes say; called after each event. Empty when all is well. */
export function inspect(network: SimulatedNetwork): Partial<Record<AssertionName, string>> {
  const findings: Partial<Record<AssertionName, string>> = {};
  const forged = findForged(network);
  if (forged !== undefined) findings['no-forged-state'] = forged;
  const bound = (STATES + 1) * network.nodes.length;
  for (const { name, mesh } of network.honest()) {
    const { size } = mesh.gossip.states;
    if (size > bound) findings['memory-bounded'] = `${name} keeps ${size} states of ${network.nodes.length} nodes`;
  }
  const crowded = findCrowded(network);
  if (crowded !== undefined) findings['bounded-messages'] = crowded;
  return findings;
}

/** A link that some honest node believes in and that nobody built. */
function findForged(network: SimulatedNetwork): string | undefined {
  const { nodes } = network;
  const real = new Set(
    network.links.flatMap(({ a, b }) => [`${nodes[a]!.id} ${nodes[b]!.id}`, `${nodes[b]!.id} ${nodes[a]!.id}`]),
  );
  const nameOf = new Map(nodes.map(({ id, name }) => [id, name]));
  for (const { name, mesh } of network.honest()) {
    const { ids, offsets, targets, costs } = mesh.routing.graph;
    for (let from = 0; from < ids.length; from++) {
      for (let arc = offsets[from]!; arc < offsets[from + 1]!; arc++) {
        const to = ids[targets[arc]!]!;
        if (costs[arc] === Number.POSITIVE_INFINITY || real.has(`${ids[from]} ${to}`)) continue;
        return `${name} believes in a link from ${nameOf.get(ids[from]!) ?? 'a stranger'} to ${nameOf.get(to) ?? 'a stranger'}`;
      }
    }
  }
  return undefined;
}

/** No word crosses a link twice in one direction, synchronisation aside. */
function findCrowded(network: SimulatedNetwork): string | undefined {
  const seconds = network.clock.now() / 1000;
  const { published } = network.traffic();
  const said = published + (STATES + 1) * network.nodes.length;
  for (const { name, number, transport } of network.honest()) {
    const most = network.degree(number) * (said + PROBES * seconds);
    const { sentMessages } = transport.traffic();
    if (sentMessages > most) return `${name} sent ${sentMessages} messages, at most ${Math.round(most)} are right`;
  }
  return undefined;
}

/** All assertions, from what the events and the inspections after them found. */
export function conclude(
  trials: readonly TrialReport[],
  findings: Partial<Record<AssertionName, string>>,
): AssertionResult[] {
  const late = trials.filter(({ convergence_seconds }) => convergence_seconds === null);
  const cut = trials.filter(({ unreachable_pairs }) => unreachable_pairs > 0);
  const told = (name: AssertionName, well: string): AssertionResult => ({
    name,
    holds: findings[name] === undefined,
    finding: findings[name] ?? well,
  });
  return [
    {
      name: 'converges',
      holds: late.length === 0,
      finding:
        late
          .map(
            ({ event, wrong_routes, stale_routes, pairs }) =>
              `${event}: ${wrong_routes} of ${pairs} routes are not the shortest, ${stale_routes} lead to nobody`,
          )
          .join('; ') || 'all routes were the shortest in time after every event',
    },
    {
      name: 'no-unreachable-pairs',
      holds: cut.length === 0,
      finding:
        cut
          .map(({ event, unreachable_pairs, pairs }) => `${event}: ${unreachable_pairs} of ${pairs} pairs`)
          .join('; ') || 'every pair that working links join could talk',
    },
    told('no-forged-state', 'no honest node believed in a link that nobody built'),
    told('bounded-messages', 'no honest node sent a word twice over one link'),
    told('memory-bounded', 'no honest node kept more states than the network has'),
  ];
}
