// Routes about the learned scheduler: which one serves and why, its policies, and what operators decide about them.

import { Type } from 'typebox';
import { PolicyDocument } from '../../../agents/parl/policy.ts';
import { ImportedPolicyView, PolicyView } from '../../view/policy-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, PROBLEM_ANSWERS } from '../openapi.ts';

/** A policy of the largest shape that a document may name. */
const MOST_POLICY_BYTES = 4_100_000;
const Version = Type.String({
  pattern: '^[0-9a-f]{1,16}$',
  description: 'A version, or as many of its first digits as no other has.',
  examples: ['9f86d081'],
});

export function policyRoutes({ view, actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/policy',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['policy'],
          summary: 'Which scheduler places tasks here and why, how the learned one is judged, and its policies',
          response: answers(PolicyView),
        },
      },
      async () => view.policy(),
    );

    app.get(
      '/policy/:version',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['policy'],
          summary: 'A policy as a document, to keep or to give to another node',
          params: Type.Object({ version: Version }),
          response: answers(PolicyDocument),
        },
      },
      async ({ params }) => view.policyDocument(params.version),
    );

    app.post(
      '/policy',
      {
        config: { scope: 'admin' },
        bodyLimit: MOST_POLICY_BYTES,
        schema: {
          tags: ['policy'],
          summary: 'Keep a policy from elsewhere; it serves only once it is promoted',
          description:
            'Its shape and each of its numbers are checked, and its signature where it has one. Whoever imports one without vouches for it.',
          body: PolicyDocument,
          response: { 201: ImportedPolicyView, ...PROBLEM_ANSWERS },
        },
      },
      async (request, reply) => reply.code(201).send(await actions.importPolicy(request.body)),
    );

    app.post(
      '/policy/promote',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['policy'],
          summary: 'Make a policy the current one; it is judged before it serves',
          body: Type.Object({ version: Version }, { additionalProperties: false, examples: [{ version: '9f86d081' }] }),
          response: answers(PolicyView),
        },
      },
      async (request) => actions.promotePolicy(request.body.version),
    );

    app.post(
      '/policy/rollback',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['policy'],
          summary: 'Back to the policy that was current before',
          response: answers(PolicyView),
        },
      },
      async () => actions.rollbackPolicy(),
    );
  };
}
