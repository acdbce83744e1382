// A whole network of routers without transport: each knows its own broken links at once and everybody's link states
// when the test says so. Frames are forwarded by what each node knows.

import { VirtualClock } from '../../../core/clock.ts';
import { forward, type Heading } from '../../../mesh/routing/forwarding.ts';
import type { LinkStateList } from '../../../mesh/routing/graph.ts';
import { MeshRouter } from '../../../mesh/routing/mesh-router.ts';

export type Journey = { kind: 'arrived' | 'stuck' | 'died'; visited: string[] };

export class VirtualRouters {
  readonly ids: string[];
  readonly #routers: Map<string, MeshRouter>;
  /** Links that are broken in truth, as `a>b`. */
  readonly #broken = new Set<string>();
  readonly #settling = new Set<string>();
  #truth: Map<string, Map<string, number>>;

  constructor(lists: LinkStateList[]) {
    this.ids = lists.map(({ origin }) => origin);
    this.#truth = new Map(lists.map(({ origin, links }) => [origin, new Map(links)]));
    this.#routers = new Map(
      this.ids.map((self) => [self, new MeshRouter({ self, clock: new VirtualClock(), nameOf: (id) => id })]),
    );
    for (const id of this.ids) this.learn(id);
    this.#settling.clear();
  }

  router(id: string): MeshRouter {
    return this.#routers.get(id)!;
  }

  /** The link breaks; its ends know, nobody else does yet. */
  cut(a: string, b: string): void {
    this.#broken.add(`${a}>${b}`).add(`${b}>${a}`);
    this.#truth.get(a)!.delete(b);
    this.#truth.get(b)!.delete(a);
  }

  /** The cost of a link becomes another, or a link comes back; nobody knows yet. */
  setCost(a: string, b: string, cost: number): void {
    this.#broken.delete(`${a}>${b}`);
    this.#broken.delete(`${b}>${a}`);
    this.#truth.get(a)!.set(b, cost);
    this.#truth.get(b)!.set(a, cost);
  }

  /** One node takes all link states as they are now, and computes. */
  learn(id: string): void {
    const router = this.router(id);
    for (const [origin, links] of this.#truth) router.update(origin, new Map(links));
    if (router.compute().length > 0) this.#settling.add(id);
  }

  /** @param carrying frames carry their path at nodes whose routes changed, as the daemon does; else tables alone */
  send(from: string, destination: string, { ttl, carrying }: { ttl: number; carrying: boolean }): Journey {
    const visited = [from];
    let heading: Heading = { destination };
    for (let at = from; at !== destination; ) {
      if (visited.length > ttl) return { kind: 'died', visited };
      const down = this.#downOf(at);
      const settling = carrying && (this.#settling.has(at) || down.size > 0);
      const step = forward(heading, {
        isUp: (neighbour) => !down.has(neighbour),
        nextHop: (to) => this.router(at).nextHop(to, { down, settling }),
      });
      if (step === undefined || down.has(step.to)) return { kind: 'stuck', visited };
      at = step.to;
      heading = { destination, ...(step.path && { path: step.path }) };
      visited.push(at);
    }
    return { kind: 'arrived', visited };
  }

  #downOf(id: string): Set<string> {
    return new Set(
      [...this.#broken].filter((link) => link.startsWith(`${id}>`)).map((link) => link.slice(id.length + 1)),
    );
  }
}
