// Routes about other nodes over the relay. TCP connections to them are opened by `../forward-upgrade.ts`.

import { Type } from 'typebox';
import type { RemoteNodes } from '../../remote-nodes.ts';
import type { App } from '../context.ts';
import { answers } from '../openapi.ts';

const Node = Type.Object({
  node: Type.String({ minLength: 1, maxLength: 256, description: 'Name or id of a node, or the beginning of its id.' }),
});
const Pong = Type.Object({ node: Type.String(), name: Type.String(), roundTripSeconds: Type.Number() });
const Trace = Type.Object({
  node: Type.String(),
  name: Type.String(),
  hops: Type.Array(Pong),
  reached: Type.Boolean({ description: 'Whether the last of the hops is the node itself.' }),
});

export function relayRoutes(remote: RemoteNodes) {
  return async (app: App): Promise<void> => {
    app.post(
      '/relay/:node/ping',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['mesh'],
          summary: 'Ask a node over as many hops as it takes, and measure',
          params: Node,
          response: answers(Pong),
        },
      },
      async ({ params }) => remote.ping(params.node),
    );

    app.post(
      '/relay/:node/trace',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['mesh'],
          summary: 'The nodes on the way to a node, as they name themselves',
          description: 'Each hop answers for itself, and nobody vouches for the answers on the way.',
          params: Node,
          response: answers(Trace),
        },
      },
      async ({ params }) => remote.trace(params.node),
    );
  };
}
