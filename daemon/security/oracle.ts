// The oracle of this node, joined to its keys, its store and the mesh; and what holders of API tokens, MQTT and agents
// may do here.

import type { Actor, Authorizer } from '../../agents/authorizer.ts';
import { type AgentCapabilities, EVERYTHING } from '../../agents/capabilities.ts';
import { TRAINING_AGENT } from '../../agents/federation/parl-federated-orchestrator.ts';
import { ROLLOUT_AGENT } from '../../agents/federation/rollout/participant.ts';
import { ACTION_NAMES } from '../../agents/mapek/action-catalogue.ts';
import { MAPEK_AGENT } from '../../agents/mapek/action-runner.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import { nodeOfKey, WHOLE_NODE } from '../../agents/oracle/actor.ts';
import type { OracleConfig } from '../../agents/oracle/config.ts';
import { AntiMeaveOracle } from '../../agents/oracle/oracle.ts';
import type { OracleStatus } from '../../agents/oracle/status.ts';
import type { Clock } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { SigningKey } from '../../mesh/membership/keys.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { CHAOS_AGENT } from '../chaos/faults/agents.ts';
import { CORRECTIONS, SELF_CORRECTION } from '../correction/local-planner.ts';
import type { Reach } from '../http/authorization.ts';
import type { Store } from '../store/store.ts';
import type { OracleTotals } from '../telemetry/oracle-families.ts';
import type { Actions, MqttActions } from '../view/view.ts';
import { OracleDesk } from './oracle-desk.ts';
import { oracleKeys } from './oracle-keys.ts';
import { ORACLE_STATE } from './oracle-state.ts';
import type { Scope } from './tokens.ts';

/** Whoever speaks over the broker; what the broker lets in is its business. */
export const MQTT_ACTOR: Actor = { kind: 'client', name: 'mqtt', tokenId: 'mqtt' };

export interface OracleOnNodeParts {
  config: OracleConfig;
  key: SigningKey;
  mesh: Mesh;
  network: AgentNetwork;
  store: Store;
  /** Scopes of an API token; undefined when it does not count any more. */
  scopesOf: (tokenId: string) => readonly Scope[] | undefined;
  agentCapabilities: (id: string) => AgentCapabilities;
  /** Commands over MQTT are taken. */
  mqttCommands: boolean;
  /** Other nodes may ask this one for help. */
  helpNeighbours: boolean;
  /** Somebody is frozen or changes are halted: why, or undefined when all is well again. */
  report: (cause: string | undefined) => void;
  clock: Clock;
  journal: Journal;
  logger: Logger;
}

/** Before the mesh starts. */
export function createOracle(parts: OracleOnNodeParts): { oracle: AntiMeaveOracle; desk: OracleDesk } {
  const { mesh, store, key, scopesOf, agentCapabilities, mqttCommands, helpNeighbours } = parts;
  const keys = oracleKeys(key, () => mesh.credentials());
  const oracle = new AntiMeaveOracle({
    ...parts,
    config: helpNeighbours ? { ...parts.config, members: [...parts.config.members, ...HELP] } : parts.config,
    keys,
    audit: store.audit,
    storage: { read: () => store.state(ORACLE_STATE), write: (document) => store.putState(ORACLE_STATE, document) },
    capabilitiesOf: (actor) => {
      if (actor.kind === 'agent') return BUILT_IN_MAY[actor.id] ?? agentCapabilities(actor.id);
      if (actor.kind !== 'client') return [];
      if (actor.tokenId === MQTT_ACTOR_ID) return mqttCommands ? MQTT_MAY : [];
      return capabilitiesOfScopes(scopesOf(actor.tokenId) ?? []);
    },
  });
  mesh.on('network', () => oracle.networkChanged());
  oracle.on('changed', () => parts.report(troubleOf(oracle.status(), parts.network)));
  return { oracle, desk: new OracleDesk({ ...parts, oracle, keys, audit: store.audit }) };
}

/** In words: a halt, or who is frozen. */
export function troubleOf({ frozen, halt }: OracleStatus, network: AgentNetwork): string | undefined {
  if (halt !== undefined) return `changes are halted: ${halt.reason}`;
  const [first, ...others] = frozen;
  if (first === undefined) return undefined;
  const node = nodeOfKey(first.actor);
  const actor = first.actor.slice(0, first.actor.lastIndexOf('@'));
  const name = network.nodes().find(({ id }) => id === node)?.name;
  const where = node === network.self ? '' : ` on ${name ?? `…${node.slice(-8)}`}`;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `${actor === WHOLE_NODE ? 'everybody' : actor}${where} is frozen: ${first.reason}${more}`;
}

/** What other nodes may order here, with a right to it. */
export function takeOrders(
  oracle: { handleOrder(action: string, run: (order: { subject: string }) => Promise<void>): void },
  actions: Pick<Actions, 'restartAgent' | 'reloadConfig'>,
): void {
  oracle.handleOrder('agent.restart', ({ subject }) => actions.restartAgent(subject.replace(/^agent\//, '')));
  oracle.handleOrder('config.reload', async () => void (await actions.reloadConfig()));
}

/** What the broker may wish, each asked about first; the swarm asks about jobs itself. */
export function authorizedForMqtt(actions: MqttActions, oracle: Authorizer, self: string): MqttActions {
  return {
    submitJob: (spec, actor, options) => actions.submitJob(spec, actor, options),
    restartAgent: async (id) => {
      const subject = `agent/${id}`;
      await oracle.authorize({ action: 'agent.restart', actor: MQTT_ACTOR, scope: 'node', nodes: [self], subject });
      await actions.restartAgent(id);
    },
    answerIncident: async (id, answer, by) => {
      const what = { action: 'incident.answer', subject: `incident/${id}` };
      await oracle.authorize({ ...what, actor: MQTT_ACTOR, scope: 'node', nodes: [self] });
      return actions.answerIncident(id, answer, by);
    },
  };
}

/** Whom what is done in the name of the whole network touches: only where its authority is can that be done. */
export function reachOf(mesh: Mesh): Reach {
  return {
    self: mesh.id,
    network: () => (mesh.network()?.holdsAuthority ? [mesh.id, ...mesh.peers().map(({ id }) => id)] : [mesh.id]),
  };
}

/** The planner is asked about like an agent: a plan that is put into force unasked touches all nodes. */
export async function authorizePlan(oracle: AntiMeaveOracle, mesh: Mesh): Promise<void> {
  await oracle.authorize({
    action: 'plan.apply',
    actor: { kind: 'agent', id: PLANNER },
    scope: 'network',
    nodes: reachOf(mesh).network(),
    subject: 'service/mesh',
  });
}

/** Asked before a policy that was trained here serves here. @param self id of this node */
export async function authorizeLesson(authorizer: Authorizer, self: string, subject: string): Promise<void> {
  const actor: Actor = { kind: 'agent', id: LEARNER };
  await authorizer.authorize({ action: 'policy.promote', actor, scope: 'node', nodes: [self], subject });
}

export function oracleFigures(oracle: AntiMeaveOracle): OracleTotals {
  const { frozen, halt } = oracle.status();
  return { ...oracle.figures(), frozen: frozen.length, halted: halt !== undefined };
}

const MQTT_ACTOR_ID = 'mqtt';
/** No agent of a user can be called so. */
const PLANNER = 'mesh planner';
const LEARNER = 'parl controller';
const here = (action: string) => ({ action, scope: 'node' as const, mostNodes: 1, largestShare: 1, approvals: 0 });
const BUILT_IN_MAY: Readonly<Record<string, AgentCapabilities>> = {
  [PLANNER]: [{ ...EVERYTHING, action: 'plan.apply' }],
  [LEARNER]: [here('policy.promote')],
  [ROLLOUT_AGENT]: [here('model.adopt')],
  [CHAOS_AGENT]: ['job.submit', 'job.cancel'].map(here),
  [TRAINING_AGENT]: ['job.submit', 'job.cancel'].map(here),
  [SELF_CORRECTION]: CORRECTIONS.map(here),
  [MAPEK_AGENT]: ACTION_NAMES.map(here),
};
/** What a node of the network may ask of this one besides work: see `NeighbourHelp`. */
const HELP = ['link.reset', 'process.restart-service'];
const MQTT_MAY: AgentCapabilities = ['agent.restart', 'job.*', 'incident.answer'].map(here);
const ACT_MAY: AgentCapabilities = [
  ...['agent.*', 'job.*', 'swarm.*', 'blob.*', 'camera.*', 'vision.*', 'incident.*', 'anomaly.*'],
].map(here);

/** What the scopes of an API token amount to. `admin` may everything, but wide actions need other nodes besides. */
export function capabilitiesOfScopes(scopes: readonly Scope[]): AgentCapabilities {
  if (scopes.includes('admin')) return [EVERYTHING];
  return scopes.includes('act') ? ACT_MAY : [];
}
