// What people and programs see and ask of the federation. Rounds, roll-outs and models are where the coordinator is: any
// other node asks it, and says when it does not answer.

import { type TSchema, Type } from 'typebox';
import type { Learner } from '../../agents/federation/learner.ts';
import { LearnerName } from '../../agents/federation/messages.ts';
import type { ConsentChoice, LeavingKind } from '../../agents/federation/privacy/config.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import { SwarmChannel } from '../../agents/swarm/channel.ts';
import type { Question } from '../../agents/swarm/messages.ts';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import {
  CoordinationView,
  type FederationLedgerView,
  type FederationView,
  ModelsView,
  type PrivacyView,
  RoundsView,
} from '../view/federation-schema.ts';
import type { FederationActions, FederationWindow } from '../view/view.ts';
import type { Federation } from './federation.ts';

const question = <Q extends TSchema, A extends TSchema>(service: string, asks: Q, answers: A): Question<Q, A> => ({
  ...{ service, asks, answers },
});
const List = Type.Object({ learner: LearnerName, limit: Type.Integer({ minimum: 1, maximum: 200 }) });
const COORDINATION = question('federation-view', Type.Object({}), CoordinationView);
const ROUNDS = question('federation-rounds', List, RoundsView);
const MODELS = question('federation-models', List, ModelsView);
const ANSWERS_WITHIN: Millis = 5_000;
/** Nodes of a round that are shown; the numbers count all. */
const MOST_NODES_SHOWN = 200;

export interface FederationDeskParts {
  /** Undefined where the configuration switches it off. */
  federation: Federation | undefined;
  learners: readonly Learner[];
  network: AgentNetwork;
  /** Of this node. */
  name: string;
  clock: Clock;
}

export class FederationDesk implements FederationWindow, FederationActions {
  readonly #parts: FederationDeskParts;
  readonly #channel: SwarmChannel;
  readonly #listeners = new Set<() => void>();

  /** Before the mesh starts. */
  constructor(parts: FederationDeskParts) {
    this.#parts = parts;
    this.#channel = new SwarmChannel(parts.network);
    if (parts.federation === undefined) return;
    this.#channel.handle(COORDINATION, () => this.#ownCoordination());
    this.#channel.handle(ROUNDS, (_, { learner, limit }) => this.#ownRounds(learner, limit));
    this.#channel.handle(MODELS, (_, { learner, limit }) => this.#ownModels(learner, limit));
    const changed = (): void => this.#changed();
    parts.federation.coordinator.on('round', changed);
    parts.federation.participant.on('duty', changed);
    parts.federation.rollouts.on('changed', changed);
    parts.federation.election.on('changed', changed);
  }

  /** Calls `listener` when something of `federation()` changed here. */
  follow(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async federation(): Promise<FederationView> {
    const { federation } = this.#parts;
    if (federation === undefined) return { enabled: false, candidates: [], duties: [], privacy: [], held: [] };
    const seat = federation.election.current();
    const candidates = federation.election
      .candidates()
      .slice(0, MOST_NODES_SHOWN)
      .map(({ node, ...standing }) => ({ node: this.#named(node), ...standing }));
    const common = { enabled: true, candidates, ...this.#shipping(federation), duties: this.#duties(federation) };
    const own = { ...common, privacy: await this.#privacy(federation), held: this.#held(federation) };
    if (seat === undefined) return { ...own, unknown: 'No node coordinates yet' };
    const isSelf = seat.node === this.#parts.network.self;
    const coordinator = { ...this.#named(seat.node), term: seat.term, self: isSelf };
    try {
      const coordination = isSelf
        ? this.#ownCoordination()
        : await this.#channel.ask(seat.node, COORDINATION, {}, ANSWERS_WITHIN);
      return { ...own, coordinator, coordination };
    } catch (thrown) {
      return { ...own, coordinator, unknown: `${coordinator.name} does not answer: ${messageOf(thrown)}` };
    }
  }

  async federationRounds(learner: string, limit: number): Promise<RoundsView> {
    const node = this.#coordinator(learner);
    if (node === this.#parts.network.self) return this.#ownRounds(learner, limit);
    return this.#channel.ask(node, ROUNDS, { learner, limit }, ANSWERS_WITHIN);
  }

  async federationModels(learner: string, limit: number): Promise<ModelsView> {
    const node = this.#coordinator(learner);
    if (node === this.#parts.network.self) return this.#ownModels(learner, limit);
    return this.#channel.ask(node, MODELS, { learner, limit }, ANSWERS_WITHIN);
  }

  federationLedger(limit: number): FederationLedgerView {
    const { entries } = this.#require().privacy.gate.ledger(limit);
    return { entries: entries.map((entry) => ({ ...entry, to: this.#named(entry.to) })) };
  }

  async beginRound(learner: string): Promise<void> {
    await this.#require().coordinator.runNow(learner);
  }

  async cancelRound(learner: string, by: string): Promise<void> {
    await this.#require().coordinator.cancel(learner, by);
  }

  async pauseRounds(by: string, reason: string): Promise<void> {
    this.#mustCoordinate();
    await this.#require().coordinator.pause.begin(by, reason);
    this.#changed();
  }

  async resumeRounds(by: string): Promise<void> {
    this.#mustCoordinate();
    await this.#require().coordinator.pause.end(by);
    this.#changed();
  }

  async setConsent(learner: string, kind: LeavingKind, choice: ConsentChoice | undefined): Promise<void> {
    this.#known(learner);
    await this.#require().privacy.gate.setConsent(learner, kind, choice);
    this.#changed();
  }

  async beginPrivacyAccount(learner: string): Promise<void> {
    this.#known(learner);
    await this.#require().privacy.gate.beginAccount(learner);
    this.#changed();
  }

  async decideHeld(id: string, isApproved: boolean): Promise<void> {
    await this.#require().privacy.gate.decide(id, isApproved ? 'approved' : 'denied');
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #ownCoordination(): CoordinationView {
    const { coordinator, rollouts } = this.#require();
    return {
      status: coordinator.status(),
      rollouts: rollouts.view().map(({ rolling, ...view }) => ({
        ...view,
        ...(rolling && { rolling: { ...rolling, nodes: { ...rolling.nodes }, findings: [...rolling.findings] } }),
      })),
    };
  }

  #ownRounds(learner: string, limit: number): RoundsView {
    const { coordinator } = this.#require();
    this.#known(learner);
    const running = coordinator.round(learner);
    const past = coordinator.history(learner, limit);
    const all = running === undefined || past.some(({ id }) => id === running.id) ? past : [running, ...past];
    return all.slice(0, limit).map((round) => ({ ...round, nodes: round.nodes.slice(0, MOST_NODES_SHOWN) }));
  }

  async #ownModels(learner: string, limit: number): Promise<ModelsView> {
    this.#known(learner);
    return this.#require().rollouts.lineage(learner, limit);
  }

  #duties({ participant }: Federation): FederationView['duties'] {
    const { clock, learners } = this.#parts;
    const offer = participant.offer();
    return participant.duties().map(({ learner, duty }) => ({
      learner,
      title: learners.find(({ name }) => name === learner)?.title ?? learner,
      kind: duty.kind,
      ...('round' in duty && { round: duty.round }),
      ...('since' in duty && { sinceSeconds: Math.max(0, clock.now() - duty.since) / 1000 }),
      ...('cause' in duty && { cause: duty.cause }),
      examples: offer.learners.find(({ name }) => name === learner)?.examples ?? 0,
      ...this.#version(learner),
    }));
  }

  #version(name: string): { version?: string } {
    try {
      const version = this.#parts.learners.find((learner) => learner.name === name)?.current().version;
      return version === undefined ? {} : { version };
    } catch {
      // It is not open yet.
      return {};
    }
  }

  async #privacy({ privacy }: Federation): Promise<PrivacyView[]> {
    if (!privacy.isOpen) return [];
    return Promise.all(
      this.#parts.learners.map(async ({ name, title }): Promise<PrivacyView> => {
        const { consent, protection, next, budget, epsilonEver, participations } = await privacy.gate.outlook(name);
        return {
          ...{ learner: name, title, consent, participations, ...protection },
          ...('epsilonBefore' in next && next.epsilonBefore !== undefined && { epsilonBefore: next.epsilonBefore }),
          ...('epsilonAfter' in next && next.epsilonAfter !== undefined && { epsilonAfter: next.epsilonAfter }),
          ...(budget !== undefined && { budget }),
          ...(epsilonEver !== undefined && { epsilonEver }),
          ...(next.kind === 'allowed' && next.roundsLeft !== undefined && { roundsLeft: next.roundsLeft }),
          ...(next.kind === 'refused' && { refused: next.sentence }),
        };
      }),
    );
  }

  #held({ privacy }: Federation): FederationView['held'] {
    if (!privacy.isOpen) return [];
    return privacy.gate.held().map(({ id, learner, kind, to, round, bytes, state, heldAt }) => ({
      ...{ id, learner, kind, round, bytes, state, heldAt },
      to: this.#named(to),
    }));
  }

  #shipping({ shipper }: Federation): Pick<FederationView, 'shipping'> {
    const { state, sent, acknowledged, lag } = shipper.figures;
    const why = state.kind === 'waiting' ? state.cause : state.kind === 'idle' ? state.why : undefined;
    return {
      shipping: {
        state: state.kind,
        ...(why !== undefined && { cause: why }),
        sentBytes: sent.bytes,
        acknowledgedRows: acknowledged.rows,
        lagRows: lag.rows,
        lagSeconds: lag.millis / 1000,
      },
    };
  }

  #require(): Federation {
    const { federation } = this.#parts;
    if (federation !== undefined) return federation;
    throw new ParlmeshError('FEDERATION_OFF', 'This node takes no part in federations', {
      hint: 'federation.enabled in the configuration switches it on',
    });
  }

  /** Throws `FEDERATION_UNKNOWN_LEARNER`. */
  #known(learner: string): void {
    if (this.#parts.learners.some(({ name }) => name === learner)) return;
    const names = this.#parts.learners.map(({ name }) => name).join(', ');
    throw new ParlmeshError('FEDERATION_UNKNOWN_LEARNER', `Nothing called "${learner}" is federated here`, {
      hint: `There are: ${names}`,
    });
  }

  #coordinator(learner: string): string {
    this.#known(learner);
    const seat = this.#require().election.current();
    if (seat !== undefined) return seat.node;
    throw new ParlmeshError('FEDERATION_NO_COORDINATOR', 'No node coordinates just now', {
      hint: 'One is elected within seconds where a node may: parlmesh federation coordinator',
    });
  }

  #mustCoordinate(): void {
    const seat = this.#require().election.current();
    if (seat?.node === this.#parts.network.self) return;
    const who = seat === undefined ? 'no node does just now' : `${this.#named(seat.node).name} does`;
    throw new ParlmeshError('FEDERATION_NOT_COORDINATOR', `This node does not coordinate: ${who}`, {
      hint: 'Say it there',
    });
  }

  #named(id: string): { id: string; name: string } {
    const { network, name } = this.#parts;
    return { id, name: network.nodes().find((node) => node.id === id)?.name ?? (id === network.self ? name : id) };
  }
}
