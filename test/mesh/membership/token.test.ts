import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeToken, encodeToken, type JoinToken } from '../../../mesh/membership/token.ts';

const token: JoinToken = {
  network: { id: '0123456789abcdef', name: 'home' },
  authority: Buffer.alloc(32, 1),
  addresses: ['/ip4/192.168.1.5/tcp/7422/p2p/12D3KooWNozGWT7UUQoP71mqqFmFfuAKLt8DRFfQed1zfGv2Yi35'],
  secret: Buffer.alloc(16, 2),
  expiresAt: 1_790_000_000_000,
};

describe('a join token', () => {
  it('is one line that survives being copied with space around it', () => {
    const line = encodeToken(token);
    expect(line).toMatch(/^parlmesh1\.[A-Za-z0-9_-]+$/);
    expect(line.length).toBeLessThan(400);
    expect(decodeToken(`  ${line}\n`)).toEqual(token);
  });

  it('is refused when a character is missing or changed, with what to do', () => {
    const line = encodeToken(token);
    fc.assert(
      fc.property(fc.integer({ min: 10, max: line.length - 2 }), fc.boolean(), (at, removed) => {
        const other = line[at] === 'A' ? 'B' : 'A';
        const changed = line.slice(0, at) + (removed ? '' : other) + line.slice(at + 1);
        expect(() => decodeToken(changed)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
      }),
      { numRuns: 300 },
    );
  });

  it('refuses whatever else is pasted', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, prefixed) => {
        expect(() => decodeToken(prefixed ? `parlmesh1.${text}` : text)).toThrow(
          expect.objectContaining({ code: 'TOKEN_INVALID', hint: expect.stringContaining('network invite') }),
        );
      }),
    );
  });
});
