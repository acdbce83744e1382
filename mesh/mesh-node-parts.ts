// What one node in one network is made from, and what it tells.

import type { Clock, Millis } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { MeshConfig } from './config.ts';
import type { FrameReader } from './gossip/frame-reader.ts';
import type { SequenceNumbers } from './gossip/sequence.ts';
import type { NodeSummary } from './gossip/topics.ts';
import type { Link } from './link/link-monitor.ts';
import type { LinkSenses } from './link/senses.ts';
import type { NodeId, SigningKey } from './membership/keys.ts';
import type { Credentials } from './membership/network.ts';
import type { KnownAddress } from './membership/state.ts';
import type { RenewalCare } from './neighbours.ts';
import type { RelayAction } from './relay/relay.ts';
import type { RoutingParts } from './routing/routing.ts';
import type { Transport } from './transport/transport.ts';
import type { MeshLink, MeshPeer, MeshRoute, MeshTopology } from './views.ts';
import type { RelayFrame } from './wire/generated/parlmesh_pb.ts';

export interface MeshNodeParts {
  /** What peers may do here over the relay; left out, they may ping. */
  authorize?: (action: RelayAction) => boolean;
  key: SigningKey;
  credentials: Credentials;
  /** Shown to people. */
  name: string;
  version: string;
  config: Pick<MeshConfig, 'preset' | 'maxPeers' | 'autoDial' | 'bootstrap'> &
    Partial<Pick<MeshConfig, 'probe' | 'area'>>;
  transports: readonly Transport[];
  /** Left out: links are probed over their connections only. */
  senses?: LinkSenses;
  /** Left out: its own. A simulation shares one, so that no frame is decoded and verified a thousand times. */
  reader?: FrameReader;
  /** Left out: its own. The same for what link states say. */
  costsOf?: RoutingParts['costsOf'];
  /** Milliseconds between two computations of the routes at least. */
  computePeriod?: Millis;
  /** Route changes that are remembered for people to read; 500 when left out. */
  rememberedChanges?: number;
  sequence: SequenceNumbers;
  /** Peers of an earlier life: dialled for ever. */
  remembered: readonly KnownAddress[];
  /** Called when there are others to remember. */
  remember: (peers: KnownAddress[]) => void;
  isRevoked: (id: NodeId) => boolean;
  /** Left out where no certificate expires. */
  renewal?: RenewalCare;
  /** Left out: it says no summary and no score of itself. */
  summary?: () => NodeSummary;
  /** Told of each frame that goes to a neighbour. */
  relayed?: (neighbour: NodeId, frame: RelayFrame) => void;
  /** What the links are to cost; as they are measured when left out. */
  weighed?: (links: readonly Link[]) => Link[];
  clock: Clock;
  random: Random;
  logger: Logger;
  journal: Journal;
}

export type MeshNodeEvents = {
  peer: [MeshPeer];
  link: [MeshLink];
  routes: [MeshRoute[]];
  /** Seconds from the first word of a change until the routes that moved by it were there. */
  converged: [seconds: number];
  topology: [MeshTopology];
};
