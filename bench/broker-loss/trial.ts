// One broker is killed under a network that has nothing but brokers: how soon its clients are elsewhere, all hear all
// again, and every table of states is whole.

import { monotonic, until } from '../rig/processes.ts';
import type { Brokers } from './brokers.ts';
import { BrokerNode, WORKS } from './nodes.ts';

export interface Outcome {
  /** Milliseconds from the kill until every client of the dead broker was at another. */
  moved: number;
  /** Until, for every pair, something arrived that was said after the move. */
  flowing: number;
  /** Until every node had the newest states of every other, said while the clients were away. */
  whole: number;
  /** Of events said from a second before the kill until all flowed, and each of their hearers: not arrived. */
  lost: number;
  expected: number;
}

const SETTLING_LIMIT = 30_000;
/** Milliseconds in which the worst case must be over. */
const TRIAL_LIMIT = 60_000;
/** After the kill each node says its states one after the other, once each. */
const WORK_PERIOD = 40;
const PAUSE = 2000;

export async function trial(brokers: Brokers, nodeCount: number, killed: number, spread: boolean): Promise<Outcome> {
  const { urls } = brokers;
  const urlsOf = (node: number): string[] => urls.map((_, at) => urls[(at + (spread ? node : killed)) % urls.length]!);
  const nodes = await BrokerNode.start(nodeCount, urlsOf);
  try {
    for (const node of nodes) for (let topic = 0; topic < WORKS; topic++) node.sayWork(topic, 1);
    await until('all nodes know all', SETTLING_LIMIT, () => isWhole(nodes, 1) && nodes.every(hearsAll(nodes, 0)));
    await new Promise((done) => setTimeout(done, PAUSE));
    const at = monotonic();
    await brokers.kill(killed);
    const affected = spread ? nodes.filter((_, node) => node % urls.length === killed) : nodes;
    const outcome = await observe(nodes, affected, at);
    await brokers.mend(killed);
    return outcome;
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

async function observe(
  nodes: readonly BrokerNode[],
  affected: readonly BrokerNode[],
  killedAt: number,
): Promise<Outcome> {
  let topic = 0;
  const working = setInterval(() => {
    for (const node of nodes) node.sayWork(topic, 2);
    topic++;
    if (topic === WORKS) clearInterval(working);
  }, WORK_PERIOD);
  let [moved, flowing, whole] = [0, 0, 0];
  let from: number[] = [];
  const hasMoved = (): boolean =>
    affected.every(({ connectedAt }) => connectedAt !== undefined && connectedAt > killedAt);
  await until('the network is whole again', TRIAL_LIMIT, () => {
    const now = monotonic() - killedAt;
    if (moved === 0 && hasMoved()) {
      moved = Math.max(...affected.map(({ connectedAt }) => connectedAt! - killedAt));
      from = nodes.map(({ said }) => said.length);
    }
    if (moved > 0 && flowing === 0 && nodes.every((node) => hears(node, nodes, from))) flowing = now;
    if (whole === 0 && isWhole(nodes, 2)) whole = now;
    return flowing > 0 && whole > 0;
  });
  clearInterval(working);
  return { moved, flowing, whole, ...losses(nodes, killedAt - 1000, killedAt + flowing) };
}

const isWhole = (nodes: readonly BrokerNode[], n: number): boolean =>
  nodes.every(({ id: self, work }) =>
    work.every((newest) => nodes.every(({ id }) => id === self || (newest.get(id) ?? 0) >= n)),
  );

/** Whether it heard something of each other node from a beat of it on. */
const hears = (node: BrokerNode, nodes: readonly BrokerNode[], from: readonly number[]): boolean =>
  nodes.every(({ id }, at) => id === node.id || [...(node.heard.get(id) ?? [])].some((n) => n >= from[at]!));

const hearsAll =
  (nodes: readonly BrokerNode[], from: number) =>
  (node: BrokerNode): boolean =>
    hears(
      node,
      nodes,
      nodes.map(() => from),
    );

function losses(nodes: readonly BrokerNode[], from: number, to: number): { lost: number; expected: number } {
  let [lost, expected] = [0, 0];
  for (const { id, said } of nodes) {
    const beats = said.flatMap((at, n) => (at >= from && at <= to ? [n] : []));
    for (const hearer of nodes) {
      if (hearer.id === id) continue;
      expected += beats.length;
      lost += beats.filter((n) => !hearer.heard.get(id)?.has(n)).length;
    }
  }
  return { lost, expected };
}
