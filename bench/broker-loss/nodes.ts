// Nodes that reach each other only over brokers, in this process: the mesh's own, over its MQTT transport. Each says a
// number ten times a second as an event, and when told so one as a state, on topics of which nothing repeats them.

import { Type } from 'typebox';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { SequenceNumbers } from '../../mesh/gossip/sequence.ts';
import type { Topic } from '../../mesh/gossip/topics.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { MeshNode } from '../../mesh/mesh-node.ts';
import { MqttTransport } from '../../mesh/transport/mqtt.ts';
import { credentialsFor } from '../rig/parlmesh-network.ts';
import { monotonic } from '../rig/processes.ts';

const Payload = Type.Object({ n: Type.Integer() });
const beatTopic = { name: 'beat', kind: 'event', schema: Payload, lifetime: 60_000 } as const satisfies Topic;
/** Each keeps the newest number of each node. */
export const WORKS = 4;
const workTopics = Array.from(
  { length: WORKS },
  (_, at) => ({ name: `work-${at}`, kind: 'state', schema: Payload, lifetime: 600_000 }) as const satisfies Topic,
);

const BEAT = 100;

export class BrokerNode {
  readonly id: string;
  /** When each beat was said. */
  readonly said: number[] = [];
  /** The beats that were heard, and the newest state of each topic, by who said it. */
  readonly heard = new Map<string, Set<number>>();
  readonly work = workTopics.map(() => new Map<string, number>());
  readonly #node: MeshNode;
  #isConnected = false;
  #connectedAt = 0;
  #beating: NodeJS.Timeout | undefined;

  private constructor(node: (journal: (kind: string) => void) => MeshNode) {
    this.#node = node((kind) => {
      if (kind === 'mesh.medium.away') this.#isConnected = false;
      if (kind === 'mesh.medium.back') this.#comeBack();
    });
    this.id = this.#node.id;
    this.#node.gossip.subscribe(beatTopic, {
      message: ({ origin, payload }) => {
        const heard = this.heard.get(origin);
        if (heard === undefined) this.heard.set(origin, new Set([payload.n]));
        else heard.add(payload.n);
      },
    });
    for (const [at, topic] of workTopics.entries()) {
      this.#node.gossip.subscribe(topic, {
        message: ({ origin, payload }) => this.work[at]!.set(origin, payload.n),
      });
    }
  }

  /** @param urlsOf the brokers of each node, the one that it begins with first */
  static async start(count: number, urlsOf: (node: number) => string[]): Promise<BrokerNode[]> {
    const members = Array.from({ length: count }, (_, at) => ({ key: SigningKey.generate(), name: `n${at}` }));
    const credentials = credentialsFor(members);
    const nodes: BrokerNode[] = [];
    for (const [at, { key, name }] of members.entries()) {
      const random = seededRandom(at + 1);
      const sequence = await SequenceNumbers.open({ load: async () => 1, save: async () => {} });
      const { network } = credentials[at]!;
      const urls = urlsOf(at);
      const transport = new MqttTransport({
        urls,
        networkId: network.id,
        nodeId: key.nodeId,
        clock: systemClock,
        random,
      });
      const create = (journal: (kind: string) => void): MeshNode =>
        new MeshNode({
          key,
          credentials: credentials[at]!,
          name,
          version: '0.0.0-bench',
          config: { preset: 'wifi', maxPeers: 8, autoDial: false, bootstrap: [] },
          transports: [transport],
          sequence,
          remembered: [],
          remember: () => {},
          isRevoked: () => false,
          summary: () => ({ profile: 'bench', load: 0 }),
          clock: systemClock,
          random,
          logger: silentLogger,
          journal: { record: ({ kind }) => journal(kind) },
        });
      nodes.push(new BrokerNode(create));
    }
    for (const node of nodes) await node.#begin();
    return nodes;
  }

  /** Milliseconds of the monotonic clock at which it was last connected anew; undefined while it is not connected. */
  get connectedAt(): number | undefined {
    return this.#isConnected ? this.#connectedAt : undefined;
  }

  sayWork(topic: number, n: number): void {
    this.#node.gossip.publish(workTopics[topic]!, { n });
  }

  async stop(): Promise<void> {
    clearInterval(this.#beating);
    await this.#node.stop();
  }

  async #begin(): Promise<void> {
    await this.#node.start(new AbortController().signal);
    this.#isConnected = true;
    this.#beating = setInterval(() => {
      this.said.push(monotonic());
      this.#node.gossip.publish(beatTopic, { n: this.said.length - 1 });
    }, BEAT);
  }

  #comeBack(): void {
    this.#isConnected = true;
    this.#connectedAt = monotonic();
  }
}
