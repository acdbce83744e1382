import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { Authority } from '../../../mesh/membership/authority.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { MemoryState, type MeshState } from '../../../mesh/membership/state.ts';

const key = SigningKey.generate();
const hour = 3600_000;

async function authorityOn(state: MeshState, clock = new VirtualClock()): Promise<Authority> {
  const authority = new Authority({ networkId: '0123456789abcdef', key, state, clock });
  await authority.load();
  return authority;
}

describe('the authority of a network', () => {
  it('lets one node in per invite, also after a restart', async () => {
    const state = new MemoryState();
    const { secret } = await (await authorityOn(state)).createInvite({ expiresIn: hour });
    const [first, second] = [SigningKey.generate(), SigningKey.generate()];
    const authority = await authorityOn(state);
    expect(authority.inviteOpenUntil()).toBeDefined();
    expect(await authority.redeem(secret, first.publicKey, 'attic')).toMatchObject({ ok: true, name: 'attic' });
    expect(authority.inviteOpenUntil()).toBeUndefined();
    const restarted = await authorityOn(state);
    expect(await restarted.redeem(secret, second.publicKey, 'cellar')).toEqual({ ok: false, refusal: 'used' });
    expect(restarted.members().map(({ name }) => name)).toEqual(['attic']);
  });

  it('answers the same node again, whose answer may have been lost', async () => {
    const authority = await authorityOn(new MemoryState());
    const { secret } = await authority.createInvite({ expiresIn: hour });
    const node = SigningKey.generate().publicKey;
    await authority.redeem(secret, node, 'attic');
    expect(await authority.redeem(secret, node, 'attic')).toMatchObject({ ok: true });
    expect(authority.members()).toHaveLength(1);
  });

  it('lets only one of two in that come at the same moment', async () => {
    const authority = await authorityOn(new MemoryState());
    const { secret } = await authority.createInvite({ expiresIn: hour });
    const answers = await Promise.all(
      ['x', 'y'].map((name) => authority.redeem(secret, SigningKey.generate().publicKey, name)),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('refuses the expired, the unknown and the revoked', async () => {
    const clock = new VirtualClock();
    const authority = await authorityOn(new MemoryState(), clock);
    const { secret } = await authority.createInvite({ expiresIn: hour });
    const node = SigningKey.generate().publicKey;
    expect(await authority.redeem(Buffer.alloc(16), node, 'x')).toEqual({ ok: false, refusal: 'wrong' });
    clock.advance(hour);
    expect(await authority.redeem(secret, node, 'x')).toEqual({ ok: false, refusal: 'expired' });
    const again = await authority.createInvite({ expiresIn: hour });
    await authority.redeem(again.secret, node, 'x');
    await authority.revoke(node.nodeId);
    const third = await authority.createInvite({ expiresIn: hour });
    expect(await authority.redeem(third.secret, node, 'x')).toEqual({ ok: false, refusal: 'revoked' });
  });

  it('keeps names apart, and gives the name of the invite', async () => {
    const authority = await authorityOn(new MemoryState());
    const join = async (wanted: string, name?: string): Promise<string | undefined> => {
      const { secret } = await authority.createInvite({ expiresIn: hour, ...(name !== undefined && { name }) });
      const redeemed = await authority.redeem(secret, SigningKey.generate().publicKey, wanted);
      return redeemed.ok ? redeemed.name : undefined;
    };
    expect(await join('raspberrypi')).toBe('raspberrypi');
    expect(await join('raspberrypi')).toBe('raspberrypi-2');
    expect(await join('raspberrypi', 'attic')).toBe('attic');
    expect(await join('not a name!')).toBe('node');
  });

  it('does not let anybody in whose use could not be written down', async () => {
    const state = new MemoryState();
    const authority = await authorityOn(state);
    const { secret } = await authority.createInvite({ expiresIn: hour });
    state.write = async () => {
      throw new Error('disk full');
    };
    const node = SigningKey.generate().publicKey;
    expect(await authority.redeem(secret, node, 'x')).toEqual({ ok: false, refusal: 'failed' });
    expect(authority.members()).toEqual([]);
  });
});
