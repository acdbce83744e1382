// What people ask of the routes: why one is as it is, and a plan of the whole network. Answers with names beside ids.

import { ParlmeshError } from '../../core/errors.ts';
import type { NodeId } from '../membership/keys.ts';
import { PARLMeshOptimizer } from './optimizer.ts';
import { explainRoute, type PlanView, planView, type RouteExplanation } from './planning-views.ts';
import type { Routing } from './routing.ts';

/** The same plan for the same network, whoever asks. */
const SEED = 1;

export interface RoutePlannerParts {
  self: NodeId;
  /** Throws while the mesh is not running. */
  node: () => { routing: Routing; nameOf: (id: NodeId) => string };
  /** Worker threads that a plan may use. */
  threads: number;
}

export class RoutePlanner {
  readonly #parts: RoutePlannerParts;
  readonly #optimizer: PARLMeshOptimizer;

  constructor(parts: RoutePlannerParts) {
    this.#parts = parts;
    this.#optimizer = new PARLMeshOptimizer({ threads: parts.threads, seed: SEED });
  }

  /** @param text id or name of the destination. Throws `ROUTE_UNKNOWN`. */
  explain(text: string): RouteExplanation {
    const { routing, nameOf } = this.#parts.node();
    const routes = routing.routes();
    const route =
      routes.find(({ destination }) => destination === text) ??
      routes.find(({ destination }) => nameOf(destination) === text);
    if (route === undefined) {
      throw new ParlmeshError('ROUTE_UNKNOWN', `There is no route to a node "${text}" from here`, {
        hint: 'parlmesh routes lists those that there are; parlmesh peers says who is gone, and why',
      });
    }
    return explainRoute(routing.graph, this.#parts.self, route, nameOf);
  }

  async plan(): Promise<PlanView> {
    const { routing, nameOf } = this.#parts.node();
    return planView(await this.#optimizer.plan(`${routing.computations}`, () => ({ graph: routing.graph })), nameOf);
  }

  /** Plans that are being computed reject. */
  stop(): Promise<void> {
    return this.#optimizer.stop();
  }
}
