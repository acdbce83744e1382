// One federation in this process: rounds of training, attack, aggregation with reputations. Same seed, same run.

import type { AggregationConfig } from '../../agents/federation/aggregation/config.ts';
import { createAggregator } from '../../agents/federation/aggregation/create-aggregator.ts';
import { afterRound, noReputations, trustIn } from '../../agents/federation/aggregation/reputation.ts';
import { WasmArithmetic } from '../../agents/federation/aggregation/wasm-arithmetic.ts';
import { type Attack, attackRandom } from './attacks.ts';
import type { Task } from './task.ts';

export interface Run {
  task: Task;
  attack: Attack;
  rule: AggregationConfig['rule'];
  nodes: number;
  attackers: number;
  seed: number;
  rounds: number;
  /** Expected share of liars, for the rules that are told one. */
  liars: number;
  /** Times the median norm; 0 as the papers have it. */
  clip: number;
  reputations: boolean;
}

export interface Outcome {
  /** Mean over the last rounds: one lucky round does not count. */
  score: number;
  backdoor: number;
  /** Of the rounds: how often an attacker's update did not count, or less than half. */
  caught: number;
  /** The same of honest nodes. */
  wronged: number;
}

const REPUTATION = { memory: 0.9, harm: 3, floor: 0.25 };
/** Rounds that the score is taken of. */
const LAST = 5;
const arithmetic = new WasmArithmetic();

export function federate({
  task,
  attack,
  rule,
  nodes,
  attackers,
  seed,
  rounds,
  liars,
  clip,
  reputations,
}: Run): Outcome {
  let parameters = task.start(seed);
  const members = Array.from({ length: nodes }, (_, i) => task.node(seed * 1000 + i));
  // The coordinator's own data for FLTrust: a node of its own.
  const rootNode = rule === 'root-trust' ? task.node(seed * 1000 + 999) : undefined;
  let known = noReputations();
  const scores: number[] = [];
  let [caught, wronged] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const trained = members.map((member, i) =>
      member.train(parameters, i < attackers ? attack.poison : 'none', round / rounds),
    );
    const honest = trained.slice(attackers);
    const forged = attackers === 0 ? [] : attack.forge(trained.slice(0, attackers), honest, attackRandom(seed, round));
    const updates = [...forged, ...honest].map((delta, i) => ({ node: `n${i}`, delta, weight: 1 }));
    const root = rootNode?.train(parameters, 'none', round / rounds);
    const aggregator = createAggregator(
      { rule, liars, clip },
      {
        arithmetic,
        ...(root !== undefined && { root }),
        ...(reputations && { trust: (node: string) => trustIn(known, node, REPUTATION) }),
      },
    );
    const { delta, verdicts } = aggregator.aggregate(updates);
    if (reputations) known = afterRound(known, verdicts, round, REPUTATION);
    verdicts.forEach(({ doubt }, i) => {
      if (doubt !== undefined && i < attackers) caught++;
      if (doubt !== undefined && i >= attackers) wronged++;
    });
    parameters = parameters.map((value, i) => value + delta[i]!);
    if (round >= rounds - LAST) {
      scores.push(parameters.every(Number.isFinite) ? task.score(parameters) : 0);
    }
  }
  return {
    score: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    backdoor: task.backdoor(parameters),
    caught: caught / Math.max(1, attackers * rounds),
    wronged: wronged / Math.max(1, (nodes - attackers) * rounds),
  };
}
