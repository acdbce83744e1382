// The step of a round from what came through heads and directly: robust inside each region (the heads did that), robust
// across regions (done here). Direct updates are put into regions of their own, so that one node never weighs like thirty.
// A few regions, drawn after all have sent, have to show their members' updates and are gone over.

import type { Clock, Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Aggregate, Doubt, Update, Verdict } from '../aggregation/aggregator.ts';
import { frameOf, readJson, sha256, UpdateHeader } from '../messages.ts';
import type { Aggregation, AggregationTask, Counted, Shape, UpdateCodec } from '../rounds/ports.ts';
import type { Post } from '../rounds/post.ts';
import { AUDIT, type AuditQuestion, type Evidence } from './messages.ts';
import { type RegionalAggregate, readRow } from './regional-data.ts';
import { updatesOf } from './regional-head.ts';
import { LEAST_SIZE, regionSize } from './regions.ts';
import { inPieces } from './whole-model.ts';

export interface RegionalAggregationParts {
  codecs: ReadonlyMap<string, UpdateCodec>;
  /** Across regions, with what is thought of their heads. */
  aggregate(updates: readonly Update[], task: AggregationTask, signal: AbortSignal): Promise<Aggregate> | Aggregate;
  /**
   * Inside a region, exactly as heads do it: an audit takes every difference for a lie. Heads know no reputations, so it
   * goes by none. Left out, `aggregate`.
   */
  inside?(updates: readonly Update[], task: AggregationTask, signal: AbortSignal): Promise<Aggregate> | Aggregate;
  /** Regions that are gone over each round; 0: none. */
  audits: number;
  post: Post;
  clock: Clock;
}

/** One region, or one direct update where no region was formed at all. */
interface Group {
  /** Id of the head, or a name of the direct group. */
  name: string;
  members: readonly { counted: Counted; share: number; doubt?: Doubt }[];
  delta: Float32Array;
  weight: number;
}

const ASK_WITHIN: Millis = 5000;
/** A head's int8 and ours differ by rounding only: share of the aggregate's length. */
const ROUNDING = 0.02;

export class RegionalAggregation implements Aggregation {
  readonly #parts: RegionalAggregationParts;

  constructor(parts: RegionalAggregationParts) {
    this.#parts = parts;
  }

  async aggregate(task: AggregationTask, signal: AbortSignal): Promise<Aggregate> {
    const shape: Shape = { learner: task.learner, format: task.format, size: task.base.parameters.length };
    const { regions, direct } = sorted(task.updates);
    if (regions.size === 0) {
      return this.#parts.aggregate(
        direct.map((counted) => this.#unpack(counted, shape)),
        task,
        signal,
      );
    }
    const groups = [...regions.values()].map((region) => this.#group(region, shape));
    for (const [at, chunk] of chunks(direct, regionSize(task.updates.length)).entries()) {
      groups.push(await this.#directGroup(`direct-${at}`, chunk, shape, task, signal));
    }
    const liars = await this.#audit([...regions.values()], shape, task, signal);
    const standing = groups.filter(({ name, weight }) => weight > 0 && !liars.has(name));
    const across = standing.map(({ name, delta, weight }) => ({ node: name, delta, weight }));
    const { delta, verdicts } = await this.#parts.aggregate(across, task, signal);
    const judged = new Map(verdicts.map((verdict) => [verdict.node, verdict]));
    return { delta, verdicts: groups.flatMap((group) => spread(group, judged.get(group.name), liars.get(group.name))) };
  }

  #inside(updates: readonly Update[], task: AggregationTask, signal: AbortSignal): Promise<Aggregate> | Aggregate {
    const { inside, aggregate } = this.#parts;
    return inside === undefined ? aggregate(updates, task, signal) : inside(updates, task, signal);
  }

  #unpack({ header, data, weight }: Counted, shape: Shape): Update {
    const codec = this.#parts.codecs.get(header.codec);
    if (codec === undefined) {
      throw new ParlmeshError('UPDATE_CODEC', `No node of this version reads updates packed as "${header.codec}"`);
    }
    return { node: header.node, weight, delta: codec.unpack(data, shape) };
  }

  #group({ aggregate: { evidence, packed }, told, counted }: FoundRegion, shape: Shape): Group {
    const codec = this.#parts.codecs.get(evidence.codec);
    if (codec === undefined) throw new ParlmeshError('UPDATE_CODEC', `"${evidence.codec}" is read by nobody here`);
    const members = counted.map((each) => {
      const { share = 0, doubt } = told.get(each.header.node) ?? {};
      return { counted: each, share, ...(doubt !== undefined && { doubt }) };
    });
    // What a region's own rule doubted does not speak for the region.
    const weight = members.reduce((sum, { counted: { weight: own }, doubt }) => sum + own * (1 - severityOf(doubt)), 0);
    return { name: evidence.head, members, delta: codec.unpack(packed, shape), weight };
  }

  async #directGroup(
    name: string,
    chunk: readonly Counted[],
    shape: Shape,
    task: AggregationTask,
    signal: AbortSignal,
  ): Promise<Group> {
    const { delta, verdicts } = await this.#parts.aggregate(
      chunk.map((counted) => this.#unpack(counted, shape)),
      task,
      signal,
    );
    const judged = new Map(verdicts.map((verdict) => [verdict.node, verdict]));
    const members = chunk.map((counted) => ({ counted, share: 0, ...judged.get(counted.header.node) }));
    const weight = members.reduce((sum, { counted, doubt }) => sum + counted.weight * (1 - severityOf(doubt)), 0);
    return { name, members, delta, weight };
  }

  /** Heads whose aggregate is not what their members' updates make, with why. */
  async #audit(
    regions: readonly FoundRegion[],
    shape: Shape,
    task: AggregationTask,
    signal: AbortSignal,
  ): Promise<Map<string, Doubt>> {
    const liars = new Map<string, Doubt>();
    for (const region of drawn(regions, this.#parts.audits)) {
      const { head } = region.aggregate.evidence;
      try {
        const away = await this.#goOver(region, shape, task, signal);
        if (away === undefined) continue;
        liars.set(head, {
          ...{ reason: 'far-away', severity: 1 },
          evidence: `its members’ updates make another aggregate: ${(100 * away).toFixed(0)} % of its length away`,
        });
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        // It may have died since: its region does not count, and nothing is held against it.
        liars.set(head, {
          ...{ reason: 'far-away', severity: 0 },
          evidence: `it could not show its members’ updates: ${messageOf(thrown)}`.slice(0, 300),
        });
      }
    }
    return liars;
  }

  /** How far off the aggregate is, as a share of its length; undefined where it is right. */
  async #goOver(
    { aggregate: { evidence, packed } }: FoundRegion,
    shape: Shape,
    task: AggregationTask,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const taken: { header: UpdateHeader; data: Uint8Array }[] = [];
    for (const { header: signed } of evidence.members) {
      const header = readJson(UpdateHeader, Buffer.from(signed.body));
      if (header === undefined) throw new Error('a header cannot be read');
      const data = await this.#fetch(evidence, header);
      if (sha256(data) !== header.digest)
        throw new Error(`what it shows of ${header.node} is not what that node signed`);
      taken.push({ header, data });
    }
    const { delta } = await this.#inside(updatesOf(taken, this.#parts.codecs, shape), task, signal);
    const shown = this.#parts.codecs.get(evidence.codec)!.unpack(packed, shape);
    let [apart, length] = [0, 0];
    for (let at = 0; at < delta.length; at++) {
      apart += (delta[at]! - shown[at]!) ** 2;
      length += delta[at]! ** 2;
    }
    const away = Math.sqrt(apart / Math.max(length, 1e-30));
    return away > ROUNDING ? away : undefined;
  }

  async #fetch({ head, learner, id }: Evidence, { node, bytes }: UpdateHeader): Promise<Uint8Array> {
    const ask = (offset: number): Promise<Uint8Array> => {
      const question: AuditQuestion = { learner, id, node, offset };
      return this.#parts.post.ask(head, AUDIT, frameOf(question), ASK_WITHIN);
    };
    const whole = await inPieces(ask, bytes);
    if (whole === undefined) throw new Error(`it does not have the update of ${node}`);
    return whole;
  }
}

interface FoundRegion {
  aggregate: RegionalAggregate;
  /** By node: what its head says of a member. */
  told: ReadonlyMap<string, Pick<Evidence['members'][number], 'share' | 'doubt'>>;
  counted: Counted[];
}

/** Which updates came through which head. One that came directly too counts where it came first: in the region. */
function sorted(updates: readonly Counted[]): { regions: Map<string, FoundRegion>; direct: Counted[] } {
  const regions = new Map<string, FoundRegion>();
  const rows = updates.map((counted) => ({ counted, row: readRow(counted.data, counted.header.digest) }));
  const headOf = new Map<string, string>();
  for (const { row } of rows) {
    if (row?.kind !== 'aggregate') continue;
    const { head, members } = row.aggregate.evidence;
    const told = new Map(members.map((member) => [nodeOf(member.header.body), member]));
    regions.set(head, { aggregate: row.aggregate, told, counted: [] });
    for (const node of told.keys()) headOf.set(node, head);
  }
  const direct: Counted[] = [];
  for (const { counted, row } of rows) {
    const head = headOf.get(counted.header.node);
    if (head !== undefined) regions.get(head)!.counted.push(counted);
    else if (row === undefined) direct.push(counted);
  }
  return { regions, direct };
}

/** Even groups of about `size`, none too small for a robust rule while there are enough. */
function chunks(direct: readonly Counted[], size: number): Counted[][] {
  if (direct.length === 0) return [];
  const count = Math.max(1, Math.min(Math.round(direct.length / size), Math.floor(direct.length / LEAST_SIZE)));
  return Array.from({ length: count }, (_, at) => direct.filter((_, index) => index % count === at));
}

/**
 * Regions that are gone over, drawn by what all of them sent: no head can know beforehand, and a restarted coordinator
 * draws the same (Fiat and Shamir 1986, whose challenge is a digest of what was committed to).
 */
function drawn(regions: readonly FoundRegion[], count: number): FoundRegion[] {
  const seed = sha256(Buffer.concat(regions.map(({ aggregate }) => Buffer.from(sha256(aggregate.packed)))));
  return regions
    .map((region) => ({ region, draw: sha256(Buffer.from(seed + region.aggregate.evidence.head)) }))
    .sort((a, b) => (a.draw < b.draw ? -1 : 1))
    .slice(0, count)
    .map(({ region }) => region);
}

/** From a verdict on a region to verdicts on its nodes: only its head answers for what it passed on. */
function spread({ name, members }: Group, verdict: Verdict | undefined, lie: Doubt | undefined): Verdict[] {
  const share = lie === undefined ? (verdict?.share ?? 0) : 0;
  const doubt = lie ?? verdict?.doubt;
  return members.map(({ counted: { header }, share: own, doubt: ownDoubt }) => {
    const about = header.node === name ? (doubt ?? ownDoubt) : (ownDoubt ?? (doubt && { ...doubt, severity: 0 }));
    const evidence =
      about === doubt && doubt !== undefined ? `its region (head ${name}): ${doubt.evidence}` : about?.evidence;
    return {
      ...{ node: header.node, share: share * own },
      ...(about !== undefined && { doubt: { ...about, evidence: evidence ?? about.evidence } }),
    };
  });
}

const severityOf = (doubt: Doubt | undefined): number => (doubt === undefined ? 0 : (doubt.severity ?? 1));

/** Of a header that the intake has checked. */
function nodeOf(body: string): string {
  return readJson(UpdateHeader, Buffer.from(body))?.node ?? '';
}
