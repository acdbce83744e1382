import { describe, expect, it } from 'vitest';
import { afterReceipt, type Consequence } from '../../../../agents/federation/shipping/after-receipt.ts';
import { Gate } from '../../../../agents/federation/shipping/gate.ts';
import type { Receipt } from '../../../../agents/federation/shipping/messages.ts';
import { choose } from '../../../../agents/federation/shipping/selection.ts';
import type { StoredExperienceRow } from '../../../../agents/parl/experience-storage.ts';
import { lived, packed, SCHEMA } from './ship-yard.ts';

const stored = (sequence: number, changes: Partial<StoredExperienceRow> = {}): StoredExperienceRow => ({
  ...lived('north', sequence, 1)[0]!,
  ...{ id: sequence, data: packed(1, 1000), decisions: 1, ...changes },
});

const plan = choose({
  ...{ received: 10, latest: 20, capacity: 1e9, isWanted: () => true },
  rows: [stored(12), stored(15)],
})!;

describe('what the coordinator’s answer means', () => {
  const refused = (
    reason: NonNullable<Receipt['refused']>['reason'],
    more: Partial<NonNullable<Receipt['refused']>> = {},
  ) => ({
    reason,
    message: 'because',
    ...more,
  });
  it.each<[string, Receipt, Consequence]>([
    ['all has come', { received: 20, wait: 0 }, { kind: 'arrived', received: 20, wait: 0 }],
    ['it has less than it should', { received: 12, wait: 5 }, { kind: 'reconsider', received: 12, wait: 5 }],
    ['it lost its disk', { received: 0, wait: 0 }, { kind: 'reconsider', received: 0, wait: 0 }],
    ['a piece has come', { received: 10, have: 700, wait: 0 }, { kind: 'continue', offset: 700, wait: 0 }],
    ['nothing is said', { wait: 0 }, { kind: 'later', wait: undefined, cause: 'the coordinator answered nothing' }],
    ['others are before', { wait: 900, refused: refused('too-fast') }, { kind: 'later', wait: 900, cause: 'because' }],
    [
      'no reason to wait is given',
      { wait: 0, refused: refused('malformed') },
      { kind: 'later', wait: undefined, cause: 'because' },
    ],
    [
      'a row is bad',
      { wait: 0, refused: refused('invalid-row', { sequence: 15 }) },
      { kind: 'leave-out', sequences: [15], cause: 'because' },
    ],
    [
      'a row is bad that was not sent',
      { wait: 0, refused: refused('invalid-row', { sequence: 14 }) },
      { kind: 'later', wait: undefined, cause: 'because' },
    ],
    [
      'it is older',
      { wait: 600, refused: refused('unknown-schema', { schema: '0.25.10' }) },
      { kind: 'later', wait: 600, cause: 'because' },
    ],
    [
      'a batch came before its turn',
      { received: 4, wait: 0, refused: refused('out-of-order') },
      { kind: 'reconsider', received: 4, wait: 0 },
    ],
  ])('%s', (_, receipt, consequence) => {
    expect(afterReceipt(receipt, plan, SCHEMA)).toEqual(consequence);
  });

  it('rows of a form that both have left behind are left out', () => {
    const receipt: Receipt = { wait: 600, refused: refused('unknown-schema', { schema: '2.25.10' }) };
    expect(afterReceipt(receipt, plan, '2.25.10')).toEqual({
      kind: 'leave-out',
      sequences: [12, 15],
      cause: 'because',
    });
  });
});

describe('the next batch', () => {
  it('spans all numbers up to the last row that was looked at, and says which of them there are', () => {
    expect(plan).toMatchObject({ after: 10, until: 15, left: 0, bytes: 2000, schema: SCHEMA, inPieces: false });
    expect(plan.rows.map(({ sequence }) => sequence)).toEqual([12, 15]);
  });

  it('says that nothing will come where nothing is kept', () => {
    const nothing = choose({ received: 10, latest: 20, capacity: 1e9, isWanted: () => true, rows: [] });
    expect(nothing).toMatchObject({ after: 10, until: 20, rows: [], left: 0 });
    expect(choose({ received: 20, latest: 20, capacity: 1e9, isWanted: () => true, rows: [] })).toBeUndefined();
  });

  it('ends before a row that does not fit, is of another form or too far away', () => {
    const until = (rows: StoredExperienceRow[]) =>
      choose({ received: 0, latest: 2000, capacity: 1e9, isWanted: () => true, rows })?.until;
    const large = { data: packed(1, 30_000) };
    expect(until([stored(1, large), stored(3, large)])).toBe(2);
    expect(until([stored(1), stored(5, { data: packed(1, 100, 2) })])).toBe(4);
    expect(until([stored(1), stored(256), stored(257)])).toBe(256);
    expect(until([stored(1, { data: packed(1, 100_000) }), stored(2)])).toBe(1);
  });

  it('keeps the rows of greatest priority where all cannot be sent in time', () => {
    const rows = Array.from({ length: 10 }, (_, index) => stored(index + 1, { priority: index % 5 }));
    const chosen = choose({
      received: 0,
      latest: 10,
      capacity: 4000,
      isWanted: ({ sequence }) => sequence !== 5,
      rows,
    })!;
    // Nine rows of 1,000 bytes are wanted (5 is not); 4,000 bytes: 10 (4), then 4 and 9 (3), then 3 (2).
    expect(chosen.rows.map(({ sequence }) => sequence)).toEqual([3, 4, 9, 10]);
    expect(chosen).toMatchObject({ after: 0, until: 10, left: 6 });
  });
});

describe('whose turn it is', () => {
  it('lets a burst in, then gives times in the order of coming, one for each', () => {
    const gate = new Gate([{ rate: 1000, burst: 2000 }]);
    expect(['a', 'b', 'c'].map((sender) => gate.ask(sender, 1000, 0))).toEqual([0, 0, 0]);
    expect(['d', 'e'].map((sender) => gate.ask(sender, 1000, 0))).toEqual([1000, 2000]);
    // Coming before it changes nothing, and gives no second one.
    expect(gate.ask('d', 1000, 400)).toBe(600);
    expect(gate.ask('f', 1000, 400)).toBe(2600);
    expect(gate.turns).toBe(3);
    expect(gate.ask('d', 1000, 1000)).toBe(0);
    expect(gate.next('d', 1000, 1000)).toBe(3000);
  });

  it('forgets a time that nobody came for after a minute', () => {
    const gate = new Gate([{ rate: 1000, burst: 0 }]);
    gate.ask('a', 1000, 0);
    expect(gate.ask('b', 1000, 0)).toBe(1000);
    expect(gate.turns).toBe(1);
    expect(gate.ask('c', 1000, 61_001)).toBe(0);
    expect(gate.turns).toBe(0);
  });
});
