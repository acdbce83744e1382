// Metrics for Prometheus: what the views show is read at each scrape, what passes by (requests, observations) is
// counted as it passes.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Value } from 'typebox/value';
import { JobView } from '../../agents/swarm/job-view.ts';
import type { Service } from '../../core/service.ts';
import type { MeshCounters } from '../../mesh/counters.ts';
import type { RelayCounters } from '../../mesh/relay/relay.ts';
import type { FederationTotals } from '../federation/figures.ts';
import { ObservationView } from '../view/schema.ts';
import type { View } from '../view/view.ts';
import { FAMILIES } from './metric-families.ts';
import type { OracleTotals } from './oracle-families.ts';
import type { Family, MembershipFigures, Reading } from './samples.ts';
import type { SwarmFigures } from './swarm-families.ts';
import type { WorkFigures } from './work-families.ts';

/** Totals that no view shows; undefined for what does not run. */
export interface Totals {
  mesh?: MeshCounters | undefined;
  membership?: MembershipFigures | undefined;
  relay?: RelayCounters | undefined;
  mqttConnected?: boolean | undefined;
  swarm?: SwarmFigures | undefined;
  work?: WorkFigures | undefined;
  oracle?: OracleTotals | undefined;
  federation?: FederationTotals | undefined;
}

const REQUESTS = {
  name: 'parlmesh_http_request_duration_seconds',
  help: 'Time from a request to the end of its answer, by route template and class of status (2xx, 4xx, …).',
  labels: ['method', 'route', 'status'],
};
const CONVERGENCE = {
  name: 'parlmesh_route_convergence_seconds',
  help: 'Time from the first word of a change of the network until the routes that it moved were computed.',
  labels: [],
};
const ROUNDS = {
  name: 'parlmesh_federation_round_duration_seconds',
  help: 'Time from the begin of a round to its end, of rounds that ended here.',
  labels: [],
};
/** From a few fast boards to a round that lasts as long as `federation.deadline.most` lets it, and longer ones. */
const ROUND_BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800];
/** From an incremental computation among a few nodes to a full one among thousands on a small board. */
const CONVERGENCE_BUCKETS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
/** From a cached answer (1 ms) to a slow store or camera on a small board. */
const DURATION_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];
/** Pairs of camera and label counted apart: 32 cameras with a few labels each; what is beyond counts as `other`. */
const MOST_OBSERVED = 256;
const MOST_RUNNING_JOBS = 10_000;

export class Metrics implements Service {
  readonly name = 'metrics';
  readonly #view: Omit<View, 'metrics'>;
  readonly #totals: () => Totals;
  readonly #registry = new Registry();
  readonly #families: { family: Family; metric: Gauge | Counter }[];
  readonly #requests: Histogram;
  readonly #convergence: Histogram;
  readonly #rounds: Histogram;
  readonly #observed = new Map<string, { camera: string; label: string; count: number }>();
  /** Ids of running jobs that this node was told of: each ends once. */
  readonly #runningJobs = new Set<string>();
  readonly #jobsEnded: Record<string, number> = { succeeded: 0, failed: 0, cancelled: 0 };
  #unfollow: (() => void) | undefined;

  constructor(options: { view: Omit<View, 'metrics'>; totals: () => Totals }) {
    this.#view = options.view;
    this.#totals = options.totals;
    const registers = [this.#registry];
    this.#families = FAMILIES.map((family) => {
      const settings = { name: family.name, help: family.help, labelNames: family.labels ?? [], registers };
      return { family, metric: family.type === 'gauge' ? new Gauge(settings) : new Counter(settings) };
    });
    const { name, help, labels } = REQUESTS;
    this.#requests = new Histogram({ name, help, labelNames: labels, buckets: DURATION_BUCKETS, registers });
    this.#convergence = new Histogram({
      name: CONVERGENCE.name,
      help: CONVERGENCE.help,
      buckets: CONVERGENCE_BUCKETS,
      registers,
    });
    this.#rounds = new Histogram({ name: ROUNDS.name, help: ROUNDS.help, buckets: ROUND_BUCKETS, registers });
  }

  async start(): Promise<void> {
    this.#unfollow ??= this.#view.follow(({ topic, value }) => {
      if (topic === 'observation') this.#countObservation(value);
      if (topic === 'job') this.#countJob(value);
    });
  }

  async stop(): Promise<void> {
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  /** The text exposition, read now. */
  async text(): Promise<string> {
    const reading = this.#read();
    for (const { family, metric } of this.#families) {
      metric.reset();
      const samples = family.read(reading);
      // After a reset a metric without labels is 0; one that cannot be read here is absent instead.
      if (family.labels === undefined && samples.length === 0) metric.remove();
      for (const [value, ...values] of samples) {
        metric.inc(
          Object.fromEntries((family.labels ?? []).map((label, index) => [label, values[index] ?? ''])),
          value,
        );
      }
    }
    return this.#registry.metrics();
  }

  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void {
    const { method, route, status, seconds } = request;
    this.#requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds);
  }

  /** @param seconds from the first word of a change until the routes followed */
  observeConvergence(seconds: number): void {
    this.#convergence.observe(seconds);
  }

  /** @param seconds from the begin of a round to its end, here */
  observeRound(seconds: number): void {
    this.#rounds.observe(seconds);
  }

  /** What there is, for the reference page. */
  describe(): { name: string; type: string; help: string; labels: readonly string[] }[] {
    return [
      ...FAMILIES.map(({ name, type, help, labels = [] }) => ({ name, type, help, labels })),
      { ...REQUESTS, type: 'histogram' },
      { ...CONVERGENCE, type: 'histogram' },
      { ...ROUNDS, type: 'histogram' },
    ];
  }

  #read(): Reading {
    const view = this.#view;
    const { swarm, work, mesh, membership, relay, mqttConnected, oracle, federation } = this.#totals();
    return {
      node: view.node(),
      hardware: view.hardware(),
      peers: view.peers(),
      links: view.links(),
      routes: view.routes(),
      agents: view.agents(),
      cameras: view.cameras(),
      places: view.places(),
      corrections: view.corrections(),
      healing: view.healing(),
      anomalies: view.anomalies(),
      store: view.store(),
      observations: [...this.#observed.values()],
      mesh,
      membership,
      relay,
      mqttConnected,
      swarm,
      work,
      tasksReady: view.swarm().ready,
      jobsEnded: this.#jobsEnded,
      oracle,
      policy: view.policy(),
      federation,
      shared: view.federationNow(),
    };
  }

  #countJob(value: unknown): void {
    if (!Value.Check(JobView, value)) return;
    if (value.state === 'running') {
      if (this.#runningJobs.size < MOST_RUNNING_JOBS) this.#runningJobs.add(value.id);
    } else if (this.#runningJobs.delete(value.id)) {
      this.#jobsEnded[value.state] = (this.#jobsEnded[value.state] ?? 0) + 1;
    }
  }

  #countObservation(value: unknown): void {
    if (!Value.Check(ObservationView, value) || value.phase !== 'start') return;
    const key = JSON.stringify([value.camera, value.label]);
    const known = this.#observed.get(key);
    if (known !== undefined) known.count++;
    else if (this.#observed.size < MOST_OBSERVED) {
      this.#observed.set(key, { camera: value.camera, label: value.label, count: 1 });
    } else {
      const other = this.#observed.get('other') ?? { camera: 'other', label: 'other', count: 0 };
      other.count++;
      this.#observed.set('other', other);
    }
  }
}
