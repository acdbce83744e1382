// A coordinator that begins asks the nodes what they remember of roll-outs, and fetches the numbers of a model that another
// coordinator made. The shell around `takeover.ts`.

import { ParlmeshError } from '../../../core/errors.ts';
import type { Learner } from '../learner.ts';
import { numbersOf, versionOf } from '../learners/vectors.ts';
import type { Asker } from './asker.ts';
import { ModelSeal, TakeBackNotice } from './messages.ts';
import type { ModelRoom } from './model-room.ts';
import { originOf, readStatement, type SealKeys } from './seal.ts';
import type { Memory } from './takeover.ts';

/** Of each node that answers. What nobody of this network signed is left out. */
export async function recall(
  nodes: readonly string[],
  { name }: Learner,
  { asker, keys }: { asker: Asker; keys: SealKeys },
): Promise<Memory[]> {
  const memories = await Promise.all(
    nodes.map(async (node): Promise<Memory[]> => {
      const answer = await asker.ask(node, { kind: 'recall', learner: name });
      if (answer?.kind !== 'recalled' || answer.seal === undefined) return [];
      const seal = readStatement(keys, ModelSeal, answer.seal);
      if (seal?.learner !== name) return [];
      const { stage = 0, before, serves, seal: signed } = answer;
      const notice = readStatement(keys, TakeBackNotice, answer.notice);
      const isOfIt = notice !== undefined && notice.version === seal.version && answer.notice !== undefined;
      return [{ node, seal, signed, stage, before, serves, ...(isOfIt && { notice: answer.notice }) }];
    }),
  );
  return memories.flat();
}

/** Whoever changed the numbers gave them another name. Rejects with `ROLLOUT_MODEL_MISSING`. */
export async function fetchModel(
  seal: ModelSeal,
  holders: readonly string[],
  { asker, room }: { asker: Asker; room: ModelRoom },
): Promise<void> {
  const { learner, version, size } = seal;
  if ((await room.load(version)) !== undefined) return;
  for (const node of holders) {
    const answer = await asker.ask(node, { kind: 'model', learner, version });
    if (answer?.kind !== 'model') continue;
    const parameters = new Uint8Array(Buffer.from(answer.parameters, 'base64'));
    if (parameters.byteLength !== 4 * size || versionOf(numbersOf(parameters)) !== version) continue;
    await room.put(version, { origin: { ...originOf(seal), nodes: [...seal.nodes] } }, parameters);
    return;
  }
  throw new ParlmeshError(
    'ROLLOUT_MODEL_MISSING',
    `None of ${holders.length} nodes that serve model ${version} of ${learner} gave its numbers`,
  );
}
