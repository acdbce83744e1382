import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { changeInWords, toldChange } from '../../../mesh/routing/change-in-words.ts';
import type { RouteChange } from '../../../mesh/routing/mesh-router.ts';
import { RouteJournal } from '../../../mesh/routing/route-journal.ts';
import { RouteLog } from '../../../mesh/routing/route-log.ts';
import type { Computation } from '../../../mesh/routing/switch-over.ts';

const nameOf = (id: string): string => id.toUpperCase();
const course = (...path: string[]) => ({
  destination: path.at(-1)!,
  nextHop: path[0]!,
  path,
  cost: 10 * path.length,
  since: 0,
  reason: 'link to b went down',
});
const quiet: Computation = { delay: 0, failures: new Map(), takeovers: new Map() };
/** The link to b failed; d took its backup over c, e had none. */
const failure: Computation = {
  delay: 12,
  failures: new Map([['b', 'no answer for 151 ms']]),
  takeovers: new Map([
    ['d', { kind: 'lfa', nextHop: 'c', path: ['c', 'd'], carry: false }],
    ['e', undefined],
  ]),
};
const moved: RouteChange = { kind: 'moved', destination: 'd', route: course('c', 'd'), before: course('b', 'd') };
const lost: RouteChange = {
  kind: 'lost',
  destination: 'e',
  reason: 'link to b went down',
  before: course('b', 'e'),
};
const added = (destination: string): RouteChange => ({ kind: 'added', destination, route: course(destination) });

describe('a change of a route', () => {
  it('says what was, what is, why, and what took over in between', () => {
    const told = toldChange(moved, failure);
    expect(told).toMatchObject({
      before: { nextHop: 'b', cost: 20 },
      after: { nextHop: 'c', cost: 20 },
      delay: 12,
      backup: { kind: 'lfa', nextHop: 'c' },
    });
    expect(changeInWords(told, nameOf)).toBe(
      'Route to D was over B, is now over C: link to b went down (no answer for 151 ms)',
    );
    expect(changeInWords(toldChange(lost, failure), nameOf)).toBe(
      'No route to E is left, it was over B: link to b went down (no answer for 151 ms)',
    );
    expect(changeInWords(toldChange(added('f'), failure), nameOf)).toBe('Route to F goes direct: link to b went down');
  });

  it('says nothing of a failure that another link had', () => {
    const other = toldChange({ ...moved, before: course('z', 'd') }, failure);
    expect(other.reason).toBe('link to b went down');
  });
});

describe('the log of route changes', () => {
  it('keeps the newest, newest first, in pages, and for one destination', () => {
    const clock = new VirtualClock();
    const log = new RouteLog({ clock, most: 4 });
    log.record([added('a'), added('b'), added('c')], quiet);
    clock.advance(1000);
    log.record([moved, lost], failure);
    const ids = (query: Parameters<RouteLog['read']>[0]) => log.read(query).map(({ id }) => id);
    expect(ids({ limit: 10 })).toEqual([5, 4, 3, 2]);
    expect(ids({ limit: 2 })).toEqual([5, 4]);
    expect(ids({ limit: 2, before: 4 })).toEqual([3, 2]);
    expect(ids({ limit: 9, wants: (destination) => destination === 'd' })).toEqual([4]);
    const [last, , first] = log.read({ limit: 3 });
    expect(last!.at - first!.at).toBe(1000);
  });

  it('holds no more when everything changes at once, and nothing when it is to remember nothing', () => {
    const many = Array.from({ length: 1000 }, (_, at) => added(`n${at}`));
    const log = new RouteLog({ clock: new VirtualClock(), most: 4 });
    log.record(many, quiet);
    expect(log.read({ limit: 9 }).map(({ id }) => id)).toEqual([1000, 999, 998, 997]);
    const none = new RouteLog({ clock: new VirtualClock(), most: 0 });
    none.record(many, quiet);
    expect(none.read({ limit: 9 })).toEqual([]);
  });
});

describe('the journal of route changes', () => {
  it('tells of the backups that were taken, then of each change, and counts what is too much', () => {
    const clock = new VirtualClock();
    const entries: JournalEntry[] = [];
    const journal = new RouteJournal({ clock, journal: { record: (entry) => entries.push(entry) }, nameOf });
    journal.record([moved, lost], failure);
    expect(entries.map(({ kind, severity, message }) => `${kind} ${severity}: ${message}`)).toEqual([
      'route.backup warning: Link to B failed (no answer for 151 ms): traffic to D took its backup over C at once; nothing leads to E now',
      'route.changed info: Route to D was over B, is now over C: link to b went down (no answer for 151 ms)',
      'route.lost warning: No route to E is left, it was over B: link to b went down (no answer for 151 ms)',
    ]);
    for (let at = 0; at < 100; at++) journal.record([added('f')], quiet);
    expect(entries).toHaveLength(40);
    clock.advance(10_000);
    journal.record([added('f')], quiet);
    expect(entries.at(-1)?.data).toMatchObject({ omittedBefore: 63 });
  });
});
