import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, parseAddress } from '../../../agents/communication/address.ts';
import {
  copyOf,
  decodeEnvelope,
  decodeReply,
  type Envelope,
  encode,
  MOST_BODY_BYTES,
  MOST_HOPS,
} from '../../../agents/communication/letter.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const envelope: fc.Arbitrary<Envelope> = fc.record({
  id: word,
  from: word,
  to: fc.oneof(fc.record({ agent: word }), fc.record({ kind: word }), fc.record({ every: word })),
  wantsReply: fc.boolean(),
  hops: fc.integer({ min: 0, max: MOST_HOPS }),
  lifetime: fc.integer({ min: 1, max: 60_000 }),
  body: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value))),
});

describe('letters between nodes', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(envelope, (sent) => {
        expect(decodeEnvelope(encode(sent))).toEqual({ ok: true, envelope: sent });
      }),
    );
  });

  it('are refused with a reason whatever bytes come, and never throw', () => {
    const near = fc.tuple(envelope, fc.nat(400), fc.nat(255)).map(([sent, at, byte]) => {
      const bytes = Uint8Array.from(encode(sent));
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    const lookalike = fc
      .record({ id: fc.anything(), from: fc.anything(), to: fc.anything(), hops: fc.anything() })
      .map((value) => Buffer.from(JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? 1 : each)) ?? ''));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), near, lookalike), (bytes) => {
        const decoded = decodeEnvelope(bytes);
        if (decoded.ok) expect(decoded.envelope.hops).toBeLessThanOrEqual(MOST_HOPS);
        else expect(['malformed', 'too-large']).toContain(decoded.reason);
        expect(decodeReply(bytes).ok).toBeTypeOf('boolean');
      }),
      { numRuns: 500 },
    );
  });

  it('are refused when too large, too well travelled or too long-lived', () => {
    const sent: Envelope = { id: 'a', from: 'a', to: { agent: 'b' }, wantsReply: false, hops: 0, lifetime: 1, body: 1 };
    expect(decodeEnvelope(encode({ ...sent, body: 'x'.repeat(MOST_BODY_BYTES) }))).toMatchObject({ ok: false });
    expect(decodeEnvelope(encode({ ...sent, hops: MOST_HOPS + 1 }))).toEqual({ ok: false, reason: 'malformed' });
    expect(decodeEnvelope(encode({ ...sent, lifetime: 60_001 }))).toEqual({ ok: false, reason: 'malformed' });
    expect(decodeEnvelope(encode(sent))).toEqual({ ok: true, envelope: sent });
  });

  it('carry what JSON has, as a copy', () => {
    const body = { at: [1, 'x'] };
    expect(copyOf(body)).toEqual(body);
    expect(copyOf(body)).not.toBe(body);
    expect(copyOf(undefined)).toBeNull();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(() => copyOf(circle)).toThrow(expect.objectContaining({ code: 'LETTER_NOT_JSON' }));
    expect(() => copyOf('x'.repeat(MOST_BODY_BYTES))).toThrow(expect.objectContaining({ code: 'LETTER_TOO_LARGE' }));
  });
});

describe('addresses of agents', () => {
  it('are read back, slashes in ids of agents included', () => {
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1, maxLength: 3 }), (node, parts) => {
        const agent = parts.join('/');
        expect(parseAddress(addressOf(node, agent))).toEqual({ node, agent });
      }),
    );
  });

  it.each(['', '/', 'node', 'node/', '/agent', 'a b/c', `n/${'x'.repeat(300)}`])('refuses %j', (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }));
  });
});
