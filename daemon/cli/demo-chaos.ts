// `parlmesh demo --chaos`: random faults in random nodes of the demo, one after the other; what follows is on the page.

import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import type { ChaosView, InjectionView } from '../chaos/view.ts';
import { systemRandom } from '../clock.ts';
import { NodeNames } from '../mapek/node-names.ts';
import type { PeerView } from '../view/schema.ts';
import type { LocalNode } from './local-node.ts';

type DemoNode = Pick<LocalNode, 'name' | 'get' | 'post'>;

/** Share of the time between two faults for which one lasts. */
const LASTS = 0.6;

/** @param every seconds between two faults */
export async function chaosUntil(
  signal: AbortSignal,
  nodes: readonly DemoNode[],
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
      const names = await namesOf(node);
      const { name, target, startedAt, endsAt } = await node.post<InjectionView>('chaos', wanted);
      const at = names.inText(target);
      write(`chaos: ${node.name}: ${name} at ${at} for ${Math.round((endsAt - startedAt) / 1000)} s`);
    } catch (thrown) {
      if (signal.aborted) return;
      write(`chaos: ${node?.name ?? 'no node'}: ${messageOf(thrown)}`);
    }
  }
}

/** Of the node itself and its peers: links, peers and parts of the network are named by ids. */
async function namesOf(node: DemoNode): Promise<NodeNames> {
  type Named = Pick<PeerView, 'id' | 'name'>;
  const [self, peers] = await Promise.all([node.get<Named>('node'), node.get<Named[]>('peers')]);
  return new NodeNames(() => [self, ...peers]);
}
