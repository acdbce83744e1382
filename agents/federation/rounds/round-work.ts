// The long steps of a round, which compute and write and may be done again after a restart: aggregating what came in to a
// candidate, and bringing the candidate to the roll-out.

import { type Static, Type } from 'typebox';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Verdict } from '../aggregation/aggregator.ts';
import {
  freshOptimizer,
  type OptimizerState,
  type ServerOptimizerConfig,
  serverStep,
} from '../aggregation/server-optimizer.ts';
import { normOf } from '../aggregation/update-set.ts';
import type { Learner, Model, ModelOrigin } from '../learner.ts';
import { bytesOf, parametersOf, readJson, SignedText, UpdateHeader, versionOf } from '../messages.ts';
import type { CandidateDesk } from '../rollout/candidate.ts';
import { type FederationStorage, STORED_AT_MOST, type StoredModel } from '../storage.ts';
import type { Aggregation, Counted, Evaluate, Reputation } from './ports.ts';
import type { Aggregating, Evaluating, RoundEvent } from './round.ts';

export interface RoundWorkParts {
  self: string;
  learner: Learner;
  storage: FederationStorage;
  aggregation: Aggregation;
  optimizer: ServerOptimizerConfig;
  desk: CandidateDesk;
  reputation?: Reputation;
  evaluate?: Evaluate;
  wall(): number;
  /** Writes that are tried until they succeed. */
  durably<T>(write: () => Promise<T>): Promise<T>;
}

const MOST_EVIDENCE = 300;

/** As the candidate's lineage is written; the roll-out goes on from there. */
const Lineage = Type.Object({
  origin: Type.Object({
    parent: Type.String(),
    coordinator: Type.String(),
    round: Type.Integer(),
    madeAt: Type.Number(),
    nodes: Type.Array(Type.String()),
    examples: Type.Number(),
  }),
});

/** The moments of a model are kept beside it, so that a model that is taken back takes them with it. */
const momentsOf = (learner: string): string => `${learner}.moments`;
const MOMENTS_KEPT = 4;
const MomentsShape = Type.Object({ rounds: Type.Integer({ minimum: 0 }), first: Type.Integer({ minimum: 0 }) });

/** Rejects with what makes the round fail. */
export async function aggregateRound(
  { facts, counted }: Aggregating,
  base: Model,
  parts: RoundWorkParts,
  signal: AbortSignal,
): Promise<Extract<RoundEvent, { kind: 'aggregated' }>> {
  const { learner, storage, aggregation, durably } = parts;
  const rows = await durably(() => storage.updates(learner.name, facts.number));
  const weights = new Map(counted.map(({ node, weight }) => [node, weight]));
  const updates = rows.flatMap((row): Counted[] => {
    const weight = weights.get(row.node);
    const header = headerOf(row.header);
    return weight === undefined || header === undefined ? [] : [{ header, data: row.data, weight }];
  });
  if (updates.length < counted.length) {
    throw new ParlmeshError('ROUND_UPDATES_LOST', `${counted.length - updates.length} updates are not in the store`);
  }
  const task = { learner: learner.name, format: learner.format, round: facts.number, id: facts.id, base, updates };
  const { delta, verdicts } = await aggregation.aggregate(task, signal);
  const before = await durably(() => readMoments(storage, learner.name, base.version));
  const { state, step } = serverStep(before, delta, parts.optimizer);
  const parameters = base.parameters.map((value, at) => value + step[at]!);
  if (!parameters.every(Number.isFinite)) {
    throw new ParlmeshError('MODEL_INVALID', 'a number of the candidate is not finite');
  }
  const bytes = bytesOf(parameters);
  const candidate = versionOf(bytes);
  const moments = writeMoments(learner.name, candidate, state);
  if (moments !== undefined) await durably(() => storage.putModel(moments));
  const nodes = updates.flatMap(({ header }) => header.members ?? [header.node]);
  const examples = updates.reduce((sum, { header }) => sum + header.examples, 0);
  const origin: ModelOrigin = {
    ...{ parent: base.version, coordinator: parts.self, round: facts.number, madeAt: parts.wall(), nodes, examples },
  };
  const model = { learner: learner.name, version: candidate, lineage: JSON.stringify({ origin }), parameters: bytes };
  await durably(() => storage.putModel(model));
  return { kind: 'aggregated', candidate, verdicts: verdicts.map(shortened), norm: normOf(step) };
}

/**
 * Judges the candidate and brings it to the roll-out; the same twice is one.
 * `ROLLOUT_BUSY` rejects: the candidate before it has not come to its end.
 */
export async function bringCandidate(
  state: Evaluating,
  base: Model,
  parts: RoundWorkParts,
  signal: AbortSignal,
): Promise<Extract<RoundEvent, { kind: 'judged' }>> {
  const { learner, storage, reputation, evaluate, desk, durably } = parts;
  const { facts, candidate: version } = state;
  await durably(async () => reputation?.judged(learner.name, facts.number, state.verdicts));
  const stored = await durably(() => storage.model(learner.name, version));
  const parameters = stored && parametersOf(stored.parameters);
  if (stored === undefined || parameters === undefined) {
    throw new ParlmeshError('ROUND_CANDIDATE_LOST', `The candidate ${version} is not in the store`);
  }
  let sentence = 'The roll-out judges it';
  if (evaluate !== undefined) {
    const { accepted, comparison } = await evaluate(learner, { version, parameters }, base, signal);
    if (!accepted) return { kind: 'judged', outcome: 'rejected', sentence: comparison.sentence };
    sentence = comparison.sentence;
  }
  const lineage = readJson(Lineage, Buffer.from(stored.lineage), STORED_AT_MOST.lineage);
  if (lineage === undefined) {
    throw new ParlmeshError('ROUND_CANDIDATE_LOST', `Where the candidate ${version} comes from cannot be read`);
  }
  try {
    await desk.propose({ learner: learner.name, format: learner.format, parameters, ...lineage });
  } catch (thrown) {
    if (thrown instanceof ParlmeshError && thrown.code === 'MODEL_INVALID') {
      return { kind: 'judged', outcome: 'rejected', sentence: thrown.message };
    }
    throw thrown;
  }
  return { kind: 'judged', outcome: 'proposed', sentence };
}

/** What a node signed; undefined for what cannot be read. Its signature was checked when it came. */
export function headerOf(header: string): UpdateHeader | undefined {
  const signed = readJson(SignedText, Buffer.from(header), STORED_AT_MOST.header);
  return signed && readJson(UpdateHeader, Buffer.from(signed.body));
}

async function readMoments(storage: FederationStorage, learner: string, version: string): Promise<OptimizerState> {
  const stored = await storage.model(momentsOf(learner), version);
  const numbers = stored && parametersOf(stored.parameters);
  const shape = stored && readJson(MomentsShape, Buffer.from(stored.lineage));
  if (shape === undefined || numbers === undefined) return freshOptimizer();
  return { rounds: shape.rounds, first: numbers.slice(0, shape.first), second: numbers.slice(shape.first) };
}

/** Undefined for an optimiser that remembers nothing. */
function writeMoments(learner: string, version: string, state: OptimizerState): StoredModel | undefined {
  const { rounds, first, second } = state;
  if (first.length + second.length === 0) return undefined;
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  const lineage = JSON.stringify({ rounds, first: first.length } satisfies Static<typeof MomentsShape>);
  return { learner: momentsOf(learner), version, lineage, parameters: bytesOf(both) };
}

/** Of models that no round can begin from any more. */
export async function dropMoments(storage: FederationStorage, learner: string, base: string): Promise<void> {
  await storage.dropModels(momentsOf(learner), MOMENTS_KEPT, [base]);
}

function shortened({ node, share, doubt }: Verdict): Verdict {
  return { node, share, ...(doubt && { doubt: { ...doubt, evidence: doubt.evidence.slice(0, MOST_EVIDENCE) } }) };
}
