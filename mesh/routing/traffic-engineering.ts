// Traffic measured, planned and steered: joins what a node counts, what nodes tell each other of it, the plan of the
// whole network, and the orders that put it into force.

import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { DropReason, PlanningFigures } from '../counters.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Link } from '../link/link-monitor.ts';
import type { NodeId, PublicKey, SigningKey } from '../membership/keys.ts';
import { frameBytes } from '../relay/frame.ts';
import type { RelayFrame } from '../wire/generated/parlmesh_pb.ts';
import { AppliedWeights } from './applied-weights.ts';
import { findCuts } from './cuts.ts';
import type { NetworkPlan } from './network-plan.ts';
import { PARLMeshOptimizer } from './optimizer.ts';
import { PlanSteering } from './plan-steering.ts';
import type { Routing } from './routing.ts';
import type { Observation } from './steering.ts';
import { TrafficMeter } from './traffic-meter.ts';
import { TrafficReports } from './traffic-reports.ts';
import { weightsTopic } from './weight-order.ts';

/** The same plan for the same network, whoever asks. */
const SEED = 1;
const BYTES_PER_MEGABIT = 125_000;

export interface PlanSettings {
  /** `off`: costs stay as measured; `asked`: a plan counts when somebody puts it into force; `auto`: also unasked. */
  apply: 'off' | 'asked' | 'auto';
  /** Mbit/s that a link of this node bears. */
  linkSpeed?: number;
}

export interface TrafficEngineeringParts {
  self: NodeId;
  clock: Clock;
  journal: Journal;
  settings: PlanSettings;
  network: { id: string; authority: PublicKey };
  /** On the node that holds the network's authority. */
  authorityKey: SigningKey | undefined;
  /** Asked before a plan is put into force unasked. */
  mayApplyPlan?: (() => Promise<void>) | undefined;
  /** Worker threads that a plan may use. */
  threads: number;
}

/** What it needs of the node that it works for. */
export interface EngineeredNode {
  gossip: Pick<Gossip, 'subscribe' | 'publish'>;
  routing: Routing;
  /** Counts what is refused. */
  drop: (reason: DropReason) => void;
  nameOf: (id: NodeId) => string;
  /** Frames that found no room since the start. */
  lost: () => number;
}

export class TrafficEngineering {
  readonly reports: TrafficReports;
  readonly #parts: TrafficEngineeringParts;
  readonly #node: EngineeredNode;
  readonly #meter: TrafficMeter;
  readonly #weights: AppliedWeights;
  readonly #steering: PlanSteering | undefined;
  readonly #optimizer: PARLMeshOptimizer;

  constructor(parts: TrafficEngineeringParts, node: EngineeredNode) {
    const { self, clock, journal, settings, network, authorityKey } = parts;
    this.#parts = parts;
    this.#node = node;
    this.#optimizer = new PARLMeshOptimizer({ threads: parts.threads, seed: SEED });
    this.#meter = new TrafficMeter(self, clock);
    this.#weights = new AppliedWeights({
      ...{ self, clock, network },
      follows: settings.apply !== 'off',
      drop: node.drop,
      changed: (factors) => this.#reweighed(factors),
    });
    this.reports = new TrafficReports({
      ...{ self, clock, meter: this.#meter },
      lost: node.lost,
      raised: () => this.#weights.raised(),
      linkSpeed: settings.linkSpeed && settings.linkSpeed * BYTES_PER_MEGABIT,
    });
    if (authorityKey !== undefined && settings.apply !== 'off') {
      this.#steering = new PlanSteering({
        ...{ clock, journal, network: network.id, key: authorityKey },
        auto: settings.apply === 'auto',
        mayApply: parts.mayApplyPlan,
        observe: () => this.#observe(),
        plan: () => this.plan(),
        ordered: (statement) => this.#weights.hear(statement),
      });
    }
    this.reports.subscribe(node.gossip);
    node.gossip.subscribe(weightsTopic, { message: ({ payload }) => this.#weights.hear(payload) });
  }

  start(): void {
    this.reports.start();
    this.#steering?.start(this.#node.gossip);
  }

  /** Plans that are being computed reject. */
  async stop(): Promise<void> {
    this.reports.stop();
    this.#weights.stop();
    this.#steering?.stop();
    await this.#optimizer.stop();
  }

  /** A frame went to a neighbour. */
  carried(neighbour: NodeId, frame: RelayFrame): void {
    this.#meter.carried(neighbour, frame, frameBytes(frame));
  }

  /** The links at the costs that are to be announced. */
  weighed(links: readonly Link[]): Link[] {
    return this.#weights.weighed(links);
  }

  /** Of the whole network, with the costs as they are measured. */
  plan(): Promise<NetworkPlan> {
    const { routing } = this.#node;
    return this.#optimizer.plan(`${routing.computations} ${this.reports.version}`, () => {
      const graph = this.reports.measuredGraph(routing.graph);
      const demand = this.reports.demand(graph);
      return { graph, demand, capacities: demand && this.reports.capacities(graph) };
    });
  }

  figures(): PlanningFigures {
    return { raisedLinks: this.#weights.raised().length, toldRate: this.reports.total() };
  }

  /** How far a plan is in force; undefined where this node puts none into force. */
  get steering(): PlanSteering['state'] | undefined {
    return this.#steering?.state;
  }

  /** Throws `PLAN_NOT_HERE`, `PLAN_BLIND`, `PLAN_EMPTY`, `PLAN_TOO_LARGE`. */
  async apply(): Promise<void> {
    const steering = this.#mine();
    steering.apply(await this.plan(), 'asked for');
  }

  /** Throws `PLAN_NOT_HERE`, `PLAN_NOT_IN_FORCE`. */
  undo(): void {
    if (this.#mine().undo('asked for')) return;
    throw new ParlmeshError('PLAN_NOT_IN_FORCE', 'No plan is in force');
  }

  #mine(): PlanSteering {
    if (this.#steering !== undefined) return this.#steering;
    const { settings } = this.#parts;
    throw settings.apply === 'off'
      ? new ParlmeshError('PLAN_NOT_HERE', 'This node follows no plan: mesh.plan.apply is off', {
          hint: 'Set mesh.plan.apply to "asked" on every node whose links may be weighed, and here',
        })
      : new ParlmeshError('PLAN_NOT_HERE', 'This node does not hold the authority of the network', {
          hint: 'Run it on the node where the network was created',
        });
  }

  #observe(): Observation | undefined {
    if (!this.reports.isEnough()) return undefined;
    const graph = this.#node.routing.graph;
    const carried = this.reports.carried(graph);
    const capacities = this.reports.capacities(graph);
    const fixed = new Set(findCuts(graph).links.flatMap(({ arc }) => [arc, graph.opposite[arc]!]));
    let peak = 0;
    for (const [arc, load] of carried.entries()) {
      if (!fixed.has(arc)) peak = Math.max(peak, load / (capacities?.[arc] ?? 1));
    }
    return { peak: peak / this.reports.total(), lost: this.reports.lost() };
  }

  #reweighed(factors: ReadonlyMap<NodeId, number>): void {
    const { journal } = this.#parts;
    const { routing, nameOf } = this.#node;
    const named = [...factors].map(([to, factor]) => `${nameOf(to)} × ${factor.toFixed(2)}`);
    journal.record({
      severity: 'info',
      kind: 'mesh.weights',
      subject: 'service/mesh',
      message:
        named.length === 0
          ? 'The links cost what is measured again'
          : `By the plan of the network, links cost more than measured: ${named.join(', ')}`,
    });
    routing.linksChanged();
    this.reports.repeat();
  }
}
