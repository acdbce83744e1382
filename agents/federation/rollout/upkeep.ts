// After a roll-out has ended: nodes that were away take back what was taken back, and get what all others serve. Which of them
// to ask now, as pure functions.

import type { RolloutDocument, Stray } from './document.ts';

const STRAYS_AT_ONCE = 16;
const NEWCOMERS_AT_ONCE = 8;
const MOST_NODES = 4000;

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
