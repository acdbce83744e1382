// After a partition: who steps down tells the coordinator that remains what models it made since, and gives those that are
// asked for, piece by piece. The one that remains keeps them, and proposes one model of both lines, which has to prove
// itself as any candidate has. Repeating any of it changes nothing.

import { type Static, Type } from 'typebox';
import type { Clock } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { AgentNetwork } from '../../network.ts';
import type { ModelOrigin } from '../learner.ts';
import {
  bytesOf,
  frameOf,
  LearnerName,
  MOST_MODEL_BYTES,
  ModelVersion,
  NodeId,
  PIECE_BYTES,
  parametersOf,
  RoundNumber,
  readFrame,
  versionOf,
} from '../messages.ts';
import type { FederationStorage } from '../storage.ts';
import { type Descent, harvestOf, type Line, lineOf, MOST_LINE, mergedParameters, relate } from './branches.ts';

export interface BranchParts {
  network: AgentNetwork;
  storage: Pick<FederationStorage, 'models' | 'model' | 'putModel'>;
  /** What a stored lineage says of its origin; undefined for what no version writes. */
  originOf(lineage: string): ModelOrigin | undefined;
  /** The version that rounds of a learner begin from, and the learner's format and size; undefined for a stranger. */
  learner(name: string): { head: string; format: number; size: number } | undefined;
  /** Whether this node has the seat now. */
  isCoordinator(): boolean;
  /** Whether that node may coordinate: models are taken of nobody else. */
  mayCoordinate(node: string): boolean;
  /** Takes a model that came of two lines to where candidates prove themselves. */
  propose(candidate: {
    learner: string;
    format: number;
    parameters: Float32Array;
    origin: ModelOrigin;
  }): Promise<unknown>;
  clock: Clock;
  journal: Journal;
}

/** Nodes that the lineage of one model names in a message; the examples of all count. */
const MOST_NODES_TOLD = 150;
/** Coordinators that hand over at once; of more, who has waited longest begins anew. */
const MOST_INCOMING = 4;

const Told = Type.Object({
  version: ModelVersion,
  parent: ModelVersion,
  coordinator: NodeId,
  round: RoundNumber,
  nodes: Type.Array(NodeId, { maxItems: MOST_NODES_TOLD }),
  examples: Type.Integer({ minimum: 0, maximum: 1e9 }),
});
/** One question: the head with the name of its line, then one a model. Each fits a message. */
const Question = Type.Union([
  Type.Object({
    kind: Type.Literal('line'),
    learner: LearnerName,
    head: ModelVersion,
    line: Type.Array(Told, { maxItems: MOST_LINE }),
  }),
  Type.Object({
    kind: Type.Literal('piece'),
    learner: LearnerName,
    model: Told,
    bytes: Type.Integer({ minimum: 4, maximum: MOST_MODEL_BYTES }),
    offset: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }),
  }),
  Type.Object({ kind: Type.Literal('end'), learner: LearnerName, head: ModelVersion }),
]);
type Question = Static<typeof Question>;
const Reply = Type.Union([
  Type.Object({ kind: Type.Literal('wants'), versions: Type.Array(ModelVersion, { maxItems: MOST_LINE }) }),
  Type.Object({ kind: Type.Literal('have'), bytes: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }) }),
  Type.Object({ kind: Type.Literal('done') }),
]);
type Reply = Static<typeof Reply>;

export const BRANCH = 'federation-branch';
interface Incoming {
  learner: string;
  lines: Line;
  models: Map<string, { data: Uint8Array; have: number }>;
}

export class BranchExchange {
  readonly #parts: BranchParts;
  /** By the node that stepped down; one learner at a time each. */
  readonly #incoming = new Map<string, Incoming>();

  /** Before the network starts. */
  constructor(parts: BranchParts) {
    this.#parts = parts;
    parts.network.handle(BRANCH, async (origin, payload) => frameOf(await this.#answer(origin, payload)));
  }

  /**
   * This node stepped down before `winner`: hands over what it made of that learner. Rejects when the winner does not answer;
   * to be tried again then, and after a restart.
   */
  async handOver(winner: string, learner: string): Promise<void> {
    const { storage } = this.#parts;
    const known = this.#parts.learner(learner);
    if (known === undefined) return;
    const line = lineOf(known.head, await this.#descents(learner));
    const told = line.map((descent) => ({ ...descent, nodes: [] }));
    const wanted = await this.#ask(winner, { kind: 'line', learner, head: known.head, line: told });
    if (wanted.kind !== 'wants') return;
    for (const version of wanted.versions) {
      const model = await storage.model(learner, version);
      const descent = line.find((candidate) => candidate.version === version);
      if (model === undefined || descent === undefined) continue;
      const named = { ...descent, nodes: descent.nodes.slice(0, MOST_NODES_TOLD) };
      await this.#send(winner, learner, named, model.parameters);
    }
    await this.#ask(winner, { kind: 'end', learner, head: known.head });
  }

  async #send(winner: string, learner: string, model: Static<typeof Told>, data: Uint8Array): Promise<void> {
    for (let offset = 0; offset < data.length; ) {
      const piece = data.subarray(offset, offset + PIECE_BYTES);
      const reply = await this.#ask(winner, { kind: 'piece', learner, model, bytes: data.length, offset }, piece);
      if (reply.kind !== 'have' || reply.bytes <= offset) {
        throw new ParlmeshError('FEDERATION_BRANCH_STUCK', `${winner} takes no more of model ${model.version}`);
      }
      offset = reply.bytes;
    }
  }

  async #ask(node: string, question: Question, piece?: Uint8Array): Promise<Reply> {
    const reply = readFrame(Reply, await this.#parts.network.request(node, BRANCH, frameOf(question, piece)));
    if (reply === undefined) {
      throw new ParlmeshError('FEDERATION_BRANCH_UNREADABLE', `${node} answered what no version of this says`);
    }
    return reply.header;
  }

  async #answer(origin: string, payload: Uint8Array): Promise<Reply> {
    const { mayCoordinate, isCoordinator } = this.#parts;
    if (!mayCoordinate(origin)) throw new Error(`${origin} may not coordinate: its models are not taken`);
    if (!isCoordinator()) throw new Error('this node does not coordinate');
    const read = readFrame(Question, payload);
    if (read === undefined) throw new Error('the question is malformed');
    const { header, bytes } = read;
    const learner = this.#parts.learner(header.learner);
    if (learner === undefined) throw new Error(`${header.learner} is not federated here`);
    switch (header.kind) {
      case 'line':
        return this.#begin(origin, header, learner.head);
      case 'piece':
        return this.#take(origin, header, bytes, learner.size);
      case 'end':
        await this.#merge(origin, header, learner);
        return { kind: 'done' };
    }
  }

  async #begin(
    origin: string,
    { learner, head, line }: Extract<Question, { kind: 'line' }>,
    ourHead: string,
  ): Promise<Reply> {
    const ours = lineOf(ourHead, await this.#descents(learner));
    const relation = relate(ourHead, ours, head, line);
    const theirs = relation.kind === 'nothing-new' ? [] : relation.kind === 'strange' ? line : relation.theirs;
    this.#incoming.delete(origin);
    const [oldest] = this.#incoming.keys();
    if (oldest !== undefined && this.#incoming.size >= MOST_INCOMING) this.#incoming.delete(oldest);
    this.#incoming.set(origin, { learner, lines: line, models: new Map() });
    const missing: string[] = [];
    for (const { version } of theirs) {
      if ((await this.#parts.storage.model(learner, version)) === undefined) missing.push(version);
    }
    return { kind: 'wants', versions: missing };
  }

  async #take(
    origin: string,
    { learner, model, bytes, offset }: Extract<Question, { kind: 'piece' }>,
    piece: Uint8Array,
    size: number,
  ): Promise<Reply> {
    const incoming = this.#incoming.get(origin);
    if (incoming?.learner !== learner || !incoming.lines.some(({ version }) => version === model.version)) {
      throw new Error('that model is of no line that was told');
    }
    if (bytes !== 4 * size) throw new Error(`a model of ${learner} has ${4 * size} bytes, not ${bytes}`);
    const known = incoming.models.get(model.version) ?? { data: new Uint8Array(bytes), have: 0 };
    // One at a time: what is whole is on the disk.
    if (incoming.models.size > 0 && !incoming.models.has(model.version)) incoming.models.clear();
    incoming.models.set(model.version, known);
    if (offset === known.have && piece.length <= bytes - offset) {
      known.data.set(piece, offset);
      known.have += piece.length;
    }
    if (known.have === bytes) {
      if (versionOf(known.data) !== model.version) {
        incoming.models.delete(model.version);
        throw new Error(`the bytes of model ${model.version} are not its own`);
      }
      const { version: _, ...descent } = model;
      const from: ModelOrigin = { ...descent, madeAt: this.#parts.clock.wall() };
      const lineage = JSON.stringify({ origin: from, branchOf: origin });
      await this.#parts.storage.putModel({ learner, version: model.version, lineage, parameters: known.data });
    }
    return { kind: 'have', bytes: known.have };
  }

  async #merge(
    origin: string,
    { learner, head }: Extract<Question, { kind: 'end' }>,
    { head: ourHead, format }: { head: string; format: number },
  ): Promise<void> {
    const incoming = this.#incoming.get(origin);
    if (incoming?.learner !== learner) return;
    const descents = await this.#descents(learner);
    // With the nodes that came with the models.
    const lines = incoming.lines.map((descent) => descents.get(descent.version) ?? descent);
    const relation = relate(ourHead, lineOf(ourHead, descents), head, lines);
    if (relation.kind === 'nothing-new') {
      this.#incoming.delete(origin);
      return;
    }
    if (relation.kind === 'strange') {
      this.#incoming.delete(origin);
      this.#tell(origin, learner, `have no ancestor in common with ours; they are kept, and ours serve on`, { head });
      return;
    }
    const { clock, network } = this.#parts;
    const theirs = harvestOf(relation.theirs);
    const common = { coordinator: network.self, madeAt: clock.wall(), round: roundOf(relation) };
    if (relation.kind === 'ahead') {
      const parameters = await this.#parameters(learner, head);
      const candidate = { learner, format, parameters, origin: { ...common, ...theirs, parent: ourHead } };
      await this.#propose(origin, candidate, 'went on from ours: the newest is a candidate');
      return;
    }
    const ours = harvestOf(relation.ours);
    const parameters = mergedParameters(await this.#parameters(learner, relation.split), [
      { head: await this.#parameters(learner, ourHead), examples: ours.examples },
      { head: await this.#parameters(learner, head), examples: theirs.examples },
    ]);
    const nodes = [...new Set([...ours.nodes, ...theirs.nodes])].sort();
    const merged: ModelOrigin = { ...common, parent: ourHead, nodes, examples: ours.examples + theirs.examples };
    const bytes = bytesOf(parameters);
    const lineage = JSON.stringify({ origin: merged, parents: [ourHead, head], split: relation.split });
    await this.#parts.storage.putModel({ learner, version: versionOf(bytes), lineage, parameters: bytes });
    const what = `forked from ours at ${relation.split}: the mean of both lines (${ours.examples} and ${theirs.examples} examples) is a candidate`;
    await this.#propose(origin, { learner, format, parameters, origin: merged }, what);
  }

  async #propose(origin: string, candidate: Parameters<BranchParts['propose']>[0], what: string): Promise<void> {
    this.#incoming.delete(origin);
    try {
      await this.#parts.propose(candidate);
      this.#tell(origin, candidate.learner, what, { parent: candidate.origin.parent });
    } catch (thrown) {
      this.#tell(origin, candidate.learner, `are kept; no candidate was made of them: ${messageOf(thrown)}`, {});
    }
  }

  #tell(origin: string, learner: string, what: string, data: Record<string, unknown>): void {
    const name = this.#parts.network.nodes().find(({ id }) => id === origin)?.name ?? origin;
    this.#parts.journal.record({
      ...{ severity: 'info', kind: 'federation.merged', subject: `federation/${learner}` },
      message: `Models that ${name} made of ${learner} while the network was cut ${what}`,
      data: { from: origin, ...data },
    });
  }

  async #parameters(learner: string, version: string): Promise<Float32Array> {
    const model = await this.#parts.storage.model(learner, version);
    const parameters = model === undefined ? undefined : parametersOf(model.parameters);
    if (parameters === undefined) {
      throw new ParlmeshError('FEDERATION_MODEL_MISSING', `Model ${version} of ${learner} is not in the store`);
    }
    return parameters;
  }

  async #descents(learner: string): Promise<Map<string, Descent>> {
    const descents = new Map<string, Descent>();
    for (const { version, lineage } of await this.#parts.storage.models(learner, 1000)) {
      const origin = this.#parts.originOf(lineage);
      if (origin !== undefined) descents.set(version, { ...origin, version });
    }
    return descents;
  }
}

/** The later of both lines: numbers of rounds do not fall. */
function roundOf(relation: { theirs: Line; ours?: Line }): number {
  return Math.max(1, ...[...relation.theirs, ...(relation.ours ?? [])].map(({ round }) => round));
}
