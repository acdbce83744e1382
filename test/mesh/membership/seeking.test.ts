// Dialling for ever, and turning strangers away.

import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { Dialer } from '../../../mesh/membership/dialer.ts';
import { type Refused, reportStrangers, Strangers } from '../../../mesh/membership/strangers.ts';

async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function dialing(answers: (peer: string | undefined) => boolean) {
  const clock = new VirtualClock();
  const connected = new Set<string>();
  const tries: { at: number; peer: string | undefined }[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const dialer = new Dialer({
    self: 'self',
    clock,
    random: seededRandom(1),
    backoff: { first: 1000, most: 8000 },
    dial: async ({ peer, addresses }) => {
      tries.push({ at: clock.now(), peer });
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
      if (!answers(peer)) throw new Error('nobody');
      const found = peer ?? addresses[0]!;
      connected.add(found);
      return found;
    },
    isConnected: (peer) => connected.has(peer),
    hasRoom: () => true,
    failed: () => {},
  });
  return { clock, connected, tries, dialer, mostInFlight: () => mostInFlight };
}

describe('the dialer', () => {
  it('never gives up, and waits longer each time, up to the most', async () => {
    const { clock, tries, dialer } = dialing(() => false);
    dialer.want({ peer: 'a', addresses: ['x'] });
    await pass(clock, 120_000);
    const waits = tries.slice(1).map(({ at }, index) => at - tries[index]!.at);
    expect(waits.length).toBeGreaterThan(12);
    expect(waits[0]).toBeLessThanOrEqual(1100);
    for (const wait of waits.slice(4)) expect(wait).toBeGreaterThanOrEqual(4000);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(8200);
    dialer.stop();
    const before = tries.length;
    await pass(clock, 20_000);
    expect(tries).toHaveLength(before);
  });

  it('dials again soon when a connection is lost, and learns who answered at a bare address', async () => {
    const { clock, connected, tries, dialer } = dialing(() => true);
    dialer.want({ peer: undefined, addresses: ['bare'] });
    await pass(clock, 5000);
    expect(tries).toHaveLength(1);
    connected.delete('bare');
    dialer.lost('bare');
    await pass(clock, 1200);
    expect(tries).toHaveLength(2);
    dialer.stop();
  });

  it('dials four at once at most, never itself, and nobody it was told to drop', async () => {
    const { clock, tries, dialer, mostInFlight } = dialing((peer) => peer !== 'p9');
    for (let at = 0; at < 20; at++) dialer.want({ peer: `p${at}`, addresses: ['x'] });
    dialer.want({ peer: 'self', addresses: ['x'] });
    await pass(clock, 900);
    dialer.drop('p9');
    await pass(clock, 20_000);
    expect(tries.map(({ peer }) => peer)).not.toContain('self');
    expect(tries.filter(({ peer }) => peer === 'p9').length).toBeLessThanOrEqual(2);
    expect(new Set(tries.map(({ peer }) => peer)).size).toBe(20);
    expect(mostInFlight()).toBeLessThanOrEqual(4);
    dialer.stop();
  });
});

describe('strangers', () => {
  it('are refused for ten minutes, counted by reason, and reported once a minute', () => {
    const clock = new VirtualClock();
    const reports: Refused[] = [];
    const strangers = new Strangers({ clock, report: (refused) => reports.push(refused) });
    strangers.refuse('forged', 'x');
    strangers.refuse('no-handshake');
    strangers.refuse('no-handshake');
    expect(reports).toHaveLength(1);
    expect(strangers.isRefused('x')).toBe(true);
    clock.advance(60_000);
    strangers.refuse('forged', 'y');
    expect(reports[1]).toEqual({ counts: { 'no-handshake': 2, forged: 1 }, examples: ['y'] });
    expect(reportStrangers(reports[1]!).message).toBe('3 connections were refused: no-handshake 2, forged 1');
    clock.advance(600_000);
    expect(strangers.isRefused('x')).toBe(false);
    expect(strangers.counts()).toEqual({ forged: 2, 'no-handshake': 2 });
  });
});
