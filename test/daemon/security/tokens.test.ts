import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { type TokenRow, Tokens } from '../../../daemon/security/tokens.ts';

function setUp(rows: TokenRow[] = []) {
  const stored: TokenRow[] = [...rows];
  const clock = new VirtualClock();
  const state = { full: false };
  const storage = {
    list: () => stored,
    put: async (row: TokenRow) => {
      if (state.full) throw new Error('disk full');
      stored.push(structuredClone(row));
    },
  };
  return { tokens: new Tokens({ storage, clock, logger: silentLogger }), clock, stored, state };
}

describe('Tokens', () => {
  it('keeps the hash of a secret and never the secret', async () => {
    const { tokens, stored } = setUp();
    const { token, row } = await tokens.create({ name: 'grafana', scopes: ['read', 'read'] });
    expect(token).toMatch(/^pm_[a-z2-7]{10}_[A-Za-z0-9_-]{43}$/);
    expect(row).toMatchObject({ name: 'grafana', scopes: ['read'] });
    expect(JSON.stringify(stored)).not.toContain(token.split('_')[2]);
    expect(tokens.verify(token)?.id).toBe(row.id);
  });

  it('knows its tokens after a restart', async () => {
    const before = setUp();
    const { token } = await before.tokens.create({ name: 'a', scopes: ['read'] });
    const after = setUp(before.stored);
    expect(after.tokens.required).toBe(true);
    expect(after.tokens.verify(token)?.name).toBe('a');
  });

  it('takes no other secret, id or form', async () => {
    const { tokens } = setUp();
    const { token } = await tokens.create({ name: 'a', scopes: ['read'] });
    const last = token.at(-1) === 'A' ? 'E' : 'A';
    for (const wrong of [
      '',
      'pm_',
      token.slice(0, -1) + last,
      token.replace('pm_', 'pm_2'),
      `${token} `,
      token.toUpperCase(),
    ]) {
      expect(tokens.verify(wrong), wrong).toBeUndefined();
    }
  });

  it('ends at its expiry, which opens nothing', async () => {
    const { tokens, clock } = setUp();
    const { token } = await tokens.create({ name: 'a', scopes: ['read'], expiresInSeconds: 60 });
    clock.advance(59_999);
    expect(tokens.verify(token)).toBeDefined();
    clock.advance(1);
    expect(tokens.verify(token)).toBeUndefined();
    expect(tokens.required).toBe(true);
  });

  it('revokes at once, even when the row cannot be stored, and tells who follows', async () => {
    const { tokens, state } = setUp();
    const { token, row } = await tokens.create({ name: 'a', scopes: ['read'] });
    let changes = 0;
    const unfollow = tokens.onChange(() => changes++);
    state.full = true;
    await expect(tokens.revoke(row.id)).rejects.toThrow('disk full');
    expect(tokens.verify(token)).toBeUndefined();
    expect(changes).toBe(1);
    unfollow();
    await expect(tokens.revoke(row.id)).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    expect(tokens.required).toBe(false);
  });

  it('makes none that cannot be stored', async () => {
    const { tokens, state } = setUp();
    state.full = true;
    await expect(tokens.create({ name: 'a', scopes: ['read'] })).rejects.toThrow('disk full');
    expect(tokens.required).toBe(false);
  });

  it('writes its last use at most every five minutes, and works on when that fails', async () => {
    const { tokens, clock, stored, state } = setUp();
    const { token } = await tokens.create({ name: 'a', scopes: ['read'] });
    for (let i = 0; i < 10; i++) tokens.verify(token);
    expect(stored).toHaveLength(2);
    clock.advance(5 * 60_000);
    tokens.verify(token);
    expect(stored.at(-1)).toMatchObject({ lastUsedAt: clock.wall() });
    state.full = true;
    clock.advance(5 * 60_000);
    expect(tokens.verify(token)).toBeDefined();
  });
});
