import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { NamespaceRig } from '../../../bench/rig/namespaces.ts';
import { isFlowing } from '../../../bench/rig/outage.ts';
import { dataDirOf, enrolAll, MESH_ONLY, startAll, untilRouted } from '../../../bench/rig/parlmesh-network.ts';
import { monotonic } from '../../../bench/rig/processes.ts';
import { cableAddress, interfaceTo, neighbours, ownAddress, ring } from '../../../bench/rig/topology.ts';
import { UdpFlow } from '../../../bench/rig/udp-flow.ts';
import { LocalNode } from '../../../daemon/cli/local-node.ts';

const obstacle = NamespaceRig.obstacle();
if (obstacle !== undefined) console.warn(`kernel routes are not tested in namespaces: ${obstacle}`);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const POLL = { timeout: 30_000, interval: 100 };

/** Four boards in a ring; each has an address of its own that only the mesh's routes lead to. */
async function boards(): Promise<{ rig: NamespaceRig; nodes: LocalNode[] }> {
  const rig = await NamespaceRig.build(ring(4));
  closing.push(() => rig.close());
  const nodes = Array.from({ length: rig.topology.nodes }, (_, node) => {
    const peers = neighbours(rig.topology, node);
    return new LocalNode({
      name: `n${node}`,
      dataDir: dataDirOf(rig.scratch, node),
      launcher: rig.inside(node),
      settings: {
        ...MESH_ONLY,
        PARLMESH_MESH_LISTEN: '/ip4/0.0.0.0/tcp/7421',
        PARLMESH_MESH_AUTO_DIAL: 'false',
        PARLMESH_MESH_BOOTSTRAP: peers
          .map(({ peer, cable }) => `/ip4/${cableAddress(rig.topology, cable, peer)}/tcp/7421`)
          .join(','),
        PARLMESH_MESH_KERNEL_ROUTES_ENABLED: 'true',
        PARLMESH_MESH_KERNEL_ROUTES_PREFIXES: '10.55.0.0/16',
      },
    });
  });
  closing.push(() => Promise.all(nodes.map((node) => node.stop('SIGKILL'))));
  await enrolAll(nodes);
  await startAll(nodes);
  await untilRouted(nodes);
  return { rig, nodes };
}

function ip(rig: NamespaceRig, node: number, ...args: string[]): string {
  return spawnSync('ip', ['-n', rig.namespace(node), ...args], { encoding: 'utf8' }).stdout;
}

const table = (rig: NamespaceRig, node: number): string => ip(rig, node, 'route', 'show', 'table', '7421');

describe.skipIf(obstacle !== undefined)('Kernel routes', () => {
  it('carry the packets of any program, around a cable that is cut, and are gone after a stop', {
    timeout: 180_000,
  }, async () => {
    const { rig, nodes } = await boards();
    await expect.poll(() => table(rig, 0), POLL).toContain(`${ownAddress(2)} via`);
    await expect.poll(() => table(rig, 2), POLL).toContain(`${ownAddress(0)} via`);
    const flow = new UdpFlow(rig);
    closing.push(() => flow.stop());
    const flows = (): boolean => isFlowing(flow.probes(monotonic() - 700, monotonic() - 200));
    await expect.poll(flows, POLL).toBe(true);
    const first = Number(
      / dev e(\d)/.exec(
        table(rig, 0)
          .split('\n')
          .find((line) => line.startsWith(ownAddress(2)))!,
      )![1],
    );
    const cable = rig.topology.cables.find((one) => one.includes(0) && one.includes(first))!;
    await rig.cut(cable, 'silent');
    const other = first === 1 ? 3 : 1;
    await expect
      .poll(() => table(rig, 0), POLL)
      .toContain(
        `${ownAddress(2)} via 10.56.${rig.topology.cables.findIndex((one) => one.includes(0) && one.includes(other))}.`,
      );
    await expect.poll(flows, POLL).toBe(true);

    ip(rig, 0, 'route', 'add', '10.99.0.0/16', 'dev', interfaceTo(other), 'table', '7421', 'proto', '99');
    await nodes[0]!.stop();
    expect(table(rig, 0).trim()).toMatch(/^10\.99\.0\.0\/16 dev \S+ proto \S+ scope link$/);
    expect(ip(rig, 0, 'rule', 'show')).not.toContain('7421');
  });

  it('of a node that was killed are removed by its next start, and written anew', { timeout: 180_000 }, async () => {
    const { rig, nodes } = await boards();
    await expect.poll(() => table(rig, 1), POLL).toContain(`${ownAddress(3)} via`);
    await nodes[1]!.stop('SIGKILL');
    expect(table(rig, 1)).toContain(`${ownAddress(3)} via`);
    ip(rig, 1, 'route', 'add', `${ownAddress(9)}/32`, 'dev', interfaceTo(0), 'table', '7421', 'proto', '142');
    nodes[1]!.start();
    await nodes[1]!.ready();
    await untilRouted([nodes[1]!], 3);
    await expect.poll(() => table(rig, 1), POLL).toContain(`${ownAddress(3)} via`);
    expect(table(rig, 1)).not.toContain(`${ownAddress(9)} `);
    expect(
      ip(rig, 1, 'rule', 'show')
        .split('\n')
        .filter((line) => line.startsWith('7421:')),
    ).toHaveLength(1);
  });
});
