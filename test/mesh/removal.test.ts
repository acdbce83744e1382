// Removing a member: real nodes on loopback, the word of it spreads, stays, and holds without the authority.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { again, invited, type RealNode, realNode, started, stopAll } from './real-nodes.ts';

const soon = { timeout: 15_000, interval: 20 };

afterEach(stopAll);

const names = (node: RealNode): string[] => node.mesh.peers().map(({ name }) => name);
const refusals = (node: RealNode): number => node.mesh.counters()?.strangers.revoked ?? 0;
const member = (node: RealNode, of: RealNode) => node.mesh.members().find(({ id }) => id === of.mesh.id);

/** holder–middle–far: `far` hears of the holder through `middle` alone. */
async function line(): Promise<{ holder: RealNode; middle: RealNode; far: RealNode }> {
  const holder = await started(realNode('holder'));
  const middle = await invited(holder, 'middle');
  const far = await invited(holder, 'far');
  await far.mesh.stop();
  await far.state.write('peers', { format: 1, peers: [] });
  const moved = await again(far, 'far', [middle]);
  await vi.waitFor(() => expect(names(holder).sort()).toEqual(['far', 'middle']), soon);
  await vi.waitFor(() => expect(moved.mesh.routes()).toHaveLength(2), soon);
  return { holder, middle, far: moved };
}

describe('a member that is removed', () => {
  it('is cut off and forgotten everywhere within seconds, also where the authority does not reach', async () => {
    const { holder, middle, far } = await line();
    await holder.mesh.revoke(far.mesh.id);
    await vi.waitFor(() => {
      expect(names(holder)).toEqual(['middle']);
      expect(names(middle)).toEqual(['holder']);
      expect(far.mesh.routes()).toEqual([]);
    }, soon);
    expect(middle.mesh.links().map(({ peerName }) => peerName)).toEqual(['holder']);
    expect(member(middle, far)).toMatchObject({ name: 'far', revoked: true });
    expect(middle.journal.map(({ message }) => message)).toContain('far was removed from the network');
    await vi.waitFor(
      () => expect(far.journal.map(({ message }) => message)).toContain('This node was removed from the network'),
      soon,
    );
  });

  it('stays out after a restart of a node that is not the authority, while the authority is away', async () => {
    const { holder, middle, far } = await line();
    await holder.mesh.revoke(far.mesh.id);
    await vi.waitFor(() => expect(member(middle, far)?.revoked).toBe(true), soon);
    await Promise.all([holder, middle, far].map(({ mesh }) => mesh.stop()));
    const restarted = await again(middle, 'middle', []);
    await again(far, 'far', [restarted]);
    await vi.waitFor(() => expect(refusals(restarted)).toBeGreaterThan(0), soon);
    expect(names(restarted)).toEqual([]);
    expect(restarted.mesh.routes()).toEqual([]);
  });

  it('cuts the network in two when it was the only way, and both sides know', async () => {
    const { holder, middle, far } = await line();
    await holder.mesh.revoke(middle.mesh.id);
    await vi.waitFor(() => {
      expect(member(far, middle)?.revoked).toBe(true);
      expect(names(holder)).not.toContain('middle');
      expect(names(far)).not.toContain('middle');
    }, soon);
  });

  it('can only be one that was let in, and not the node that holds the authority', async () => {
    const holder = await started(realNode('holder'));
    const other = await invited(holder, 'other');
    await expect(holder.mesh.revoke(holder.mesh.id)).rejects.toMatchObject({ code: 'MEMBER_INVALID' });
    await expect(holder.mesh.revoke('nobody')).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    await expect(other.mesh.revoke(holder.mesh.id)).rejects.toMatchObject({ code: 'NETWORK_NO_AUTHORITY' });
  });

  it('is refused only on the word of the authority: a member cannot remove another', async () => {
    const { holder, middle, far } = await line();
    const { revocationTopic } = await import('../../mesh/membership/revocations.ts');
    const network = holder.mesh.network()!.id;
    const facts = { network, node: far.mesh.id, name: 'far', issuedAt: 0, expiresAt: 2e12, revokedAt: 1 };
    const body = JSON.stringify(facts);
    const signature = Buffer.from(middle.key.sign('revocation', Buffer.from(body))).toString('base64');
    const accepted = (): number => holder.mesh.counters()?.accepted.revocation ?? 0;
    middle.mesh.publish(revocationTopic, { statements: [{ body, signature }] });
    await vi.waitFor(() => expect(accepted()).toBeGreaterThan(0), soon);
    expect(member(holder, far)?.revoked).toBe(false);
  });
});
