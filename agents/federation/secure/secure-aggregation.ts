// The rounds' aggregation where updates are seen only in sums: makes the sums of random groups, gives each group's mean to a
// robust rule as one update, and says of each node what became of its group.

import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import type { Aggregate, Update, Verdict } from '../aggregation/aggregator.ts';
import type { Extras } from '../messages.ts';
import type { InvitedPrivacy } from '../privacy/round-guard.ts';
import type { Aggregation, AggregationTask } from '../rounds/ports.ts';
import type { FederationKeys } from './federation-keys.ts';
import type { SecureMessage } from './messages.ts';
import { partsOf } from './noise-share.ts';
import { runSecureRound, type SecureRoundResult, updatesOfGroups } from './secure-round.ts';
import type { SecureAnswer } from './secure-wire.ts';

export interface SecureAggregationSettings {
  /** Longest update; the grid of all. */
  clip: number;
  /** Of each group's sum, in clips; 0: none but what nodes add of their own. */
  noise: number;
  /** Share of a group whose noise is not counted on. */
  colluders: number;
  /** Fewest members of a group: `largestGroups` of `group-size.ts` says how many go with how many liars. */
  groupSize: number;
  joinDeadline: Millis;
  stepDeadline: Millis;
}

export interface SecureAggregationParts {
  keys: FederationKeys;
  network(): string;
  /** Of this node's lease. */
  term(): number;
  settings: SecureAggregationSettings;
  /** Asks another node (`askSecurely`), or this one. */
  ask(node: string, message: SecureMessage, deadline: Millis): Promise<SecureAnswer>;
  /** The rule over the groups, in a thread where it computes long. */
  aggregate(updates: readonly Update[], task: AggregationTask, signal: AbortSignal): Promise<Aggregate> | Aggregate;
  /** What people see of a secure round: groups, and who was left out and why. */
  note?(task: AggregationTask, result: SecureRoundResult): void;
  clock: Clock;
  random: Random;
}

export class SecureAggregation implements Aggregation {
  readonly #parts: SecureAggregationParts;

  constructor(parts: SecureAggregationParts) {
    this.#parts = parts;
  }

  async prepare(): Promise<Extras> {
    const { clip, noise } = this.#parts.settings;
    const privacy: InvitedPrivacy = { clip, noise, secure: true };
    return { privacy };
  }

  /** Rejects with `AGGREGATION_TOO_FEW` when no group has a sum, and with what the rule throws. */
  async aggregate(task: AggregationTask, signal: AbortSignal): Promise<Aggregate> {
    const { keys, network, term, settings, ask, clock, random, note } = this.#parts;
    const { learner, format, round, base, updates } = task;
    const facts = {
      network: network(),
      learner,
      format,
      term: term(),
      round,
      base: base.version,
      size: base.parameters.length,
    };
    const nodes = updates.filter(({ weight }) => weight > 0).map(({ header }) => header.node);
    const parts = partsOf(Math.max(1, Math.min(settings.groupSize, nodes.length)), settings.colluders);
    const result = await runSecureRound(
      facts,
      nodes,
      { ...settings, parts, attempt: 0 },
      { keys, ask, clock, random, signal },
    );
    note?.(task, result);
    const groups = updatesOfGroups(result.groups);
    if (groups.length === 0) {
      const failed = result.groups.flatMap((group) => (group.kind === 'failed' ? [group.sentence] : []));
      const why =
        failed[0] ?? `${nodes.length - result.leftOut.length} of ${nodes.length} nodes joined (${reasonsOf(result)})`;
      throw new ParlmeshError('AGGREGATION_TOO_FEW', `No group of a secure round has a sum: ${why}`);
    }
    const sums = groups.map(({ update }) => update);
    const { delta, verdicts } = await this.#parts.aggregate(sums, task, signal);
    return {
      delta,
      verdicts: verdictsOfNodes(
        updates.map(({ header }) => header.node),
        groups,
        verdicts,
      ),
    };
  }
}

/**
 * A group's verdict holds for each of its members, who share its share: nobody can say which of them it was. Over rounds with
 * other neighbours, who is often in doubted groups stands out.
 */
function verdictsOfNodes(
  nodes: readonly string[],
  groups: readonly { update: Update; nodes: string[] }[],
  verdicts: readonly Verdict[],
): Verdict[] {
  const byNode = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const members = groups.find(({ update }) => update.node === verdict.node)?.nodes ?? [];
    for (const node of members) {
      const { doubt } = verdict;
      const shared = doubt && { ...doubt, evidence: `its group of ${members.length}: ${doubt.evidence}` };
      byNode.set(node, {
        node,
        share: verdict.share / members.length,
        ...(shared === undefined ? {} : { doubt: shared }),
      });
    }
  }
  return nodes.map((node) => byNode.get(node) ?? { node, share: 0 });
}

function reasonsOf({ leftOut }: SecureRoundResult): string {
  const counts = new Map<string, number>();
  for (const { reason } of leftOut) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ') || 'nobody was asked';
}
