// Routes of chaos: which faults can be injected into this node, one injected, a run of random ones, all of them ended.

import { Type } from 'typebox';
import type { Chaos } from '../../chaos/chaos.ts';
import { ChaosView, InjectionView } from '../../chaos/view.ts';
import type { App } from '../context.ts';
import { answers } from '../openapi.ts';

const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$', description: 'As `GET /chaos` names it.' });

export function chaosRoutes(chaos: Chaos) {
  return async (app: App): Promise<void> => {
    app.get(
      '/chaos',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['chaos'],
          summary: 'Faults that can be injected into this node, and those that are',
          response: answers(ChaosView),
        },
      },
      async () => chaos.view(),
    );

    app.post(
      '/chaos',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['chaos'],
          summary: 'Inject a fault into this node, for a time',
          body: Type.Object(
            {
              fault: Name,
              target: Type.Optional(
                Type.String({
                  minLength: 1,
                  maxLength: 1000,
                  description: 'Left out: a random one of those that there are.',
                }),
              ),
              seconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 3600 })),
            },
            { additionalProperties: false },
          ),
          response: answers(InjectionView),
        },
      },
      async ({ body: { fault, target, seconds }, caller }) =>
        chaos.inject(fault, {
          ...(target !== undefined && { target }),
          ...(seconds !== undefined && { lasts: seconds * 1000 }),
          by: caller.kind,
        }),
    );

    app.post(
      '/chaos/schedule',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['chaos'],
          summary: 'Inject random faults into this node, one after the other',
          body: Type.Object(
            {
              everySeconds: Type.Number({ minimum: 1, maximum: 86_400 }),
              forSeconds: Type.Number({ minimum: 1, maximum: 604_800 }),
              seed: Type.Integer({ minimum: 0, maximum: 0xffff_ffff, default: 1 }),
              faults: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: 64 })),
            },
            { additionalProperties: false },
          ),
          response: answers(ChaosView),
        },
      },
      async ({ body: { everySeconds, forSeconds, seed, faults }, caller }) => {
        chaos.schedule(
          { every: everySeconds * 1000, during: forSeconds * 1000, seed, ...(faults !== undefined && { faults }) },
          caller.kind,
        );
        return chaos.view();
      },
    );

    app.delete(
      '/chaos',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['chaos'],
          summary: 'End the run of random faults, and take away all that is injected',
          response: answers(Type.Object({ ended: Type.Integer() })),
        },
      },
      async () => ({ ended: await chaos.end() }),
    );
  };
}
