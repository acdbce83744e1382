// What must hold whatever happens. Each assertion looks at the whole network at the end of an event.

import type { Deliveries } from './deliveries.ts';
import type { AssertionName, AssertionResult } from './scenario.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import type { TrialReport } from './trial.ts';

/** States that one node gossips: link state, membership, summary, score. */
const STATES = 4;
/** Probes, their answers and indirect ones, a link and second and direction. */
const PROBES = 8;

/** What gossip takes of one origin, however much that says. */
const ORIGIN_RATE = { perSecond: 20, burst: 100 };

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
  const numberOf = new Map(nodes.map(({ id, number }) => [id, number]));
  const real = new Set(network.links.flatMap(({ a, b }) => [a * nodes.length + b, b * nodes.length + a]));
  const nameOf = (number: number): string => nodes[number]?.name ?? 'a stranger';
  for (const { name, mesh } of network.honest()) {
    const { ids, offsets, targets, costs } = mesh.routing.graph;
    const numbers = ids.map((id) => numberOf.get(id) ?? -1);
    for (let at = 0; at < ids.length; at++) {
      const from = numbers[at]!;
      for (let arc = offsets[at]!; arc < offsets[at + 1]!; arc++) {
        const to = numbers[targets[arc]!]!;
        if (costs[arc] === Number.POSITIVE_INFINITY || real.has(from * nodes.length + to)) continue;
        return `${name} believes in a link from ${nameOf(from)} to ${nameOf(to)}`;
      }
    }
  }
  return undefined;
}

/** No word crosses a link twice in one direction, synchronisation aside. */
function findCrowded(network: SimulatedNetwork): string | undefined {
  const seconds = network.clock.now() / 1000;
  const { published } = network.traffic();
  const liars = network.nodes.filter(({ adversary }) => adversary !== undefined).length;
  const allowed = liars * (ORIGIN_RATE.burst + ORIGIN_RATE.perSecond * seconds);
  const said = published + (STATES + 1) * network.nodes.length + allowed;
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
  { pairs, lost, took }: Deliveries,
  findings: Partial<Record<AssertionName, string>>,
): AssertionResult[] {
  const late = trials.filter(({ convergence_seconds }) => convergence_seconds === null);
  const lured = trials.filter(({ lured_routes }) => lured_routes > 0);
  const [first] = lost;
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
    {
      name: 'frames-arrive',
      holds: first === undefined,
      finding:
        first === undefined
          ? `${pairs} pairs of honest nodes asked and answered each other over the relay within ${(took / 1000).toFixed(1)} s`
          : `${lost.length} of ${pairs} pairs of honest nodes that an honest path joins got no answer, e.g. ${first[0].name} from ${first[1].name}`,
    },
    told('no-forged-state', 'no honest node believed in a link that nobody built'),
    {
      name: 'no-lured-routes',
      holds: lured.length === 0,
      finding:
        lured.map(({ event, lured_routes, pairs: all }) => `${event}: ${lured_routes} of ${all}`).join('; ') ||
        'no lie about costs or links drew a route over a liar',
    },
    told('bounded-messages', 'no honest node sent a word twice over one link'),
    told('memory-bounded', 'no honest node kept more states than the network has'),
  ];
}
