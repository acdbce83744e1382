// What a node has shown over many rounds: a pure state machine over verdicts. Bad rounds weigh more than good ones, old ones less
// than new ones, and a node that was refused earns its weight back by sending sound updates that do not count at first.
//
// After each round: good ← memory · good + (1 − severity), bad ← memory · bad + harm · severity; reputation = (good + 1) /
// (good + bad + 2), the mean of a beta distribution with forgetting (Jøsang and Ismail 2002). A stranger has 0.5.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Verdict } from './aggregator.ts';

export const ReputationConfig = Type.Object(
  {
    memory: Type.Number({
      minimum: 0,
      maximum: 0.999,
      default: 0.9,
      description:
        'What a round still counts one round later. 0.9 remembers about 10 rounds. Higher: liars are caught surer and honest nodes recover slower; 0 judges each round alone.',
    }),
    harm: Type.Number({
      minimum: 1,
      maximum: 20,
      default: 3,
      description:
        'Good rounds that one bad round outweighs. Higher: less room for nodes that lie now and then, more harm to honest ones with odd data.',
    }),
    floor: Type.Number({
      minimum: 0,
      maximum: 0.5,
      default: 0.25,
      description:
        'Below this reputation an update does not count at all; above, its weight is multiplied by the reputation. 0 never refuses.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type ReputationConfig = Static<typeof ReputationConfig>;

const Standing = Type.Object(
  {
    good: Type.Number({ minimum: 0, maximum: 1e6 }),
    bad: Type.Number({ minimum: 0, maximum: 1e6 }),
    /** The round that it was last judged in. */
    round: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
type Standing = Static<typeof Standing>;

/** JSON-serialisable; some 60 bytes a node. */
export const Reputations = Type.Object(
  { format: Type.Literal(1), nodes: Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Standing) },
  { additionalProperties: false },
);
export type Reputations = Static<typeof Reputations>;

/** Nodes that are remembered: those judged last. Keeps the document below 1 MB. */
const MOST_NODES = 5000;
/** Good rounds and bad ones of which nothing is left are forgotten. */
const FORGOTTEN = 0.01;

export function noReputations(): Reputations {
  return { format: 1, nodes: {} };
}

/** 0 to 1; 0.5 for a stranger. */
export function reputationOf({ nodes }: Reputations, node: string): number {
  const standing = Object.hasOwn(nodes, node) ? nodes[node] : undefined;
  return standing === undefined ? 0.5 : (standing.good + 1) / (standing.good + standing.bad + 2);
}

/** What an update's weight is multiplied by. */
export function trustIn(reputations: Reputations, node: string, { floor }: Pick<ReputationConfig, 'floor'>): number {
  const reputation = reputationOf(reputations, node);
  return reputation < floor ? 0 : reputation;
}

/**
 * Known -> judged once more. Nodes that were not in the round keep what they have: who stays away loses nothing and gains nothing.
 * A doubt for `reputation` alone is a good round: what the node sent was sound.
 */
export function afterRound(
  reputations: Reputations,
  verdicts: readonly Verdict[],
  round: number,
  { memory, harm }: Pick<ReputationConfig, 'memory' | 'harm'>,
): Reputations {
  const nodes = { ...reputations.nodes };
  for (const { node, doubt } of verdicts) {
    const before = Object.hasOwn(nodes, node) ? nodes[node]! : { good: 0, bad: 0, round: 0 };
    const severity = doubt === undefined || doubt.reason === 'reputation' ? 0 : (doubt.severity ?? 1);
    const good = memory * before.good + 1 - severity;
    const bad = memory * before.bad + harm * severity;
    nodes[node] = { good, bad: bad < FORGOTTEN ? 0 : bad, round };
  }
  return { format: 1, nodes: newest(nodes) };
}

/** Refused before it was judged (NaN, a wrong length, an inconsistent norm): as bad as a round can be. */
export function afterRefusal(
  reputations: Reputations,
  node: string,
  round: number,
  config: Pick<ReputationConfig, 'memory' | 'harm'>,
): Reputations {
  const verdict: Verdict = { node, share: 0, doubt: { reason: 'outlying', evidence: 'malformed', severity: 1 } };
  return afterRound(reputations, [verdict], round, config);
}

/** From a document; throws `REPUTATIONS_INVALID`. */
export function readReputations(text: string): Reputations {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new ParlmeshError('REPUTATIONS_INVALID', 'The stored reputations are no JSON', { cause });
  }
  if (Value.Check(Reputations, document)) return document;
  const [problem] = Value.Errors(Reputations, document);
  throw new ParlmeshError(
    'REPUTATIONS_INVALID',
    `The stored reputations are wrong at ${problem?.instancePath || '/'}: ${problem?.message ?? 'unknown'}`,
    { hint: 'Remove the document; all nodes begin as strangers then' },
  );
}

function newest(nodes: Record<string, Standing>): Record<string, Standing> {
  const entries = Object.entries(nodes);
  if (entries.length <= MOST_NODES) return nodes;
  return Object.fromEntries(entries.sort(([, a], [, b]) => b.round - a.round).slice(0, MOST_NODES));
}
