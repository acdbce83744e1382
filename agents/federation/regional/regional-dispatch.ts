// Forms the regions of a round before its invitations go out: tells heads and members of each other, then lets the usual
// dispatch invite. A node that was not told sends directly, so nothing waits for a region.

import type { Clock, Millis } from '../../../core/clock.ts';
import { frameOf } from '../messages.ts';
import type { Dispatch, InvitationRound } from '../rounds/ports.ts';
import type { Post } from '../rounds/post.ts';
import { ASSIGN, type Assignment, MOST_MEMBERS } from './messages.ts';
import { planRegions, type Region, type RegionalNode, type RegionPlan } from './regions.ts';

export interface RegionalDispatchParts {
  post: Post;
  inner: Dispatch;
  /** What is known of these nodes. */
  describe(nodes: readonly string[]): RegionalNode[];
  /** Seconds between two nodes, as the link states of the mesh tell; undefined while unknown. */
  distance(a: string, b: string): number | undefined;
  clock: Clock;
}

const ASK_WITHIN: Millis = 2000;
const AT_ONCE = 64;
const PLANS_KEPT = 16;

export class RegionalDispatch implements Dispatch {
  readonly name: string;
  readonly #parts: RegionalDispatchParts;
  /** By round: who is whose head. */
  readonly #plans = new Map<string, RegionPlan>();

  constructor(parts: RegionalDispatchParts) {
    this.#parts = parts;
    this.name = `${parts.inner.name}, in regions`;
  }

  /** The region that `head` leads in a round. */
  region(learner: string, id: string, head: string): Region | undefined {
    return this.plan(learner, id)?.regions.find((region) => region.head === head);
  }

  plan(learner: string, id: string): RegionPlan | undefined {
    return this.#plans.get(`${learner}/${id}`);
  }

  invite(round: InvitationRound, signal: AbortSignal): void {
    const { inner, describe, distance } = this.#parts;
    const plan = planRegions(describe(round.nodes), distance);
    this.#keep(round, plan);
    if (plan.regions.length === 0) inner.invite(round, signal);
    else void this.#assign(round, plan, signal).then(() => signal.aborted || inner.invite(round, signal));
  }

  recall(id: string, learner: string, nodes: readonly string[]): void {
    this.#parts.inner.recall(id, learner, nodes);
  }

  #keep({ learner, id }: InvitationRound, plan: RegionPlan): void {
    this.#plans.set(`${learner}/${id}`, plan);
    for (const key of this.#plans.keys()) if (this.#plans.size > PLANS_KEPT) this.#plans.delete(key);
  }

  /** Heads first: a member may be quicker than its head's assignment else. Never rejects. */
  async #assign(round: InvitationRound, { regions }: RegionPlan, signal: AbortSignal): Promise<void> {
    const about = { id: round.id, learner: round.learner, lasts: round.lasts() };
    const led = regions.filter(({ members }) => members.length <= MOST_MEMBERS);
    const ready = new Set<Region>();
    await this.#all(led, signal, async (region) => {
      const { head, members } = region;
      if (await this.#tell(head, { ...about, head, members })) ready.add(region);
    });
    const rest = [...ready].flatMap(({ head, members }) =>
      members.filter((node) => node !== head).map((node) => ({ node, head })),
    );
    await this.#all(rest, signal, async ({ node, head }) => void (await this.#tell(node, { ...about, head })));
  }

  async #tell(node: string, assignment: Assignment): Promise<boolean> {
    try {
      await this.#parts.post.ask(node, ASSIGN, frameOf(assignment), ASK_WITHIN);
      return true;
    } catch {
      return false;
    }
  }

  async #all<T>(items: readonly T[], signal: AbortSignal, work: (item: T) => Promise<void>): Promise<void> {
    const waiting = [...items];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) await work(next);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  }
}
