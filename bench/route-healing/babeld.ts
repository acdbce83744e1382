// babeld, the reference implementation of Babel (RFC 8966).

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interfaceTo, neighbours } from '../rig/topology.ts';
import { startInKernels } from './kernel-flow.ts';
import type { Subject } from './subject.ts';

/** Hellos to one full update, babeld's own default. */
const UPDATES = 4;

/** @param hello seconds between hellos; babeld's own default on a wire is 4 */
export function babeld(name: string, hello: number): Subject {
  return {
    name,
    needs: { program: 'babeld', debianPackage: 'babeld' },
    flow: 'UDP through the kernels',
    // Two full updates: until then a neighbour's route may not be feasible yet.
    settling: 2 * UPDATES * hello * 1000,
    lanes: 5,
    start: (rig) =>
      startInKernels(rig, async (node) => {
        const file = (suffix: string): string => join(rig.scratch, `babeld${node}.${suffix}`);
        const config = [
          `default type wired hello-interval ${hello} update-interval ${UPDATES * hello} link-quality false`,
          'skip-kernel-setup true',
          'redistribute local ip 10.55.0.0/16',
          'redistribute local deny',
          ...neighbours(rig.topology, node).map(({ peer }) => `interface ${interfaceTo(peer)}`),
        ];
        await writeFile(file('conf'), `${config.join('\n')}\n`);
        return ['babeld', '-c', file('conf'), '-I', file('pid'), '-S', file('state'), '-L', file('log')];
      }),
  };
}
