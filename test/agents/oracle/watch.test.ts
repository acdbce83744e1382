import { describe, expect, it } from 'vitest';
import { approvalRule, chosenAmong, isWide, rankApprovers } from '../../../agents/oracle/approvers.ts';
import { type Ballot, Bans } from '../../../agents/oracle/bans.ts';
import { Watch } from '../../../agents/oracle/watch.ts';

const limits = { wideShare: 0.1, window: 24, mostWide: 4, mostAttempts: 5, sameChangeNodes: 3 };
const HOUR = 3_600_000;
const touch = (node: string, more: { fingerprint?: string; approved?: boolean; actor?: string } = {}) => ({
  actor: 'agent/x@a',
  node,
  approved: false,
  ...more,
});

describe('The watch', () => {
  it('finds a burst of wide actions, not as many spread over the day', () => {
    const watch = new Watch(limits);
    const found = [0, 1, 2, 3, 4].map((minute) => watch.wide('a', minute * 60_000).length);
    expect(found).toEqual([0, 0, 0, 0, 1]);
    const calm = new Watch(limits);
    expect([0, 1, 2, 3, 4, 5, 6].flatMap((hour) => calm.wide('a', hour * HOUR))).toEqual([]);
  });

  it('finds attempts without the right within a minute', () => {
    const watch = new Watch(limits);
    expect([0, 1, 2, 3, 4, 5].map((second) => watch.attempt('a', second * 1000).length)).toEqual([0, 0, 0, 0, 0, 1]);
    expect(watch.attempt('a', 10 * 60_000)).toEqual([]);
    expect(Array.from({ length: 15 }, (_, n) => watch.attempt('b', n, 3)).flat()).toEqual([]);
  });

  it('adds up the nodes that somebody touches one by one, over a day', () => {
    const watch = new Watch(limits);
    const found = ['b', 'c', 'd', 'e', 'f'].map((node, n) =>
      watch.touch(touch(node), 20, n * HOUR).map(({ sign }) => sign),
    );
    expect(found).toEqual([[], [], [], [], ['share']]);
    expect(watch.touchedBy('agent/x@a', 4 * HOUR).size).toBe(5);
    expect(watch.touchedBy('agent/x@a', 25 * HOUR).size).toBe(4);
  });

  it('finds nobody guilty of what was approved, however much it is', () => {
    const watch = new Watch(limits);
    for (let n = 0; n < 20; n++)
      expect(watch.touch(touch(`n${n}`, { approved: true, fingerprint: 'f' }), 20, n)).toEqual([]);
    expect(watch.touchedBy('agent/x@a', 20).size).toBe(20);
    expect(watch.unapprovedBy('agent/x@a', 20).size).toBe(0);
  });

  it('finds the same change on many nodes within a second, whoever makes it', () => {
    const watch = new Watch(limits);
    const at = (actor: string, node: string, now: number) =>
      watch.touch(touch(node, { actor, fingerprint: 'f' }), 100, now);
    expect([...at('x@a', 'a', 0), ...at('x@b', 'b', 2000), ...at('x@c', 'c', 4000)]).toEqual([]);
    at('x@d', 'd', 4400);
    expect(at('x@e', 'e', 4800).map(({ actor, sign }) => [actor, sign])).toEqual([
      ['x@c', 'same-change'],
      ['x@d', 'same-change'],
      ['x@e', 'same-change'],
    ]);
  });

  it('goes on adding up after a restart, on another clock', () => {
    const watch = new Watch(limits);
    watch.touch(touch('b'), 20, HOUR);
    watch.touch(touch('c', { approved: true }), 20, 2 * HOUR);
    const again = new Watch(limits);
    again.restore(watch.document(3 * HOUR, 1_000 * HOUR), 10, 1_001 * HOUR);
    expect(again.touchedBy('agent/x@a', 10)).toEqual(new Set(['b', 'c']));
    expect(again.unapprovedBy('agent/x@a', 10)).toEqual(new Set(['b']));
    expect(again.touchedBy('agent/x@a', 10 + 22 * HOUR)).toEqual(new Set(['c']));
  });

  it('is not made to forget by made-up names: beyond some they count as their node', () => {
    const watch = new Watch(limits);
    for (let n = 0; n < 5_000; n++) watch.touch(touch(`n${n % 3}`, { actor: `agent/${n}@bad` }), 1_000, n);
    watch.touch(touch('z', { actor: 'agent/thief@bad' }), 1_000, 5_001);
    expect(watch.touchedBy('agent/thief@bad', 5_001)).toEqual(new Set(['n0', 'n1', 'n2', 'z']));
    expect(watch.actors().length).toBeLessThanOrEqual(65);
  });

  it('forgets what it was told to forgive', () => {
    const watch = new Watch(limits);
    for (let n = 0; n < 5; n++) watch.attempt('a', n);
    expect(watch.score('a', 20, 5)).toBe(1);
    watch.forgive('a');
    expect(watch.score('a', 20, 5)).toBe(0);
  });
});

describe('The choice of approvers', () => {
  const all = Array.from({ length: 20 }, (_, n) => `node-${n}`);
  const by = { network: 'n', node: 'node-3', epoch: 7 };

  it('is the same for everybody, leaves out who asks, and another one each hour', () => {
    const ranked = rankApprovers(all, by);
    expect(rankApprovers([...all].reverse(), by)).toEqual(ranked);
    expect(ranked).not.toContain('node-3');
    expect(rankApprovers(all, { ...by, epoch: 8 })).not.toEqual(ranked);
  });

  it('gives each node its turn', () => {
    const turns = new Map<string, number>();
    for (let epoch = 0; epoch < 1900; epoch++) {
      for (const id of rankApprovers(all, { ...by, epoch }).slice(0, 4)) turns.set(id, (turns.get(id) ?? 0) + 1);
    }
    expect(turns.size).toBe(19);
    for (const count of turns.values()) expect(count / 400).toBeCloseTo(1, 0);
  });

  it('moves by one place at most when a node is not seen', () => {
    const ranked = rankApprovers(all, by);
    const others = all.filter((id) => id !== ranked[0]);
    expect(rankApprovers(others, by)).toEqual(ranked.slice(1));
    const approvers = new Set(ranked.slice(0, 2));
    expect(chosenAmong(approvers, all, { network: 'n', node: 'node-3', at: 7 * HOUR, asked: 4 })).toBe(2);
    expect(chosenAmong(new Set(ranked.slice(8)), all, { network: 'n', node: 'node-3', at: 7 * HOUR, asked: 4 })).toBe(
      0,
    );
  });

  it('asks for no more than there are', () => {
    expect(approvalRule(20, { approvals: 2, asked: 4 })).toEqual({ approvals: 2, asked: 4 });
    expect(approvalRule(2, { approvals: 2, asked: 4 })).toEqual({ approvals: 1, asked: 1 });
    expect(approvalRule(1, { approvals: 2, asked: 4 })).toEqual({ approvals: 1, asked: 1 });
    expect([isWide(1, 1, 0.1), isWide(2, 20, 0.1), isWide(3, 20, 0.1), isWide(2, 5, 0.1)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('Bans', () => {
  const make = (size = 20) =>
    new Bans({ self: 'me', quorum: 3, networkSize: () => size, isMember: (id) => id !== 'removed' });
  const ballot = (actor: string, at = 1): Ballot => ({ votes: [{ actor, reason: 'r', at }], lifts: [] });

  it('take the word of a node on its own, and of nobody else alone', () => {
    const bans = make();
    expect(bans.hear('b', ballot('agent/x@b'), 1)).toMatchObject([{ kind: 'frozen', frozen: { by: 'owner' } }]);
    expect(bans.hear('b', ballot('agent/x@c'), 1)).toMatchObject([{ kind: 'unfrozen', actor: 'agent/x@b' }]);
    expect(bans.frozen('agent/x@c')).toBeUndefined();
    bans.hear('d', ballot('agent/x@c'), 1);
    bans.hear('removed', ballot('agent/x@c'), 1);
    // Nor does its own word count against itself.
    expect(bans.frozen('agent/x@c')).toBeUndefined();
    expect(bans.hear('e', ballot('agent/x@c'), 1)).toMatchObject([{ kind: 'frozen', frozen: { by: 'quorum' } }]);
  });

  it('count a liar against a tenth of the network at most, in a day', () => {
    const bans = make();
    for (let n = 0; n < 10; n++) {
      for (const liar of ['l1', 'l2', 'l3']) bans.hear(liar, ballot(`agent/x@victim-${n}`, n + 1), n + 1);
    }
    expect(bans.list().map(({ actor }) => actor)).toEqual(['agent/x@victim-0', 'agent/x@victim-1']);
    // Three of three nodes are no quorum against the fourth without this one's own: a pair cannot freeze a third.
    const small = make(2);
    small.hear('b', ballot('agent/x@c'), 1);
    expect(small.list()).toEqual([]);
  });

  it('follow a node that freezes and frees its own without end for a while only', () => {
    const bans = make();
    let news = 0;
    for (let n = 1; n < 200; n++) {
      news += bans.hear('b', ballot('agent/x@b', n), n).length;
      news += bans.hear('b', { votes: [], lifts: [] }, n).length;
    }
    expect(news).toBe(20);
  });

  it('of a whole node hold for all on it', () => {
    const bans = make();
    bans.freeze('*@b', 'r', 1);
    expect(bans.frozen('agent/y@b')?.by).toBe('here');
    expect(bans.frozen('agent/y@c')).toBeUndefined();
  });

  it('by a quorum are lifted by a quorum or the authority, not by who cast a vote, and not by votes from before', () => {
    const bans = make();
    for (const voter of ['b', 'c', 'd']) bans.hear(voter, ballot('agent/x@z', 5), 5);
    for (const voter of ['b', 'c', 'd']) bans.hear(voter, { votes: [], lifts: [] }, 6);
    expect(bans.frozen('agent/x@z')).toBeDefined();
    for (const voter of ['b', 'c'])
      expect(bans.hear(voter, { votes: [], lifts: [{ what: 'agent/x@z', at: 7 }] }, 7)).toEqual([]);
    expect(bans.hear('d', { votes: [], lifts: [{ what: 'agent/x@z', at: 7 }] }, 7)).toMatchObject([
      { kind: 'unfrozen', by: 'quorum' },
    ]);
    for (const voter of ['b', 'c', 'd']) bans.hear(voter, ballot('agent/x@y', 8), 8);
    expect(bans.obey({ what: 'agent/x@y', at: 9 })).toMatchObject([{ kind: 'unfrozen', by: 'authority' }]);
    for (const voter of ['b', 'c', 'd']) bans.hear(voter, ballot('agent/x@y', 8), 10);
    expect(bans.frozen('agent/x@y')).toBeUndefined();
  });

  it('halt here by this node, everywhere by a quorum, and hold through a restart', () => {
    const bans = make();
    expect(bans.voteHalt('many', 1)).toMatchObject([{ kind: 'halted', halt: { by: 'here' } }]);
    expect(bans.lift('halt', 2)).toMatchObject([{ kind: 'lifted', by: 'here' }]);
    const halting = (at: number): Ballot => ({ votes: [], lifts: [], halt: { reason: 'r', at } });
    bans.hear('b', halting(3), 3);
    bans.hear('c', halting(3), 3);
    expect(bans.halt).toBeUndefined();
    bans.hear('d', halting(3), 3);
    expect(bans.halt).toMatchObject({ by: 'quorum' });
    const again = new Bans({ self: 'me', quorum: 3, networkSize: () => 20, isMember: () => true }, bans.document());
    expect(again.halt).toMatchObject({ by: 'quorum' });
    expect(again.lift('halt', 4)).toEqual([]);
    expect(again.halt).toBeDefined();
    expect(again.obey({ what: 'halt', at: 5 })).toMatchObject([{ kind: 'lifted', by: 'authority' }]);
    // The same votes, said again, and votes dated ahead, do not halt anew within the hour.
    for (const voter of ['b', 'c', 'd']) again.hear(voter, halting(3), 6);
    expect(again.halt).toBeUndefined();
  });
});
