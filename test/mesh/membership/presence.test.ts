// What makes a member count as there, suspect or gone, and who accuses it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { Link } from '../../../mesh/link/link-monitor.ts';
import { unmeasured } from '../../../mesh/link/link-quality.ts';
import { withoutHelpers, withWay } from '../../../mesh/link/ways.ts';
import { Accusations } from '../../../mesh/membership/accusations.ts';
import { presenceOf } from '../../../mesh/membership/presence.ts';

const linkIn = (kind: 'up' | 'suspect' | 'down', usable = kind !== 'down'): Link => ({
  peer: 'b',
  transport: 'libp2p',
  probe: 'udp',
  pace: 'full',
  state:
    kind === 'up'
      ? { kind, since: 0 }
      : kind === 'down'
        ? { kind, since: 0, answers: 0, cause: 'silence' }
        : { kind, since: 0, missed: 1, cause: 'late' },
  quality: unmeasured,
  cost: 10,
  since: 0,
  usable,
  flaps: 0,
  damped: false,
  indirect: undefined,
  tried: [],
});
const accuser = { id: 'c', since: 1 };
const evidence = (link?: Link, accusers = [] as (typeof accuser)[]) => ({ link, accusers, doubt: 0 });
const to = (...ids: string[]) => ids.map((id) => ({ to: id }));

describe('The presence of a member', () => {
  it('is what the connection says, and its link or others cast doubt on it', () => {
    expect(presenceOf('connected', true, evidence(linkIn('up')))).toBe('alive');
    expect(presenceOf('connected', true, evidence(linkIn('suspect')))).toBe('suspect');
    expect(presenceOf('connected', true, evidence(linkIn('down')))).toBe('suspect');
    expect(presenceOf('reachable', true, evidence())).toBe('alive');
    expect(presenceOf('reachable', true, evidence(undefined, [accuser]))).toBe('suspect');
  });

  it('is beyond doubt while its own link here works, and not in doubt before that was measured', () => {
    expect(presenceOf('connected', true, evidence(linkIn('up'), [accuser]))).toBe('alive');
    expect(presenceOf('connected', true, evidence(linkIn('suspect', false)))).toBe('alive');
  });

  it('keeps who stopped, who is gone and who never was reached apart', () => {
    expect(presenceOf('stopped', true, evidence(linkIn('down'), [accuser]))).toBe('stopped');
    expect(presenceOf('gone', true, evidence())).toBe('gone');
    expect(presenceOf('gone', false, evidence())).toBe('in');
  });
});

describe('Accusations', () => {
  it('are links that a node no longer tells of, until it tells of them again or its word ends', () => {
    const clock = new VirtualClock();
    const accusations = new Accusations(clock);
    expect(accusations.heard('a', undefined, to('x', 'y'))).toEqual([]);
    expect(accusations.heard('a', to('x', 'y'), to('y'))).toEqual(['x']);
    expect(accusations.heard('b', to('x', 'y'), to('y'))).toEqual(['x']);
    expect(accusations.of('x')).toEqual([
      { id: 'a', since: clock.wall() },
      { id: 'b', since: clock.wall() },
    ]);
    accusations.heard('a', to('y'), to('x', 'y'));
    expect(accusations.of('x').map(({ id }) => id)).toEqual(['b']);
    accusations.ended('b');
    expect(accusations.of('x')).toEqual([]);
  });

  it('are not made by a node that stops and gives up all its links', () => {
    const accusations = new Accusations(new VirtualClock());
    expect(accusations.heard('a', to('x', 'y'), [])).toEqual([]);
    expect(accusations.of('x')).toEqual([]);
  });

  it('are bounded, whatever members say', () => {
    const id = fc.integer({ min: 0, max: 40 }).map(String);
    const list = fc.uniqueArray(id, { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.record({ from: id, list })), (words) => {
        const accusations = new Accusations(new VirtualClock());
        const last = new Map<string, { to: string }[]>();
        for (const { from, list: links } of words) {
          accusations.heard(from, last.get(from), to(...links));
          last.set(from, to(...links));
          for (let node = 0; node <= 40; node++) {
            const accusers = accusations.of(String(node)).map((one) => one.id);
            expect(accusers.length).toBeLessThanOrEqual(16);
            expect(new Set(accusers).size).toBe(accusers.length);
            for (const one of accusers) expect(last.get(one)?.some((link) => link.to === String(node))).toBe(false);
          }
        }
      }),
    );
  });
});

describe('The ways that were tried', () => {
  it('keep the newest outcome of each, and the time when it began', () => {
    const first = withWay([], { way: 'udp', outcome: 'answered', at: 1 });
    expect(withWay(first, { way: 'udp', outcome: 'answered', at: 9 })).toBe(first);
    const second = withWay(first, { way: 'indirect', via: 'c', outcome: 'silent', at: 2 });
    const third = withWay(second, { way: 'udp', outcome: 'silent', at: 3 });
    expect(third).toEqual([
      { way: 'indirect', via: 'c', outcome: 'silent', at: 2 },
      { way: 'udp', outcome: 'silent', at: 3 },
    ]);
    expect(withoutHelpers(third)).toEqual([{ way: 'udp', outcome: 'silent', at: 3 }]);
  });
});
