// What a coordinator that takes over makes of what the nodes remember: the roll-out that was under way goes on from the stage
// that it had reached. Only what a member sealed counts, so that no node can make a roll-out up. Pure.

import type { SignedText } from '../messages.ts';
import type { RolloutDocument, Stray } from './document.ts';
import type { Measure, ModelSeal } from './messages.ts';
import { beginStages, type ServingNode, type StageState } from './stage.ts';

/** What one node remembers, its signatures checked. */
export interface Memory {
  node: string;
  seal: ModelSeal;
  signed: SignedText;
  stage: number;
  before?: Measure | undefined;
  serves: boolean;
  /** Of its being taken back. */
  notice?: SignedText | undefined;
}

export interface TakenOver {
  document: RolloutDocument;
  /** A model whose numbers this coordinator has to fetch, and nodes that have them. */
  needs?: { seal: ModelSeal; holders: string[] };
}

/** @param known the round of a version that this coordinator's own document names, 0 for none */
export function takeOver(document: RolloutDocument, memories: readonly Memory[], known: number): TakenOver {
  const newest = memories.toSorted((a, b) => b.seal.round - a.seal.round || b.seal.madeAt - a.seal.madeAt)[0];
  if (newest === undefined) return { document };
  const { version, round } = newest.seal;
  const of = memories.filter(({ seal }) => seal.version === version);
  const holders = of.filter(({ serves }) => serves).map(({ node }) => node);
  const notice = of.find((memory) => memory.notice !== undefined)?.notice;
  if (notice !== undefined) {
    // It was being taken back: that goes on, wherever it still serves.
    const strays: Stray[] = holders.map((node) => ({ node, notice }));
    const { rolling, tip, ...rest } = document;
    const isRolling = rolling?.version === version;
    return {
      document: {
        ...rest,
        ...(rolling && !isRolling && { rolling }),
        ...(tip && !isRolling && { tip }),
        strays: [...document.strays.filter(({ node }) => !holders.includes(node)), ...strays],
      },
    };
  }
  if (document.settled?.version === version) return { document };
  const serving = of.filter(({ serves }) => serves);
  if (document.rolling?.version === version) {
    const state = withServing(document.rolling.state, serving);
    return { document: { ...document, rolling: { ...document.rolling, state } } };
  }
  // An old model that some node still has, or one that this coordinator knows the end of.
  if (round <= known || serving.length === 0) return { document };
  const stage = Math.max(...serving.map((memory) => memory.stage));
  const state = withServing({ ...beginStages(), stage }, serving);
  const { tip: _, ...rest } = document;
  return {
    // Rounds go on from it, as they did at the coordinator that judged it.
    document: { ...rest, tip: { version, rounds: 0 }, rolling: { version, seal: newest.signed, state } },
    needs: { seal: newest.seal, holders },
  };
}

function withServing(state: StageState, serving: readonly Memory[]): StageState {
  const known = new Map(state.nodes.map((node) => [node.node, node]));
  for (const { node, stage, before } of serving) {
    const entry: ServingNode = { node, stage, standing: 'serves', ...(before && { before }) };
    if (known.get(node)?.standing !== 'serves') known.set(node, entry);
  }
  return { ...state, nodes: [...known.values()] };
}
