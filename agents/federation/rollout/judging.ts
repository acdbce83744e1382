// A candidate before it serves anywhere: several nodes play it on what they held back, and what they say is pooled.

import type { Static } from 'typebox';
import type { RolloutConfig } from './config.ts';
import type { ComparisonText, RolloutAnswer } from './messages.ts';
import { type Pooled, poolGains, verdictOn } from './statistics.ts';

/** What one node said. */
export type Word =
  | { kind: 'verdict'; comparison: Static<typeof ComparisonText> }
  | { kind: 'doubtful'; cause: string }
  /** It cannot tell: it has nothing to play, or cannot play. */
  | { kind: 'silent'; cause: string };

export type Words = ReadonlyMap<string, Word>;

/** Undefined while it works, or when asking again may help. */
export function wordOf(answer: RolloutAnswer | undefined): Word | undefined {
  if (answer?.kind === 'verdict') return { kind: 'verdict', comparison: answer.comparison };
  if (answer?.kind !== 'refused' || answer.reason === 'not-coordinator') return undefined;
  if (answer.reason === 'doubtful' || answer.reason === 'malformed') return { kind: 'doubtful', cause: answer.cause };
  return { kind: 'silent', cause: answer.cause };
}

export type JudgedAs = 'better' | 'unclear' | 'worse' | 'doubtful';

export interface Judged {
  as: JudgedAs;
  reason: string;
  pooled?: Pooled;
}

/**
 * Undefined while more words may come. Half of the nodes that see no sense in a candidate refuse it; verdicts of fewer than
 * half of those asked tell nothing.
 * @param asked nodes
 * @param isOver nobody is waited for any longer
 */
export function judgedBy(
  words: Words,
  asked: number,
  isOver: boolean,
  config: Pick<RolloutConfig, 'margin'>,
): Judged | undefined {
  if (words.size < asked && !isOver) return undefined;
  const all = [...words];
  const doubts = all.filter(([, { kind }]) => kind === 'doubtful');
  const verdicts = all.flatMap(([, word]) => (word.kind === 'verdict' ? [word.comparison] : []));
  const [first] = doubts;
  if (first !== undefined && doubts.length >= verdicts.length) {
    const [node, word] = first;
    return {
      as: 'doubtful',
      reason: `${doubts.length} of ${asked} nodes refuse it; ${node}: ${'cause' in word ? word.cause : ''}`,
    };
  }
  const pooled = poolGains(verdicts.map(({ interval, ...rest }) => ({ ...rest, ...(interval && { interval }) })));
  if (pooled === undefined || 2 * verdicts.length < asked) {
    const silent = all.find(([, { kind }]) => kind === 'silent');
    const why = silent === undefined ? '' : `; ${silent[0]}: ${'cause' in silent[1] ? silent[1].cause : ''}`;
    return { as: 'unclear', reason: `only ${verdicts.length} of ${asked} nodes could play it${why}` };
  }
  const as = verdictOn(pooled, config.margin);
  const { gain, low, high, nodes, trials } = pooled;
  const figures = `${gain.toFixed(3)} times as good (95 %: ${low.toFixed(3)} to ${high.toFixed(3)}) in ${trials} held-back trials on ${nodes} nodes`;
  const needed = `${(1 + config.margin).toFixed(3)} is needed, beyond chance`;
  return { as, reason: as === 'unclear' ? `${figures}; ${needed}` : figures, pooled };
}
