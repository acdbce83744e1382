// What people ask of the routes: why one is as it is, and a plan of the whole network, which can be put into force. Answers
// with names beside ids.

import { ParlmeshError } from '../../core/errors.ts';
import type { NodeId } from '../membership/keys.ts';
import { explainRoute, type PlanView, planView, type RouteExplanation } from './planning-views.ts';
import type { Routing } from './routing.ts';
import { ownRoutes, routesFrom, type Survey, surveyLinks } from './survey.ts';
import type { TrafficEngineering } from './traffic-engineering.ts';

export interface RoutePlannerParts {
  self: NodeId;
  /** Throws while the mesh is not running. */
  running: () => { node: { routing: Routing; nameOf: (id: NodeId) => string }; engineering: TrafficEngineering };
}

export class RoutePlanner {
  readonly #parts: RoutePlannerParts;

  constructor(parts: RoutePlannerParts) {
    this.#parts = parts;
  }

  /** @param text id or name of the destination. Throws `ROUTE_UNKNOWN`. */
  explain(text: string): RouteExplanation {
    const { routing, nameOf } = this.#parts.running().node;
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

  /**
   * What a drawing of the network shows beside its links.
   * @param from id or name of the node whose routes are wanted; left out, this one. Throws `NODE_UNKNOWN`.
   */
  survey(from?: string): Survey {
    const { node, engineering } = this.#parts.running();
    const { graph } = node.routing;
    const { self } = this.#parts;
    const source = from === undefined ? self : (graph.ids.find((id) => id === from || node.nameOf(id) === from) ?? '');
    if (source === '') {
      throw new ParlmeshError('NODE_UNKNOWN', `There is no node "${from}" in the part of the network known here`, {
        hint: 'parlmesh peers lists those that there are',
      });
    }
    const routes = source === self ? ownRoutes(self, node.routing.routes()) : routesFrom(graph, source);
    return { from: source, routes, ...surveyLinks(graph, engineering.reports.carried(graph)) };
  }

  async plan(): Promise<PlanView> {
    const { node, engineering } = this.#parts.running();
    const plan = await engineering.plan();
    return planView(plan, node, engineering);
  }

  /** Puts the plan into force. Throws `PLAN_NOT_HERE`, `PLAN_BLIND`, `PLAN_EMPTY`, `PLAN_TOO_LARGE`. */
  async apply(): Promise<PlanView> {
    await this.#parts.running().engineering.apply();
    return this.plan();
  }

  /** Takes back what is in force. Throws `PLAN_NOT_HERE`, `PLAN_NOT_IN_FORCE`. */
  async undo(): Promise<PlanView> {
    this.#parts.running().engineering.undo();
    return this.plan();
  }
}
