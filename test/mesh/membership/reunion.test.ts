// Two halves of a network that were apart for five days, on virtual time, while members joined, were removed and renewed
// and the network key was changed: they become one again, and agree on everything.

import { afterEach, describe, expect, it } from 'vitest';
import { names, told, type VirtualMember, VirtualNetwork } from './virtual-network.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Renewal is due after four days: while they are apart. */
const LIFE = 6 * DAY;
/** Between two looks at what awaits, while nothing is to happen. */
const STEP = 2000;

let network: VirtualNetwork;
afterEach(() => network.stopAll());

const others = ({ mesh }: VirtualMember): string[] =>
  mesh
    .peers()
    .filter(({ state }) => state === 'connected' || state === 'reachable')
    .map(({ name }) => name)
    .sort();

const keyOf = ({ mesh }: VirtualMember): number => mesh.membership().key.number;

describe('two halves of a network that were apart for days', () => {
  it('become one: keys, certificates and removals agree, and nobody is called gone', { timeout: 300_000 }, async () => {
    network = new VirtualNetwork(LIFE);
    const founder = await network.found('founder');
    const far = await network.join(founder, 'far', [founder]);
    const thief = await network.join(founder, 'thief', [far]);
    const all = [founder, far, thief];
    await network.until(() => {
      for (const member of all) expect(others(member)).toHaveLength(2);
    }, 5 * MINUTE);

    network.medium.cut(founder.mesh.id, far.mesh.id);
    await network.pass(4.5 * DAY, STEP);
    // With the authority: a renewal, a removal of somebody over there, a new key.
    await founder.mesh.revoke(thief.mesh.id);
    await founder.mesh.rotateKey();
    const joined = await network.join(founder, 'joined', [founder]);
    await network.pass(0.5 * DAY, STEP);
    expect(others(founder)).toEqual(['joined']);
    expect(others(far)).toEqual(['thief']);
    expect([founder, joined, far, thief].map(keyOf)).toEqual([1, 1, 0, 0]);
    expect(founder.mesh.membership().rotation?.missing).toMatchObject([{ name: 'far' }]);
    const now = network.clock.wall();
    expect(founder.mesh.membership().expiresAt).toBeGreaterThan(now + 4 * DAY);
    expect(far.mesh.membership().expiresAt).toBeLessThan(now + 2 * DAY);

    const [journalled] = [founder.journal.length];
    network.medium.mend(founder.mesh.id, far.mesh.id);
    const together = [founder, far, joined];
    await network.until(() => {
      for (const member of together) {
        const expected = together.filter((one) => one !== member).map(({ name }) => name);
        expect(others(member)).toEqual(expected.sort());
        expect(member.mesh.routes()).toHaveLength(2);
        expect(keyOf(member)).toBe(1);
        expect(member.mesh.membership().expiresAt).toBeGreaterThan(now + 3 * DAY);
        expect(names(member)).not.toContain('thief');
        expect(member.mesh.members().find(({ name }) => name === 'thief')).toMatchObject({ revoked: true });
        expect(member.mesh.membership().problem).toBeUndefined();
      }
      expect(founder.mesh.membership().rotation?.completedAt).toBeDefined();
    }, 15 * MINUTE);

    // It stays so: nobody is called gone who is there, the removed one has neither key nor certificate.
    await network.pass(20 * MINUTE, 200);
    for (const member of together) expect(others(member)).toHaveLength(2);
    expect(founder.journal.slice(journalled).filter(({ kind }) => kind === 'peer.left')).toEqual([]);
    expect(keyOf(thief)).toBe(0);
    expect(others(thief)).toEqual([]);
    expect(told(thief, 'mesh.renewed')).toEqual([]);
    expect(told(far, 'mesh.revoked')).toEqual(['thief was removed from the network']);
  });
});
