// Routes about routes: why one is as it is, and a plan of the whole network.

import { Type } from 'typebox';
import { PlanView, RouteExplanationView } from '../../view/route-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers } from '../openapi.ts';

export function routePlanningRoutes({ view, actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/routes/:node/explain',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['mesh'],
          summary: 'Why a route is as it is, its alternatives, and what would move it',
          params: Type.Object({ node: Type.String({ maxLength: 256, description: 'Id or name of the destination.' }) }),
          response: answers(RouteExplanationView),
        },
      },
      async ({ params }) => view.explainRoute(params.node),
    );

    app.get(
      '/routes/plan',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['mesh'],
          summary: 'Busiest links, single points of failure, and costs that would spread the load',
          description: 'From the link states of this node. Computed in worker threads, and once while nothing changes.',
          response: answers(PlanView),
        },
      },
      async () => view.plan(),
    );

    app.post(
      '/routes/plan/apply',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['mesh'],
          summary: 'Put the plan into force, step by step',
          description:
            'On the node with the authority of the network, where `mesh.plan.apply` is not `off`. It is taken back by itself when the busiest link or the loss gets worse.',
          response: answers(PlanView),
        },
      },
      async () => actions.applyPlan(),
    );

    app.post(
      '/routes/plan/undo',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['mesh'],
          summary: 'Take back the plan that is in force: links cost what is measured',
          response: answers(PlanView),
        },
      },
      async () => actions.undoPlan(),
    );
  };
}
