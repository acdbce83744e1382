// `parlmesh demo --chaos`: random faults in random nodes of the demo, one after the other; what follows is on the page.

import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import type { ChaosView, InjectionView } from '../chaos/view.ts';
import { systemRandom } from '../clock.ts';
import type { LocalNode } from './local-node.ts';

/** Share of the time between two faults for which one lasts. */
const LASTS = 0.6;

/** @param every seconds between two faults */
export async function chaosUntil(
  signal: AbortSignal,
  nodes: readonly LocalNode[],
  every: number,
  write: (line: string) => void,
): Promise<void> {
  const random = systemRandom();
  const pick = <T>(of: readonly T[]): T | undefined => of[random.below(Math.max(1, of.length))];
  while (!signal.aborted) {
    const node = pick(nodes);
    try {
      await sleep(every * 1000, undefined, { signal });
      if (node === undefined) return;
      const { faults } = await node.get<ChaosView>('chaos');
      const fault = pick(faults.filter(({ targets }) => targets.length > 0));
      if (fault === undefined) continue;
      const wanted = { fault: fault.name, seconds: Math.min(fault.lastsSeconds, every * LASTS) };
      const { name, target, startedAt, endsAt } = await node.post<InjectionView>('chaos', wanted);
      write(`chaos: ${node.name}: ${name} at ${target} for ${Math.round((endsAt - startedAt) / 1000)} s`);
    } catch (thrown) {
      if (signal.aborted) return;
      write(`chaos: ${node?.name ?? 'no node'}: ${messageOf(thrown)}`);
    }
  }
}
