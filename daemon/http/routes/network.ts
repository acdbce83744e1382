// Routes about the network: its members, invites, the network key, and this node's own membership.

import { Type } from 'typebox';
import { KeyRotationView, MemberView, NetworkView } from '../../view/network-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, NO_CONTENT, PROBLEM_ANSWERS } from '../openapi.ts';
import { PATIENT } from '../patience.ts';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const YEAR_SECONDS = 365 * 86_400;
const NetworkName = Type.Object({ id: Type.String(), name: Type.String() });

export function networkRoutes({ actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/network/members',
      {
        config: { scope: 'read' },
        schema: { tags: ['mesh'], summary: 'Nodes admitted to the network', response: answers(Type.Array(MemberView)) },
      },
      async () => actions.networkMembers(),
    );

    app.delete(
      '/network/members/:id',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['admin'],
          summary: 'Remove a node from the network for good',
          description: 'Only on the node that holds the authority. Every node refuses the removed one within seconds.',
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 80 }) }),
          response: NO_CONTENT,
        },
      },
      async (request, reply) => {
        await actions.removeMember(request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/network/invites',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['admin'],
          summary: 'Invite a node',
          body: Type.Object(
            {
              expiresInSeconds: Type.Integer({ minimum: 60, maximum: YEAR_SECONDS, default: 3600 }),
              name: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'Of the invited node.' })),
            },
            { additionalProperties: false, examples: [{ expiresInSeconds: 3600, name: 'bravo' }] },
          ),
          response: {
            201: Type.Object({
              token: Type.String({ description: 'For `parlmesh network join`, once.' }),
              expiresAt: At,
            }),
            ...PROBLEM_ANSWERS,
          },
        },
      },
      async (request, reply) => reply.code(201).send(await actions.createInvite(request.body)),
    );

    app.post(
      '/network/join',
      {
        ...PATIENT,
        config: { scope: 'admin' },
        schema: {
          tags: ['admin'],
          summary: 'Move this node into the network of an invitation',
          body: Type.Object({ token: Type.String({ minLength: 1, maxLength: 8192 }) }, { additionalProperties: false }),
          response: answers(Type.Object({ network: NetworkName })),
        },
      },
      async (request) => actions.joinNetwork(request.body.token),
    );

    app.get(
      '/network',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['mesh'],
          summary: 'The network of this node, and its membership in it',
          response: answers(NetworkView),
        },
      },
      async () => actions.network(),
    );

    app.post(
      '/network/key-rotations',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['admin'],
          summary: 'Change the network key',
          description:
            'Only on the node that holds the authority. Members fetch the new key over the mesh while everything goes on; ' +
            'GET /network tells who has it.',
          response: { 201: KeyRotationView, ...PROBLEM_ANSWERS },
        },
      },
      async (_request, reply) => reply.code(201).send(await actions.rotateKey()),
    );
  };
}
