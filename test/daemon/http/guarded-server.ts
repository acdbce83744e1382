// The real server in front of an oracle that is alone in its network, for tests.

import { systemClock } from '../../../daemon/clock.ts';
import { capabilitiesOfScopes } from '../../../daemon/security/oracle.ts';
import { OracleDesk } from '../../../daemon/security/oracle-desk.ts';
import { Exchange } from '../../agents/oracle/exchange.ts';
import { startServer } from './harness.ts';

export async function guardedServer() {
  const exchange = new Exchange(1);
  const [node] = exchange.nodes;
  const { oracle, keys, network, audit } = node!;
  const desk = new OracleDesk({ oracle, audit, keys, network, clock: systemClock });
  await oracle.start();
  oracle.networkChanged();
  const access = { authorizer: oracle, desk, reach: { self: keys.self, network: () => [keys.self] } };
  const server = await startServer({ more: { oracle: access } });
  node!.agents.set('client', capabilitiesOfScopes(['read', 'act', 'admin']));
  return { server, node: node!, self: keys.self };
}
