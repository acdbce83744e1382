import { describe, expect, it } from 'vitest';
import { createPolicy, encodePolicy, POLICY_SHAPE, type Policy } from '../../../agents/parl/policy.ts';
import { PolicyShelf, type ShelfDocument } from '../../../agents/parl/policy-shelf.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { seededRandom } from '../../../core/random.ts';

const policyOf = (seed: number): Policy =>
  createPolicy(initialParameters(POLICY_SHAPE, seededRandom(seed)), {
    ...{ kind: seed === 1 ? 'pretrained' : 'trained', madeAt: seed, decisions: seed },
  });
const packaged = encodePolicy(policyOf(1));
const signer = { node: 'alpha', sign: () => new Uint8Array(64) };

function storage(): { read(): unknown; write(document: ShelfDocument): Promise<void>; written: number } {
  let kept: string | undefined;
  return {
    written: 0,
    read: () => (kept === undefined ? undefined : JSON.parse(kept)),
    async write(document) {
      kept = JSON.stringify(document);
      this.written++;
    },
  };
}

describe('the shelf of policies', () => {
  it('serves the packaged policy until another one is promoted, and that after a restart too', async () => {
    const disk = storage();
    const shelf = new PolicyShelf(packaged, disk);
    expect(shelf.current.version).toBe(policyOf(1).version);
    await shelf.add(policyOf(2), signer, { gain: 1.3, over: 'heft', at: 7 });
    expect(shelf.current.version).toBe(policyOf(1).version);
    await shelf.promote(policyOf(2).version.slice(0, 6));
    const again = new PolicyShelf(packaged, disk);
    expect(again.current.parameters).toEqual(policyOf(2).parameters);
    expect(again.list()[0]).toMatchObject({ current: true, lineage: { node: 'alpha' }, merit: { gain: 1.3 } });
  });

  it('goes back step by step, and says when there is nothing before', async () => {
    const shelf = new PolicyShelf(packaged, storage());
    for (const seed of [2, 3]) {
      await shelf.add(policyOf(seed), signer);
      await shelf.promote(policyOf(seed).version);
    }
    expect((await shelf.rollback()).version).toBe(policyOf(2).version);
    expect((await shelf.rollback()).version).toBe(policyOf(1).version);
    await expect(shelf.rollback()).rejects.toThrow('No other policy was current before');
  });

  it('takes back what must not serve any more, also where something else serves by now, and never goes back to it', async () => {
    const disk = storage();
    const shelf = new PolicyShelf(packaged, disk);
    for (const seed of [2, 3, 4]) {
      await shelf.add(policyOf(seed), signer);
      await shelf.promote(policyOf(seed).version);
    }
    expect(await shelf.takeBack(policyOf(3).version)).toBe(false);
    expect(shelf.current.version).toBe(policyOf(4).version);
    expect(await shelf.takeBack(policyOf(4).version)).toBe(true);
    expect(new PolicyShelf(packaged, disk).current.version).toBe(policyOf(2).version);
    expect(await shelf.takeBack(policyOf(2).version)).toBe(true);
    expect(shelf.current.version).toBe(policyOf(1).version);
    // There is nothing behind the packaged one.
    expect(await shelf.takeBack(policyOf(1).version)).toBe(false);
    expect(await shelf.takeBack('0123456789abcdef')).toBe(false);
  });

  it('keeps few, and always the packaged one, the current one and the one before', async () => {
    const shelf = new PolicyShelf(packaged, storage());
    for (const seed of [2, 3]) {
      await shelf.add(policyOf(seed), signer);
      await shelf.promote(policyOf(seed).version);
    }
    for (let seed = 4; seed < 30; seed++) await shelf.add(policyOf(seed), signer);
    const versions = shelf.list().map(({ version }) => version);
    expect(versions).toHaveLength(9);
    for (const seed of [1, 2, 3, 29]) expect(versions).toContain(policyOf(seed).version);
  });

  it('takes nothing that is no policy, and names what it does not have', async () => {
    const disk = storage();
    const shelf = new PolicyShelf(packaged, disk);
    const poisoned = encodePolicy(createPolicy(policyOf(2).parameters.with(5, Number.NaN), policyOf(2).lineage));
    await expect(shelf.take(poisoned)).rejects.toThrow('parameter 5 is NaN');
    await expect(shelf.take(encodePolicy(policyOf(2)), () => true)).rejects.toThrow('it is not signed');
    await expect(shelf.promote('ffff')).rejects.toThrow('There is no policy "ffff"');
    expect(disk.written).toBe(0);
    await shelf.take(encodePolicy(policyOf(2), signer), () => true);
    expect(shelf.document(policyOf(2).version).signature).toBeDefined();
  });

  it('starts with the packaged policy when what is stored does not fit any more', async () => {
    const document = { ...encodePolicy(policyOf(2)), observation: 99 };
    const old = { current: policyOf(2).version, previous: [], policies: [{ document }] };
    const shelf = new PolicyShelf(packaged, { ...storage(), read: () => old });
    expect(shelf.current.version).toBe(policyOf(1).version);
    expect(new PolicyShelf(packaged, { ...storage(), read: () => 'nonsense' }).list()).toHaveLength(1);
  });
});
