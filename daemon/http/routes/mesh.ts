// Routes about the mesh: peers, links, routes, topology.

import { Type } from 'typebox';
import { LinkView, PeerView, RouteView, TopologyView } from '../../view/schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers } from '../openapi.ts';

export function meshRoutes({ view }: RouteContext) {
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
      '/topology',
      {
        config: { scope: 'read' },
        schema: { tags: ['mesh'], summary: 'The whole mesh as a graph', response: answers(TopologyView) },
      },
      async () => view.topology(),
    );
  };
}
