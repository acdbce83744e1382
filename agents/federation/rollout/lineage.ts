// Where every model comes from and what became of it: written beside its numbers, shown on the page and by the command line.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { FederationStorage } from '../storage.ts';

const Words = Type.String({ maxLength: 1200 });
const At = Type.Number({ minimum: 0 });

const Origin = Type.Object({
  parent: Type.String({ maxLength: 64 }),
  coordinator: Type.String({ maxLength: 128 }),
  round: Type.Integer({ minimum: 0 }),
  madeAt: At,
  nodes: Type.Array(Type.String({ maxLength: 128 }), { maxItems: 10_000 }),
  examples: Type.Number({ minimum: 0 }),
});

const Verdict = Type.Object({
  node: Type.String({ maxLength: 128 }),
  gain: Type.Number(),
  trials: Type.Integer({ minimum: 0 }),
  sentence: Words,
});

export const RolloutRecord = Type.Object({
  fate: Type.Enum(['judged', 'rolling-out', 'settled', 'carried', 'refused', 'taken-back']),
  /** Why, in words with numbers. */
  reason: Words,
  /** Of `fate`. */
  at: At,
  gain: Type.Optional(
    Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number(), trials: Type.Integer() }),
  ),
  verdicts: Type.Array(Verdict, { maxItems: 32 }),
  /** What each stage showed. */
  stages: Type.Array(Words, { maxItems: 16 }),
});
export type RolloutRecord = Static<typeof RolloutRecord>;

/** Before anybody has said anything. */
export const UNJUDGED: RolloutRecord = { fate: 'judged', reason: 'nodes play it', at: 0, verdicts: [], stages: [] };

const Version = Type.String({ maxLength: 64 });

/** `origin` is what the rounds write, or a merge of two lines, which names both; the roll-out adds its own. */
export const LineageText = Type.Object({
  origin: Type.Optional(Origin),
  /** Heads of the lines that it merged, this network part's first. */
  parents: Type.Optional(Type.Array(Version, { minItems: 2, maxItems: 2 })),
  /** The last model that both lines had. */
  split: Type.Optional(Version),
  rollout: Type.Optional(RolloutRecord),
});
export type LineageText = Static<typeof LineageText>;

/** Empty for what no version writes. Never throws. */
export function readLineage(text: string): LineageText {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(LineageText, value) ? value : {};
  } catch {
    return {};
  }
}

export interface LineageView {
  version: string;
  /** Undefined for what came with the package, or from before this coordinator's time. */
  parent?: string;
  /** Of a merge: the other line's head, and where the lines split. */
  merged?: { with: string; split: string };
  round?: number;
  coordinator?: string;
  madeAt?: number;
  nodes: number;
  examples: number;
  /** What became of it; undefined before anybody judged it. */
  rollout?: RolloutRecord;
  /** Whether rounds go on from it, or the network serves it. */
  role?: 'serves' | 'tip';
}

/** Newest first. */
export async function lineageView(
  storage: Pick<FederationStorage, 'models'>,
  learner: string,
  limit: number,
  roles: { settled?: string | undefined; tip?: string | undefined },
): Promise<LineageView[]> {
  const models = await storage.models(learner, limit);
  return models.map(({ version, lineage }) => {
    const { origin, parents, split, rollout } = readLineage(lineage);
    const other = parents?.find((parent) => parent !== origin?.parent);
    const role = version === roles.settled ? 'serves' : version === roles.tip ? 'tip' : undefined;
    return {
      version,
      ...(origin && {
        ...{ parent: origin.parent, round: origin.round, coordinator: origin.coordinator, madeAt: origin.madeAt },
      }),
      ...(other !== undefined && split !== undefined && { merged: { with: other, split } }),
      nodes: origin?.nodes.length ?? 0,
      examples: origin?.examples ?? 0,
      ...(rollout && { rollout }),
      ...(role && { role }),
    };
  });
}
