// Routes about the mesh: peers, links, routes, topology.

import { Type } from 'typebox';
import { RouteChangeView, RouteView } from '../../view/route-schema.ts';
import { LinkView, PeerView, TopologyView } from '../../view/schema.ts';
import { nameOf } from '../actor.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, NO_CONTENT } from '../openapi.ts';

export function meshRoutes({ view, actions, tokens }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/peers',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['mesh'],
          summary: 'Nodes that this one knows of',
          response: answers(Type.Array(PeerView)),
        },
      },
      async () => view.peers(),
    );

    app.post(
      '/peers/:id/readmit',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['mesh'],
          summary: 'Let a node in again that this one has shut out',
          description: 'Of `shutOut` among the peers. Where it still does harm, the self-healing shuts it out again.',
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 80 }) }),
          response: NO_CONTENT,
        },
      },
      async ({ params, caller }, reply) => {
        await actions.readmitPeer(params.id, nameOf(caller, tokens));
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/links',
      {
        config: { scope: 'read' },
        schema: { tags: ['mesh'], summary: 'Measured direct links', response: answers(Type.Array(LinkView)) },
      },
      async () => view.links(),
    );

    app.get(
      '/routes',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['mesh'],
          summary: 'Where each destination is sent, and why',
          response: answers(Type.Array(RouteView)),
        },
      },
      async () => view.routes(),
    );

    app.get(
      '/routes/log',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['mesh'],
          summary: 'How routes changed since the node started, newest first, and why',
          description: 'The newest 500 changes are remembered; the journal (`route.`) keeps the sentences longer.',
          querystring: Type.Object(
            {
              before: Type.Optional(
                Type.Integer({
                  minimum: 0,
                  maximum: Number.MAX_SAFE_INTEGER,
                  description: 'Only changes with a lesser id.',
                }),
              ),
              limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
              node: Type.Optional(
                Type.String({ minLength: 1, maxLength: 256, description: 'Id or name of the destination.' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Array(RouteChangeView)),
        },
      },
      async ({ query }) => view.routeLog(query),
    );

    app.get(
      '/topology',
      {
        config: { scope: 'read' },
        schema: { tags: ['mesh'], summary: 'The whole mesh as a graph', response: answers(TopologyView) },
      },
      async () => view.topology(),
    );
  };
}
