// What a metric is made from: what a scrape reads, a family of metrics, and the samples that it takes from the reading.

import type { MeshCounters } from '../../mesh/counters.ts';
import type { RelayCounters } from '../../mesh/relay/relay.ts';
import type { FederationTotals } from '../federation/figures.ts';
import type { AnomaliesView } from '../view/anomaly-schema.ts';
import type { EpisodeView, PlacesView } from '../view/correction-schema.ts';
import type { FederationView } from '../view/federation-schema.ts';
import type { HealingView } from '../view/incident-schema.ts';
import type { PolicyView } from '../view/policy-schema.ts';
import type { RouteView } from '../view/route-schema.ts';
import type { AgentView, CameraView, HardwareView, LinkView, NodeView, PeerView, StoreView } from '../view/schema.ts';
import type { OracleTotals } from './oracle-families.ts';
import type { SwarmFigures } from './swarm-families.ts';
import type { WorkFigures } from './work-families.ts';

/** Of this node's membership in its network. */
export interface MembershipFigures {
  certificateSeconds: number;
  keyNumber: number;
  /** Members without the newest network key; undefined where the authority is not. */
  withoutKey: number | undefined;
  /** Questions of members by outcome; undefined where the authority is not. */
  requests: Record<string, number> | undefined;
}

/** What one scrape reads from. */
export interface Reading {
  node: NodeView;
  hardware: HardwareView | undefined;
  peers: readonly PeerView[];
  links: readonly LinkView[];
  routes: readonly RouteView[];
  agents: readonly AgentView[];
  cameras: readonly CameraView[];
  places: PlacesView;
  corrections: readonly EpisodeView[];
  healing: HealingView;
  anomalies: AnomaliesView;
  store: StoreView;
  /** Observations that began, by camera and label, since the metrics' start. */
  observations: readonly { camera: string; label: string; count: number }[];
  mesh: MeshCounters | undefined;
  membership: MembershipFigures | undefined;
  relay: RelayCounters | undefined;
  mqttConnected: boolean | undefined;
  swarm: SwarmFigures | undefined;
  work: WorkFigures | undefined;
  tasksReady: number;
  /** Since the metrics' start. */
  jobsEnded: Readonly<Record<string, number>>;
  oracle: OracleTotals | undefined;
  policy: PolicyView;
  federation: FederationTotals | undefined;
  /** As followers were told last. */
  shared: FederationView | undefined;
}

/** A value and, in the order of the family's labels, what it is of. */
export type Sample = readonly [value: number, ...labels: string[]];

export interface Family {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  labels?: readonly string[];
  read(reading: Reading): Sample[];
}

export function sampleOf(value: number | undefined, ...labels: string[]): Sample[] {
  return value === undefined ? [] : [[value, ...labels]];
}

export function byKey(counts: Record<string, number>): Sample[] {
  return Object.entries(counts).map(([key, count]) => [count, key]);
}

export function countBy<State extends string>(states: readonly State[], things: readonly { state: State }[]): Sample[] {
  return states.map((state) => [things.filter((thing) => thing.state === state).length, state]);
}
