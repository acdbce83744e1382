// What a stage wants of a node as a question, and the node's answer as an event.

import type { SignedText } from '../messages.ts';
import type { Asker } from './asker.ts';
import type { StageEffect, StageEvent } from './stage.ts';

/** Asking again would bring the same answer. */
const FINAL = ['no-consent', 'doubtful', 'not-allowed', 'wrong-format', 'unknown-learner', 'taken-back', 'malformed'];
const MOST_FAILURES = 5;

export interface StageModel {
  learner: string;
  version: string;
  seal: SignedText;
  /** Its numbers, as they travel. */
  parameters: string;
}

/** Resolves with undefined when there is nothing to tell: no answer, or one that may be another the next time. */
export async function putQuestion(
  effect: Extract<StageEffect, { kind: 'adopt' | 'measure' }>,
  { learner, version, seal, parameters }: StageModel,
  asker: Asker,
  failures: Map<string, number>,
): Promise<StageEvent | undefined> {
  const { node } = effect;
  if (effect.kind === 'measure') {
    const { last } = effect;
    const answer = await asker.ask(node, { kind: 'measure', learner, ...(last !== undefined && { last }) });
    if (answer?.kind !== 'measured') return undefined;
    const { measure, unit } = answer;
    return { kind: 'measured', node, serves: answer.version === version, measure, unit };
  }
  const { canary, stage } = effect;
  const answer = await asker.ask(node, { kind: 'adopt', seal, parameters, canary, stage });
  if (answer?.kind === 'adopted') return { kind: 'adopted', node, before: answer.before, unit: answer.unit };
  if (answer?.kind !== 'refused') return undefined;
  const failed = (failures.get(node) ?? 0) + 1;
  failures.set(node, failed);
  const isFinal = FINAL.includes(answer.reason) || failed >= MOST_FAILURES;
  return isFinal ? { kind: 'declined', node, cause: answer.cause } : undefined;
}
