// The training of one node in a round as a task of the swarm: it takes a slot of the board, can be cancelled, and is seen like
// any other work. What it carries out is the invitation itself; the update goes to the coordinator, not into the result.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../../core/errors.ts';
import { bodyOf } from '../../oracle/keys.ts';
import type { TaskContext, TaskExecutor } from '../../swarm/task-executor.ts';
import { Answer, Invitation, SignedText } from '../messages.ts';
import type { Participant } from '../participant.ts';

export const TRAIN_TASK = 'federation.train';

export const TrainInput = Type.Object({ invitation: SignedText });
export type TrainInput = Static<typeof TrainInput>;

export const TrainResult = Type.Object({
  answer: Answer,
  /** How it ended, for those that accepted: `taken`, `refused`, `withdrawn`, … */
  end: Type.Optional(Type.String({ maxLength: 64 })),
});
export type TrainResult = Static<typeof TrainResult>;

export class TrainExecutor implements TaskExecutor {
  readonly kind = TRAIN_TASK;
  readonly #participant: () => Pick<Participant, 'invited' | 'over' | 'recall'> | undefined;

  /** @param participant undefined where this node takes no part */
  constructor(participant: () => Pick<Participant, 'invited' | 'over' | 'recall'> | undefined) {
    this.#participant = participant;
  }

  check(input: unknown): void {
    read(input);
  }

  async run(input: unknown, { signal, log }: TaskContext): Promise<TrainResult> {
    const { signed, invitation } = read(input);
    const participant = this.#participant();
    if (participant === undefined) {
      return { answer: { kind: 'declined', reason: 'veto', cause: 'this node takes no part in federations' } };
    }
    const { learner, id, round } = invitation;
    const answer = await participant.invited(signed);
    if (answer.kind === 'declined') {
      log(`Declined: ${answer.cause}`);
      return { answer };
    }
    log(`Trains ${learner} for round ${round}`);
    const onAbort = (): void => participant.recall(learner, id);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const end = await participant.over(learner, id);
      log(`The update: ${end.kind}`);
      return { answer, end: end.kind };
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

function read(input: unknown): { signed: SignedText; invitation: Invitation } {
  const signed = Value.Check(TrainInput, input) ? input.invitation : undefined;
  const invitation = signed && bodyOf(Invitation, signed);
  if (signed !== undefined && invitation !== undefined) return { signed, invitation };
  throw new ParlmeshError(
    'TASK_INPUT_INVALID',
    `A \`${TRAIN_TASK}\` task takes an invitation that a coordinator signed`,
    {
      hint: 'The coordinator of the federation submits these; parlmesh federation run begins a round',
    },
  );
}
