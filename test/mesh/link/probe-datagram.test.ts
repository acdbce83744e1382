import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATAGRAM_BYTES, open, type Probe, readHead, seal } from '../../../mesh/link/probe-datagram.ts';
import { agree, newKeyShare } from '../../../mesh/link/probe-keys.ts';

const key = createSecretKey(new Uint8Array(32).fill(7));
const probe: Probe = {
  stamp: 123_456_789_012,
  echo: 98_765_432_109,
  held: 4321,
  interval: 50,
  loss: 0.25,
  poll: true,
  deaf: false,
  eased: true,
};

describe('A probe datagram', () => {
  it('is 60 bytes and carries everything there and back', () => {
    const datagram = seal(key, 0xdead_beef, 42, probe);
    expect(datagram).toHaveLength(60);
    expect(readHead(datagram)).toEqual({ session: 0xdead_beef, sequence: 42 });
    expect(open(key, datagram)).toEqual({ ...probe, loss: expect.closeTo(0.25, 4) });
  });

  it('does not open when a bit of it changed, or with another key', () => {
    const datagram = seal(key, 1, 1, probe);
    fc.assert(
      fc.property(fc.nat(DATAGRAM_BYTES - 1), fc.nat(7), (at, bit) => {
        const forged = datagram.slice();
        forged[at] = (forged[at] ?? 0) ^ (1 << bit);
        expect(open(key, forged)).toBeUndefined();
      }),
    );
    expect(open(createSecretKey(new Uint8Array(32)), datagram)).toBeUndefined();
  });

  it('reads any bytes without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const head = readHead(bytes);
        expect(head === undefined).toBe(bytes.length !== DATAGRAM_BYTES);
        if (head !== undefined) expect(open(key, bytes)).toBeUndefined();
      }),
    );
  });
});

describe('The keys of probes', () => {
  it('are the same on both sides, one for each direction, new with each share', () => {
    const [a, b] = [newKeyShare(), newKeyShare()];
    const atA = agree(a, 'a', b.share, 'b');
    const atB = agree(b, 'b', a.share, 'a');
    expect(atA.send).toEqual(atB.receive);
    expect(atA.receive).toEqual(atB.send);
    expect(atA.send).not.toEqual(atA.receive);
    expect(agree(newKeyShare(), 'a', b.share, 'b').send).not.toEqual(atA.send);
  });

  it('are bound to the two nodes', () => {
    const [a, b] = [newKeyShare(), newKeyShare()];
    expect(agree(a, 'a', b.share, 'b').send).not.toEqual(agree(a, 'a', b.share, 'c').send);
  });

  it('are not agreed on with shares that are none, or that give the secret away', () => {
    const own = newKeyShare();
    for (const share of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(32), new Uint8Array(33)]) {
      expect(() => agree(own, 'a', share, 'b')).toThrow(expect.objectContaining({ code: 'PROBE_SHARE_INVALID' }));
    }
  });
});
