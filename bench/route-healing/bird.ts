// BIRD's OSPF, with and without BFD.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interfaceTo, neighbours, ownAddress } from '../rig/topology.ts';
import { startInKernels } from './kernel-flow.ts';
import type { Subject } from './subject.ts';

export interface OspfTiming {
  /** Seconds between hellos, and without one until a neighbour is dead. */
  hello: number;
  dead: number;
  /** Milliseconds between BFD packets; three missed make a neighbour dead. */
  bfd?: number;
}

export function birdOspf(name: string, timing: OspfTiming): Subject {
  return {
    name,
    needs: { program: 'bird', debianPackage: 'bird2' },
    flow: 'UDP through the kernels',
    // OSPF announces the same list once in five seconds at most (MinLSInterval).
    settling: 6000,
    lanes: 5,
    start: (rig) =>
      startInKernels(rig, async (node) => {
        const file = join(rig.scratch, `bird${node}`);
        const peers = neighbours(rig.topology, node).map(({ peer }) => peer);
        await writeFile(`${file}.conf`, configuration(node, peers, timing));
        return ['bird', '-f', '-c', `${file}.conf`, '-s', `${file}.ctl`];
      }),
  };
}

/** `check link`: without it, BIRD does not look whether a carrier is there. */
function configuration(node: number, peers: readonly number[], { hello, dead, bfd }: OspfTiming): string {
  const interfaces = peers.map(
    (peer) =>
      `interface "${interfaceTo(peer)}" { type ptp; check link yes; hello ${hello}; dead ${dead};${bfd ? ' bfd yes;' : ''} };`,
  );
  const probing = `interface "e*" { min rx interval ${bfd} ms; min tx interval ${bfd} ms; multiplier 3; };`;
  return [
    `router id ${ownAddress(node)};`,
    'protocol device {}',
    'protocol kernel { ipv4 { export all; }; }',
    ...(bfd ? [`protocol bfd { ${probing} }`] : []),
    `protocol ospf v2 { tick 1; ipv4 { import all; export none; }; area 0 { interface "lo" { stub; }; ${interfaces.join(' ')} }; }`,
    '',
  ].join('\n');
}
