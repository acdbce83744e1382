// How a roll-out ends, and what is left to do then: nodes that were away take back what was taken back, and get what all others serve. Pure.

import type { SignedText } from '../messages.ts';
import type { RolloutDocument, Stray } from './document.ts';
import { MOST_NODES } from './stage.ts';

const STRAYS_AT_ONCE = 16;
const NEWCOMERS_AT_ONCE = 8;

export function straysToAsk({ strays }: RolloutDocument, reachable: readonly string[]): Stray[] {
  const reached = new Set(reachable);
  return strays.filter(({ node }) => reached.has(node)).slice(0, STRAYS_AT_ONCE);
}

export function withoutStray(document: RolloutDocument, { node, notice }: Stray): RolloutDocument {
  return {
    ...document,
    strays: document.strays.filter((other) => other.node !== node || other.notice.body !== notice.body),
  };
}

/** None while something else is rolled out. */
export function newcomersToAsk(
  document: RolloutDocument,
  reachable: readonly string[],
  unwilling: ReadonlySet<string>,
): string[] {
  const { settled, settledOn, rolling, strays } = document;
  if (settled === undefined || rolling !== undefined) return [];
  const known = new Set([...settledOn, ...strays.map(({ node }) => node)]);
  return reachable.filter((node) => !known.has(node) && !unwilling.has(node)).slice(0, NEWCOMERS_AT_ONCE);
}

export function withNewcomer(document: RolloutDocument, version: string, node: string): RolloutDocument {
  if (document.settled?.version !== version || document.settledOn.includes(node)) return document;
  return { ...document, settledOn: [...document.settledOn, node].slice(-MOST_NODES) };
}

/** rolling -> settled. What was put aside meanwhile as what rounds go on from stays that. */
export function withSettled({ rolling, tip, ...rest }: RolloutDocument): RolloutDocument {
  if (rolling === undefined) return { ...rest, ...(tip && { tip }) };
  const { version, seal, state } = rolling;
  // Where something else serves by now, that was found better there.
  const has = state.nodes
    .filter(({ standing }) => standing === 'serves' || standing === 'left')
    .map(({ node }) => node);
  return { ...rest, settled: { version, seal }, settledOn: has, ...(tip && tip.version !== version && { tip }) };
}

/** rolling -> taken back. Who was asked may serve it, whatever answer got lost; nothing goes on from it. */
export function withTakenBack({ rolling, tip: _, ...rest }: RolloutDocument, notice: SignedText): RolloutDocument {
  const touched = (rolling?.state.nodes ?? []).filter(({ standing }) => standing !== 'declined');
  const strays = touched.map(({ node }) => ({ node, notice }));
  return { ...rest, strays: [...rest.strays, ...strays].slice(-MOST_NODES) };
}
