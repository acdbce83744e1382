// What a coordinator keeps of one learner's roll-outs so that it can be killed at any moment: one small document beside the
// models. Everything in it can be done again without harm.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ModelVersion, NodeId, SignedText } from '../messages.ts';
import { MOST_NODES, StageState } from './stage.ts';

const Rolling = Type.Object({ version: ModelVersion, seal: SignedText, state: StageState });
const Stray = Type.Object({ node: NodeId, notice: SignedText });

const RolloutDocument = Type.Object({
  /** What the network serves, since a candidate reached all; left out, what each node came with. */
  settled: Type.Optional(Type.Object({ version: ModelVersion, seal: SignedText })),
  /** Nodes that have it. */
  settledOn: Type.Array(NodeId, { maxItems: MOST_NODES }),
  /** What rounds go on from, where that is not what is served, and for how many rounds. */
  tip: Type.Optional(Type.Object({ version: ModelVersion, rounds: Type.Integer({ minimum: 0, maximum: 1e6 }) })),
  /** A candidate that nodes try. */
  judging: Type.Optional(ModelVersion),
  rolling: Type.Optional(Rolling),
  /** Nodes that may still serve what was taken back. */
  strays: Type.Array(Stray, { maxItems: MOST_NODES }),
});

export type Rolling = Static<typeof Rolling>;
export type Stray = Static<typeof Stray>;
export type RolloutDocument = Static<typeof RolloutDocument>;

export const NOTHING: RolloutDocument = { settledOn: [], strays: [] };

export const documentName = (learner: string): string => `rollout/${learner}`;

/** Nothing for what no version writes: the nodes are asked what they serve then. Never throws. */
export function readDocument(text: string | undefined): RolloutDocument {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return Value.Check(RolloutDocument, value) ? value : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** Whether so much has changed that it must be on the disk before anything is done for it. */
export function isStep(before: RolloutDocument, after: RolloutDocument): boolean {
  return JSON.stringify(outlineOf(before)) !== JSON.stringify(outlineOf(after));
}

/** Without what work does meanwhile: that is measured again. */
function outlineOf({ rolling, ...rest }: RolloutDocument): unknown {
  const nodes = rolling?.state.nodes.map(({ node, stage, standing }) => [node, stage, standing]);
  return [rest, rolling?.version, rolling?.state.stage, nodes];
}
