// Whether a peer is honest, by what this node measured and could verify itself: one word, and all the evidence as a sentence. Pure.

import type { MeshPeer } from '../../../mesh/views.ts';

export interface Conduct {
  state: 'forges' | 'withholds' | 'floods' | 'replays' | 'honest' | 'shut-out';
  message: string;
}

/** Times within a minute: what a bad bit, a late frame or a burst may bring about stays below. */
const EVIDENCE = { forged: 10, flooded: 100, replayed: 10 };

/** The gravest first. */
export function conductOf({
  name,
  withholds,
  misdeeds = {},
}: Pick<MeshPeer, 'name' | 'withholds' | 'misdeeds'>): Conduct {
  const { forged = 0, flooded = 0, replayed = 0 } = misdeeds;
  const found: Conduct[] = [];
  if (forged >= EVIDENCE.forged)
    found.push({ state: 'forges', message: `it handed over ${forged} forged or broken frames within a minute` });
  if (withholds) found.push({ state: 'withholds', message: 'it takes frames for others and does not pass them on' });
  if (flooded >= EVIDENCE.flooded)
    found.push({ state: 'floods', message: `${flooded} of its messages were too many within a minute` });
  if (replayed >= EVIDENCE.replayed)
    found.push({ state: 'replays', message: `it handed over ${replayed} out-of-date frames again within a minute` });
  const [gravest] = found;
  if (gravest === undefined) return { state: 'honest', message: `Nothing speaks against ${name}` };
  return { state: gravest.state, message: `${name} does harm: ${found.map(({ message }) => message).join('; ')}` };
}

export const shutOut = (name: string): Conduct => ({
  state: 'shut-out',
  message: `Nothing is taken from ${name} any more`,
});
