import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCertificate, issueCertificate } from '../../../mesh/membership/certificate.ts';
import { rawKeyOf, SigningKey } from '../../../mesh/membership/keys.ts';

const authority = SigningKey.generate();
const node = SigningKey.generate();
const network = { id: '0123456789abcdef', authority: authority.publicKey };
const facts = {
  network: network.id,
  node: node.publicKey,
  name: 'attic',
  issuedAt: 1_000_000_000,
  expiresAt: 2_000_000_000,
  serial: 's1',
};
const now = 1_500_000_000;

describe('a certificate', () => {
  it('says who belongs to which network until when', () => {
    const checked = checkCertificate(issueCertificate(authority, facts), network, now);
    expect(checked).toMatchObject({ ok: true, certificate: { node: node.nodeId, name: 'attic', serial: 's1' } });
  });

  it.each([
    ['other-network', { ...facts, network: 'ffffffffffffffff' }, now],
    ['malformed', { ...facts, name: 'two words' }, now],
  ])('is %s when it is', (fault, changed, at) => {
    expect(checkCertificate(issueCertificate(authority, changed), network, at)).toEqual({ ok: false, fault });
  });

  it('tells whose it is when it has expired', () => {
    const checked = checkCertificate(issueCertificate(authority, facts), network, facts.expiresAt);
    expect(checked).toMatchObject({ ok: false, fault: 'expired', certificate: { node: node.nodeId } });
  });

  it('counts before its time: a board without a battery-backed clock is not locked out', () => {
    expect(checkCertificate(issueCertificate(authority, facts), network, 0).ok).toBe(true);
  });

  it('is forged when another authority signed it', () => {
    const bytes = issueCertificate(SigningKey.generate(), facts);
    expect(checkCertificate(bytes, network, now)).toEqual({ ok: false, fault: 'forged' });
  });

  it('is refused, never thrown at, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(checkCertificate(bytes, network, now).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a key', () => {
  it('survives PEM, and stands for a libp2p peer id', () => {
    const again = SigningKey.fromPem(node.toPem());
    expect(again.nodeId).toBe(node.nodeId);
    expect(node.nodeId).toMatch(/^12D3KooW/);
    expect(Buffer.from(rawKeyOf(node.nodeId)!).equals(node.publicKey.raw)).toBe(true);
    expect(Buffer.from(node.forLibp2p().publicKey.raw).equals(node.publicKey.raw)).toBe(true);
  });

  it('is not found in what is no node id', () => {
    expect(rawKeyOf('nonsense')).toBeUndefined();
  });
});
