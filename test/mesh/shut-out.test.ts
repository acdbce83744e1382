// A peer that a node does without: real nodes on loopback, until it is let in again by hand.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Blame } from '../../mesh/gossip/blame.ts';
import { invited, pathFrom, realNode, started, stopAll } from './real-nodes.ts';

const soon = { timeout: 15_000, interval: 20 };

afterEach(stopAll);

it('is judged by what it does from then on once it is let in again', () => {
  const blame = new Blame();
  for (let n = 0; n < 30; n++) blame.add('south', 'forged', n);
  expect([blame.of('south', 30), blame.isShunned('south', 30)]).toEqual([{ forged: 30 }, true]);
  blame.forget('south');
  expect([blame.of('south', 30), blame.isShunned('south', 30)]).toEqual([undefined, false]);
});

describe('a peer that is shut out', () => {
  it('is told with its reason, and is back within seconds of being let in again', async () => {
    const north = await started(realNode('north'));
    const south = await invited(north, 'south');
    await vi.waitFor(() => expect(pathFrom(north, south)).toEqual(['south']), soon);
    const { mesh, journal } = north;
    const told: unknown[] = [];
    mesh.on('peer', ({ shutOut, presence }) => told.push(shutOut?.why ?? presence.state));

    mesh.isolate(south.mesh.id, 'south does harm');
    expect(told).toContain('south does harm');
    await vi.waitFor(() => expect(mesh.counters()?.strangers.revoked).toBeGreaterThan(0), soon);
    expect([mesh.routes(), mesh.isIsolated(south.mesh.id)]).toEqual([[], true]);
    expect(mesh.peers()).toMatchObject([
      { name: 'south', state: 'gone', shutOut: { since: expect.any(Number), why: 'south does harm' } },
    ]);

    mesh.readmit(south.mesh.id, 'anna');
    expect(told.at(-1)).toBe('in');
    await vi.waitFor(() => expect(pathFrom(north, south)).toEqual(['south']), soon);
    await vi.waitFor(() => expect(pathFrom(south, north)).toEqual(['north']), soon);
    expect(mesh.peers()).toMatchObject([{ name: 'south', state: 'connected' }]);
    expect(mesh.peers()[0]).not.toHaveProperty('shutOut');
    expect(journal).toContainEqual(
      expect.objectContaining({
        kind: 'peer.readmitted',
        subject: `peer/${south.mesh.id}`,
        message: 'south was let in again by anna; it had been shut out: south does harm',
      }),
    );
    expect(() => mesh.readmit(south.mesh.id, 'anna')).toThrowError(expect.objectContaining({ code: 'PEER_NOT_FOUND' }));
  });
});
