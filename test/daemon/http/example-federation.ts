// The federation of the example node: one round behind it, one running, a model on its way, and something that waits for
// the owner.

import { ParlmeshError } from '../../../core/errors.ts';
import type {
  FederationLedgerView,
  FederationView,
  ModelsView,
  RoundsView,
} from '../../../daemon/view/federation-schema.ts';
import type { FederationActions, FederationWindow } from '../../../daemon/view/view.ts';

const LEARNER = 'parl-policy';
const node = (name: string) => ({ id: `12D3KooW${name}`, name });

export class ExampleFederation implements FederationWindow, FederationActions {
  /** What was asked of it. */
  readonly asked: string[] = [];
  /** Whether the example node has the seat; else bravo. */
  coordinates = false;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  async federation(): Promise<FederationView> {
    return this.now();
  }

  now(): FederationView {
    return {
      enabled: true,
      coordinator: { ...node(this.coordinates ? 'alpha' : 'bravo'), term: 3, self: this.coordinates },
      candidates: [
        { node: node('bravo'), cost: 0.012, candidate: true, present: true },
        { node: node('alpha'), cost: 0.02, candidate: true, present: true },
      ],
      coordination: {
        status: {
          coordinator: { ...node('bravo'), term: 3 },
          coordinates: true,
          learners: [
            {
              ...{ name: LEARNER, title: 'Scheduling policy', rounds: 8, failures: 0, candidates: 3, examples: 420 },
              aggregation: { rule: 'default', clip: 1.5 },
              sentence: 'Round 8: 1 of 3 updates are here, 2 awaited',
            },
          ],
        },
        rollouts: [
          {
            ...{ learner: LEARNER, title: 'Scheduling policy', words: 3, strays: 0 },
            ...{ settled: '9f86d081884c7d65', tip: 'a3c9f1d20b5e7788' },
            rolling: {
              ...{ version: 'a3c9f1d20b5e7788', stage: 'canaries', held: 300, samples: 12, findings: [] },
              nodes: { asked: 0, serves: 2, declined: 0, left: 0 },
            },
          },
        ],
      },
      duties: [
        {
          ...{ learner: LEARNER, title: 'Scheduling policy', kind: 'training', round: 8, sinceSeconds: 4 },
          ...{ examples: 140, version: '9f86d081884c7d65' },
        },
      ],
      privacy: [
        {
          ...{ learner: LEARNER, title: 'Scheduling policy', clip: 10, noise: 1, participations: 7 },
          consent: { updates: 'allow', experience: 'ask', metrics: 'allow' },
          ...{ epsilonBefore: 4.2, epsilonAfter: 4.6, epsilonEver: 4.2, budget: 8, roundsLeft: 9 },
        },
      ],
      held: [
        {
          ...{ id: '0123456789ab', learner: LEARNER, kind: 'experience', to: node('bravo'), round: 8 },
          ...{ bytes: 20_480, state: 'waiting', heldAt: this.#at },
        },
      ],
      shipping: {
        state: 'idle',
        cause: 'nothing-new',
        sentBytes: 81_920,
        acknowledgedRows: 12,
        lagRows: 0,
        lagSeconds: 0,
      },
    };
  }

  async federationRounds(learner: string, limit: number): Promise<RoundsView> {
    this.#known(learner);
    const common = { learner, mode: 'synchronous', base: '9f86d081884c7d65', restarts: 0 } as const;
    const rounds: RoundsView = [
      {
        ...{ ...common, number: 8, id: '00000000000000a8', state: 'collecting', startedAt: this.#at },
        ...{ endsInSeconds: 20, progress: 1 / 3, wanted: 3, quorum: 2, deadlineSeconds: 30 },
        ...{ arrived: 1, examples: 140, bytes: 3_400, refused: [], metrics: { return: 0.4 } },
        nodes: [
          {
            ...{ node: node('charlie'), state: 'in', expectedSeconds: 8, seconds: 7.2, examples: 140, bytes: 3_400 },
            metrics: { return: 0.4 },
          },
          { node: node('alpha'), state: 'training', expectedSeconds: 10, examples: 140 },
          { node: node('delta'), state: 'away', expectedSeconds: 9, examples: 140 },
        ],
      },
      {
        ...{ ...common, number: 7, id: '00000000000000a7', state: 'done', startedAt: this.#at - 900_000 },
        ...{ endedAt: this.#at - 870_000, progress: 1, wanted: 3, quorum: 2, deadlineSeconds: 30 },
        ...{ arrived: 3, examples: 400, bytes: 10_200, candidate: 'a3c9f1d20b5e7788', stepLength: 0.8 },
        ...{ outcome: 'proposed', sentence: 'its candidate is rolled out' },
        refused: [{ node: node('mallory'), reason: 'forged', count: 2, cause: 'it is signed by nobody' }],
        metrics: { return: 0.3 },
        nodes: [
          {
            ...{ node: node('charlie'), state: 'in', expectedSeconds: 8, seconds: 7.2, examples: 140, bytes: 3_400 },
            ...{ share: 0.5, metrics: { return: 0.3 } },
          },
          {
            ...{ node: node('echo'), state: 'in', expectedSeconds: 8, seconds: 9, examples: 130, bytes: 3_400 },
            ...{ share: 0, metrics: { return: 9 } },
            doubt: { reason: 'against-majority', evidence: 'cosine -0.92 with the majority' },
          },
        ],
      },
    ];
    return [...rounds, ...this.#olderRounds()].slice(0, limit);
  }

  async federationModels(learner: string, limit: number): Promise<ModelsView> {
    this.#known(learner);
    const models: ModelsView = [
      {
        ...{ version: 'a3c9f1d20b5e7788', parent: '9f86d081884c7d65', round: 7, coordinator: '12D3KooWbravo' },
        ...{ madeAt: this.#at - 870_000, nodes: 3, examples: 400, role: 'tip' },
        merged: { with: '00c0ffee00000003', split: '00c0ffee00000001' },
        rollout: {
          ...{ fate: 'rolling-out', reason: 'it finishes jobs 1.031 times as fast', at: this.#at - 860_000 },
          gain: { value: 1.031, low: 1.009, high: 1.054, trials: 64 },
          ...{ verdicts: [], stages: [] },
        },
      },
      { version: '9f86d081884c7d65', nodes: 0, examples: 0, role: 'serves' },
    ];
    return models.slice(0, limit);
  }

  federationLedger(limit: number): FederationLedgerView {
    const entry: FederationLedgerView['entries'][number] = {
      kind: 'updates',
      ...{ number: 7, at: this.#at - 880_000, learner: LEARNER, to: node('bravo'), term: 3, round: 7 },
      ...{ bytes: 3_400, examples: 140, norm: 0.9, noise: 1, epsilon: 4.2, secure: false },
    };
    return { entries: [entry].slice(0, limit) };
  }

  async beginRound(learner: string): Promise<void> {
    this.#known(learner);
    this.asked.push(`begin ${learner}`);
    if (this.coordinates) return;
    throw new ParlmeshError('FEDERATION_NOT_COORDINATOR', 'Rounds are not run here: bravo coordinates');
  }

  async cancelRound(learner: string, by: string): Promise<void> {
    this.asked.push(`cancel ${learner} by ${by}`);
  }

  async pauseRounds(by: string, reason: string): Promise<void> {
    this.asked.push(`pause by ${by}: ${reason}`);
  }

  async resumeRounds(by: string): Promise<void> {
    this.asked.push(`resume by ${by}`);
  }

  async setConsent(learner: string, kind: string, choice: string | undefined): Promise<void> {
    this.asked.push(`consent ${learner} ${kind} ${choice}`);
  }

  async beginPrivacyAccount(learner: string): Promise<void> {
    this.#known(learner);
    this.asked.push(`account ${learner}`);
  }

  async decideHeld(id: string, isApproved: boolean): Promise<void> {
    this.asked.push(`held ${id} ${isApproved}`);
  }

  /** Six to one: the second failed for want of updates. */
  #olderRounds(): RoundsView {
    const none: Record<string, number> = {};
    return [6, 5, 4, 3, 2, 1].map((number) => ({
      ...{ learner: LEARNER, number, id: `00000000000000a${number}`, mode: 'synchronous', base: '9f86d081884c7d65' },
      ...{ startedAt: this.#at - (8 - number) * 900_000, endedAt: this.#at - (8 - number) * 900_000 + 31_000 },
      ...{ progress: 1, wanted: 3, quorum: 2, deadlineSeconds: 30, restarts: 0, refused: [], nodes: [] },
      ...(number === 2
        ? { state: 'failed', arrived: 1, examples: 60, bytes: 3_400, metrics: none, failure: 'too-few' }
        : {
            state: 'done',
            arrived: 3,
            examples: 60 * number,
            bytes: 10_200,
            metrics: { ...none, return: 0.04 * number },
          }),
      ...(number === 2
        ? { sentence: 'only 1 of 2 updates came in time' }
        : { outcome: 'rejected', sentence: 'its candidate is no better', candidate: `00c0ffee0000000${number}` }),
    }));
  }

  #known(learner: string): void {
    if (learner !== LEARNER)
      throw new ParlmeshError('FEDERATION_UNKNOWN_LEARNER', `Nothing called "${learner}" is federated here`);
  }
}
