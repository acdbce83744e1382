// The federation's network where brokers are configured: boards that no route leads to are asked over a broker.

import { BrokerNetwork, BrokerWay } from '../../agents/federation/broker-way.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { BrokerKeys } from '../security/federation-keys.ts';
import { BrokerClient, type BrokerClientParts } from './broker-client.ts';

export type Brokers = Pick<BrokerClientParts, 'urls' | 'username' | 'password'>;

export interface AskOverBrokersParts extends Pick<BrokerClientParts, 'clock' | 'random' | 'logger'> {
  network: AgentNetwork;
  mesh: Mesh;
  keys: BrokerKeys;
  brokers: Brokers;
  /** It is there, by whichever way it is heard. */
  isHeard: (node: string) => boolean;
}

/** The client is a service to be started. */
export function askOverBrokers(parts: AskOverBrokersParts): { network: AgentNetwork; client: BrokerClient } {
  const { network, mesh, keys, brokers, isHeard, clock, random, logger } = parts;
  const client = new BrokerClient({
    ...{ ...brokers, self: network.self, clock, random, logger },
    onConnected: () => way.listen(),
  });
  const way = new BrokerWay({
    ...{ self: network.self, port: client, clock, networkId: () => mesh.network()?.id ?? '' },
    keys: {
      sign: (body) => keys.sign('broker', body),
      verify: (node, body, signature) => keys.verify('broker', node, body, signature),
    },
  });
  mesh.on('network', () => way.listen());
  return { network: new BrokerNetwork(network, way, (node) => client.isConnected && isHeard(node)), client };
}
