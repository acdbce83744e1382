// The coordinator's shell of a secure round: asks the nodes, waits no longer than each step's deadline, and goes on with
// those who answered. What it learns of an update is its group's sum. The protocol itself is in `gathering.ts` and `server.ts`.

import { backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import type { Update } from '../aggregation/aggregator.ts';
import { digestOf, type FederationKeys } from './federation-keys.ts';
import { formGroups, type Gathering, gatherKeys, planGroups } from './gathering.ts';
import type { GroupState, ToNode } from './group-state.ts';
import {
  Join,
  LEAST_GROUP,
  makeMessage,
  openMessage,
  type Plan,
  type RoundFacts,
  type SecureMessage,
} from './messages.ts';
import type { SecureAnswer } from './secure-wire.ts';
import { closeStep, takeMessage } from './server.ts';

export interface SecureRoundParts {
  keys: FederationKeys;
  /** Rejects when the node does not answer in time. */
  ask(node: string, message: SecureMessage, deadline: Millis): Promise<SecureAnswer>;
  clock: Clock;
  random: Random;
  signal: AbortSignal;
}

export interface SecureRoundSettings extends Pick<Plan, 'clip' | 'noise' | 'parts' | 'groupSize'> {
  /**
   * The same attempt with the same nodes goes on where it was (a coordinator that was killed): nodes repeat their answers. The
   * next one begins anew with those that have not masked yet.
   */
  attempt: number;
  /** Milliseconds in which nodes may join: training may still run on some. */
  joinDeadline: Millis;
  /** Milliseconds of each of the five steps after that. */
  stepDeadline: Millis;
}

/** A node that is not in a sum, or caused trouble. */
export interface LeftOut {
  node: string;
  /** A word of the protocol's bounded lists, or of the node. */
  reason: string;
  sentence: string;
}

export interface SecureRoundResult {
  /** Each `summed` or `failed`. */
  groups: GroupState[];
  leftOut: LeftOut[];
}

/**
 * Makes the sums of one round. Resolves when each group has its sum or has failed, after `joinDeadline` + 5 ×
 * `stepDeadline` at the latest, whatever nodes do. Rejects only with the signal's reason.
 *
 * Nodes mask once in a round of one term: an attempt after that gets sums only of those that had not.
 */
export async function runSecureRound(
  facts: RoundFacts,
  nodes: readonly string[],
  settings: SecureRoundSettings,
  parts: SecureRoundParts,
): Promise<SecureRoundResult> {
  const { keys, clock, signal } = parts;
  const leftOut = new Map<string, LeftOut>();
  const exclude = (node: string, reason: string, sentence: string): void => {
    if (!leftOut.has(node)) leftOut.set(node, { node, reason, sentence });
  };
  const step = (send: readonly ToNode[], deadline: Millis): Promise<Map<string, SecureMessage>> =>
    askAll(send, deadline, parts, exclude);

  const { clip, noise, parts: noiseParts, groupSize } = settings;
  const call = makeMessage(keys, { kind: 'call', node: keys.self, ...facts, attempt: settings.attempt, clip, noise });
  const joined = await step(
    nodes.map((node) => ({ node, message: call })),
    settings.joinDeadline,
  );
  const called = digestOf(call.signed.body);
  const invited: Plan['invited'] = [];
  for (const [node, message] of joined) {
    const opened = openMessage(keys, Join, message);
    if (typeof opened === 'string') exclude(node, opened, 'it joined with a message that is not in order');
    else if (opened.body.node !== node || opened.body.call !== called) {
      exclude(node, 'wrong-round', 'it joined another round');
    } else invited.push({ node, commitment: opened.body.commitment });
  }
  if (invited.length < LEAST_GROUP) return { groups: [], leftOut: [...leftOut.values()] };

  const planned = planGroups(keys, { ...facts, clip, noise, parts: noiseParts, groupSize, invited });
  let gathering: Gathering = planned.gathering;
  const told = await step(
    invited.map(({ node }) => ({ node, message: planned.message })),
    settings.stepDeadline,
  );
  for (const [node, message] of told) {
    const taken = gatherKeys(gathering, keys, message);
    gathering = taken.gathering;
    if (taken.refused !== undefined) exclude(node, taken.refused, `its keys were not taken: ${taken.refused}`);
  }
  const formed = formGroups(gathering, keys);
  let { groups } = formed;
  let send = formed.send;
  while (send.length > 0) {
    const answers = await step(send, settings.stepDeadline);
    const next: ToNode[] = [];
    const after: GroupState[] = [];
    for (let group of groups) {
      for (const { node } of group.members) {
        const message = answers.get(node);
        if (message === undefined) continue;
        const taken = takeMessage(group, keys, message);
        group = taken.state;
        if (taken.refused !== undefined) exclude(node, taken.refused, `its message was not taken: ${taken.refused}`);
      }
      const closed = closeStep(group, keys);
      after.push(closed.state);
      next.push(...closed.send);
      // Unmasking a large group takes a while: others have their turn between two groups.
      await delay(clock, 0, signal);
    }
    groups = after;
    send = next;
  }
  for (const group of groups) {
    if (group.kind !== 'summed') continue;
    for (const node of group.result.wrongShares)
      exclude(node, 'wrong-share', 'its share does not fit with the others’');
  }
  return { groups, leftOut: [...leftOut.values()] };
}

/** Each sum as one update for a robust rule over groups, named `group/<number>`. */
export function updatesOfGroups(groups: readonly GroupState[]): { update: Update; nodes: string[] }[] {
  return groups.flatMap((group) => {
    if (group.kind !== 'summed') return [];
    const { mean, weight, survivors } = group.result;
    return [{ update: { node: `group/${group.number}`, delta: mean, weight }, nodes: survivors }];
  });
}

/** Asks all at once and again with back-off, until each has answered, refused for good, or the deadline has passed. */
async function askAll(
  send: readonly ToNode[],
  deadline: Millis,
  { ask, clock, random, signal }: SecureRoundParts,
  exclude: (node: string, reason: string, sentence: string) => void,
): Promise<Map<string, SecureMessage>> {
  const endsAt = clock.now() + deadline;
  const answers = new Map<string, SecureMessage>();
  await Promise.all(
    send.map(async ({ node, message }) => {
      for (let attempt = 0; clock.now() < endsAt; attempt++) {
        signal.throwIfAborted();
        const answer = await ask(node, message, endsAt - clock.now()).catch(() => undefined);
        if (answer !== undefined && 'message' in answer) return void answers.set(node, answer.message);
        if (answer !== undefined && !answer.stopped.again) {
          return exclude(node, answer.stopped.reason, answer.stopped.sentence);
        }
        const pause = backoff(attempt, RETRY, random);
        await delay(clock, Math.min(pause, Math.max(0, endsAt - clock.now())), signal);
      }
      exclude(node, 'no-answer', 'it did not answer in time');
    }),
  );
  signal.throwIfAborted();
  return answers;
}

const RETRY = { first: 200, most: 5_000 };
