// A network as after a long run: links are up and measured by the nodes themselves, and everybody knows what everybody
// said last. What is left out is the storm of a thousand nodes that start at one moment, and its price.

import type { Millis } from '../../core/clock.ts';
import { linkStateTopic, membershipTopic } from '../gossip/topics.ts';
import type { SimulatedNetwork } from './simulated-network.ts';

/** For greetings, offers and the first probes, and for a link state that says the measured costs. */
const MEASURING: Millis = 1000;
/** For the last computation of routes. */
const COMPUTING: Millis = 100;
/** What a node knows of another; summaries and scores are not said in a simulation. */
const TOPICS = [membershipTopic, linkStateTopic];

/**
 * Switches all nodes on while gossip reaches nobody, until each has measured its own links; then hands each the signed
 * words of all others, which it verifies and takes as ever.
 */
export async function startWarm(network: SimulatedNetwork): Promise<void> {
  network.hush(true);
  await network.start();
  await network.pass(MEASURING);
  network.hush(false);
  const words = network.nodes.flatMap(({ id, mesh }) =>
    TOPICS.flatMap(({ name }) => mesh.gossip.states.get(name, id) ?? []),
  );
  for (const { id, mesh } of network.nodes) {
    for (const { topic, origin, sequence, frame } of words) {
      if (origin === id || mesh.gossip.states.sequence(topic, origin) >= sequence) continue;
      mesh.gossip.ingest(frame, 'memory', undefined, false);
    }
  }
  await network.pass(COMPUTING);
}
