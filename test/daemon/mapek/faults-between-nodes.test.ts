// Faults between real nodes, each a process of its own: injected by chaos, seen, repaired, seen to be well and closed, while
// what goes between the others goes on.

import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { InjectionView } from '../../../daemon/chaos/view.ts';
import { joinNetworkOf, type LocalNode } from '../../../daemon/cli/local-node.ts';
import type { RouteView } from '../../../daemon/view/route-schema.ts';
import type { LinkView, PeerView } from '../../../daemon/view/schema.ts';
import { incidentsOf, realNodes, story, WITHIN } from './told-by-nodes.ts';

const { scratch, start } = realNodes();
vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });
const PATIENCE = { timeout: 55_000, interval: 100 };
const SETTINGS = {
  PARLMESH_CHAOS_ENABLED: 'true',
  PARLMESH_MAPEK_RELAPSE_WITHIN: '5',
  // Whoever runs these tests may be busy: a link is not taken for down because of that.
  PARLMESH_MESH_PRESET: 'wifi',
};

describe('four real nodes', () => {
  let nodes: LocalNode[] = [];
  let [north, south, east]: LocalNode[] = [];
  const ids = new Map<LocalNode | undefined, string>();
  const inject = (node: LocalNode, fault: string, target: string, seconds: number): Promise<InjectionView> =>
    node.post<InjectionView>('chaos', { fault, target, seconds });
  /** Asks it over as many hops as it takes. */
  const reaches = async (from: LocalNode, to: LocalNode): Promise<boolean> => {
    const { status } = await from.request('POST', `/api/v3/relay/${ids.get(to)}/ping`);
    return status === 200;
  };

  beforeAll(async () => {
    nodes = await Promise.all(
      ['north', 'south', 'east', 'west'].map((name) => start(name, join(scratch, name), SETTINGS)),
    );
    [north, south, east] = nodes;
    await Promise.all(nodes.slice(1).map((node) => joinNetworkOf(north!, node)));
    for (const node of nodes) {
      ids.set(node, (await node.get<{ id: string }>('node')).id);
      await vi.waitFor(async () => expect(await node.get('routes')).toHaveLength(3), WITHIN);
    }
  });

  it('find nothing wrong with each other while they join', async () => {
    for (const node of nodes) {
      for (const [other, id] of ids) if (other !== node) expect(await incidentsOf(node, `peer/${id}`)).toEqual([]);
    }
  });

  it.each([
    ['link-lossy', 0, 1],
    ['link-flapping', 2, 3],
  ])('go around a link with %s, and are well with that', async (fault, here, there) => {
    const ends = [
      [nodes[here]!, nodes[there]!],
      [nodes[there]!, nodes[here]!],
    ] as const;
    await inject(nodes[here]!, fault, ids.get(nodes[there])!, 100);
    // Each end finds out by itself.
    for (const [node, other] of ends) {
      const { steps } = await story(
        node,
        `link/${ids.get(other)}`,
        (one) => one.fault === fault && one.state === 'recovered',
        PATIENCE,
      );
      expect(steps).toContainEqual(expect.objectContaining({ action: 'route.avoid', outcome: 'helped' }));
      const isOther = expect.objectContaining({ peer: ids.get(other), avoided: true });
      expect(await node.get<LinkView[]>('links')).toContainEqual(isOther);
      const routes = await node.get<RouteView[]>('routes');
      expect(routes.map(({ nextHop }) => nextHop)).not.toContain(ids.get(other));
      expect(await reaches(node, other)).toBe(true);
    }
    await nodes[here]!.request('DELETE', '/api/v3/chaos');
  });

  it('see one that says nothing, and that it is there again', async () => {
    const subject = `peer/${ids.get(south)}`;
    await inject(south!, 'peer-silent', ids.get(south)!, 12);
    const seen = await story(north!, subject, ({ fault }) => fault === 'peer-silent', PATIENCE);
    expect(seen.evidence.join()).toMatch(/fell silent|does not reach it/);
    expect(await reaches(north!, east!)).toBe(true);
    const { steps } = await story(
      north!,
      subject,
      ({ id, state }) => id === seen.id && state === 'recovered',
      PATIENCE,
    );
    expect(steps.map(({ action }) => action)).toContain('link.reset');
    await expect.poll(() => reaches(north!, south!), WITHIN).toBe(true);
  });

  it('shut out one that forges, and go on without it', async () => {
    await inject(south!, 'peer-byzantine', ids.get(south)!, 100);
    for (const node of [north!, east!]) {
      const { fault, steps, evidence } = await story(
        node,
        `peer/${ids.get(south)}`,
        (one) => one.fault === 'peer-byzantine' && one.state === 'recovered',
        PATIENCE,
      );
      expect([fault, steps]).toEqual([
        'peer-byzantine',
        [expect.objectContaining({ action: 'peer.quarantine', outcome: 'helped' })],
      ]);
      expect(evidence.join()).toMatch(/south does harm: it handed over \d+ forged or broken frames within a minute/);
    }
    expect(await reaches(north!, east!)).toBe(true);
    expect(await reaches(north!, south!)).toBe(false);
  });

  it('take from it again once it is let in by hand', async () => {
    await south!.request('DELETE', '/api/v3/chaos');
    for (const node of [north!, east!]) {
      const peers = await node.get<PeerView[]>('peers');
      expect(peers.find(({ id }) => id === ids.get(south))?.shutOut?.why).toMatch(/^south does harm/);
      expect((await node.request('POST', `/api/v3/peers/${ids.get(south)}/readmit`)).status).toBe(204);
    }
    await expect.poll(() => reaches(north!, south!), WITHIN).toBe(true);
  });
});
