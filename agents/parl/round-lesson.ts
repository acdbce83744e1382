// A node's part of a round of federation: practice and what was lived through, from the parameters that all nodes begin
// with, held to them by FedProx's term, and within the processor seconds that the round allows. For the shard's thread.

import { seededRandom } from '../../core/random.ts';
import { lessonOf, livedBatches, loaded, practiceGround, practiceUpdate, SETTINGS } from './lessons.ts';
import type { Learned, LearningPoint, RoundRequest } from './shard-protocol.ts';

/**
 * The first update is made whatever the budget; a further one only while what is left is enough for one as long as the
 * longest so far. The same request gives the same parameters unless the budget cuts it short.
 * @param spent processor seconds of this thread, which grow
 */
export function takePart(request: RoundRequest, spent: () => number): Learned {
  const { parameters, batches, amount, epochs, proximal, budget, seed } = request;
  const random = seededRandom(seed);
  const network = loaded(parameters);
  const trainer = proximal > 0 ? { ...SETTINGS, proximal: { centre: parameters, strength: proximal } } : SETTINGS;
  const ground = practiceGround(request);
  const lived = livedBatches(batches);
  const points: LearningPoint[] = [];
  const until = spent() + budget;
  let longest = 0;
  const make = (update: () => LearningPoint): boolean => {
    const from = spent();
    if (points.length > 0 && from + longest > until) return false;
    points.push(update());
    longest = Math.max(longest, spent() - from);
    return true;
  };
  pass: for (let epoch = 0; epoch < epochs; epoch++) {
    for (let update = 0; update < amount.updates; update++) {
      if (!make(() => practiceUpdate(network, ground, amount, random, trainer))) break pass;
    }
    for (const { batch } of lived) if (!make(() => lessonOf(network, batch, random, trainer))) break pass;
  }
  return { parameters: network.parameters(), points, priorities: [] };
}
