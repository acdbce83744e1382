import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { Link } from '../../../mesh/link/link-monitor.ts';
import { unmeasured } from '../../../mesh/link/link-quality.ts';
import { Routing } from '../../../mesh/routing/routing.ts';
import type { Computation } from '../../../mesh/routing/switch-over.ts';

const linkTo = (peer: string, cost: number, usable = true): Link => ({
  peer,
  transport: 'memory',
  probe: 'stream',
  state: { kind: 'up', since: 0 },
  quality: { ...unmeasured, roundTrip: 1 },
  cost,
  since: 0,
  usable,
  flaps: 0,
  damped: false,
  indirect: undefined,
  pace: 'full',
  tried: [],
});

const failedTo = (peer: string): Link => ({
  ...linkTo(peer, 10, false),
  state: { kind: 'down', since: 0, answers: 0, cause: 'no answer' },
});

/** Node a of a ring a, b, c, d, and what it floods and computes, in order. */
function ring() {
  const clock = new VirtualClock();
  const log: string[] = [];
  const computations: Computation[] = [];
  let links = [linkTo('b', 10), linkTo('d', 10)];
  const routing = new Routing({
    self: 'a',
    clock,
    nameOf: (id) => id,
    links: () => links,
    flood: (payload) => log.push(`flood ${payload.links.map(({ to }) => to).join(' ')}`),
    computed: (changes, computation) => {
      log.push(`computed ${changes.map(({ kind, destination }) => `${kind} ${destination}`).join(', ')}`);
      computations.push(computation);
    },
    refresh: 60_000,
  });
  const list = (...to: string[]) => ({ links: to.map((id) => ({ to: id, cost: 10, roundTrip: 0.001 })) });
  routing.start();
  routing.onLinkState('b', list('a', 'c'));
  routing.onLinkState('c', list('b', 'd'));
  routing.onLinkState('d', list('c', 'a'));
  clock.advance(2000);
  const set = (now: Link[]): void => {
    links = now;
    routing.linksChanged();
  };
  return { clock, log, computations, routing, set };
}

describe('Routing', () => {
  it('tells of a lost link at once, and of what fails in the same moment together', () => {
    const { log, set, clock } = ring();
    set([linkTo('b', 10), linkTo('d', 12)]);
    set([linkTo('b', 10, false), linkTo('d', 12)]);
    set([linkTo('b', 10, false), linkTo('d', 12, false)]);
    set([linkTo('b', 10, false), linkTo('d', 12, false)]);
    const floods = (): string[] => log.filter((line) => line.startsWith('flood'));
    log.splice(0, log.indexOf('flood b d') + 1);
    expect(floods()).toEqual(['flood b d', 'flood d']);
    clock.advance(60);
    expect(floods()).toEqual(['flood b d', 'flood d', 'flood ']);
    clock.advance(1000);
    expect(floods()).toHaveLength(3);
  });

  it('sends over the backup before the routes are computed, and tells the others first', () => {
    const { log, routing, set, clock } = ring();
    expect(routing.nextHop('b')).toMatchObject({ kind: 'primary', nextHop: 'b', carry: false });
    set([linkTo('b', 9), linkTo('d', 10)]);
    log.length = 0;
    // Within the period after a computation the next one waits; the backup does not.
    set([linkTo('b', 9, false), linkTo('d', 10)]);
    expect(log).toEqual(['flood d']);
    expect(routing.nextHop('b')).toMatchObject({ kind: 'path', nextHop: 'd', path: ['d', 'c', 'b'], carry: true });
    clock.advance(1100);
    expect(routing.nextHop('b')).toMatchObject({ kind: 'primary', nextHop: 'd', carry: false });
    log.length = 0;
    set([linkTo('b', 9), linkTo('d', 10)]);
    expect(log).toEqual(['flood b d', 'computed moved b, moved c']);
  });

  it('counts what took a backup, and tells it with the computation that follows', () => {
    const { computations, routing, set } = ring();
    const failed = { kind: 'down', since: 0, answers: 0, cause: 'no answer for 151 ms' } as const;
    set([{ ...linkTo('b', 10, false), state: failed }, linkTo('d', 10)]);
    expect(routing.switchOvers()).toEqual({ backups: { lfa: 1, path: 1, none: 0 }, reroutedFrames: 0 });
    const { failures, takeovers } = computations.at(-1)!;
    expect([...failures]).toEqual([['b', 'no answer for 151 ms']]);
    expect([...takeovers].map(([destination, hop]) => `${destination} over ${hop?.nextHop}`).sort()).toEqual([
      'b over d',
      'c over d',
    ]);
  });

  it('counts frames over a backup and the time until the routes follow; in a burst it tells no backups', () => {
    const { computations, routing, set, clock } = ring();
    set([linkTo('b', 9), linkTo('d', 10)]);
    set([failedTo('b'), linkTo('d', 10)]);
    routing.nextHop('b');
    routing.nextHop('d');
    clock.advance(1000);
    routing.nextHop('b');
    expect(routing.switchOvers()).toEqual({ backups: { lfa: 0, path: 0, none: 0 }, reroutedFrames: 1 });
    expect(computations.at(-1)).toMatchObject({ delay: 20 });
    clock.advance(1000);
    set([failedTo('b'), failedTo('d')]);
    expect(routing.switchOvers().backups.none).toBe(3);
  });

  it('lets frames carry their path until the others had time to follow', () => {
    const { routing, set, clock } = ring();
    set([linkTo('b', 10, false), linkTo('d', 10)]);
    expect(routing.nextHop('c')).toMatchObject({ nextHop: 'd', carry: true });
    clock.advance(999);
    expect(routing.nextHop('c')?.carry).toBe(true);
    clock.advance(1);
    expect(routing.nextHop('c')?.carry).toBe(false);
  });

  it('brings no link back once it has withdrawn', () => {
    const { log, routing, set, clock } = ring();
    routing.withdraw();
    log.length = 0;
    set([linkTo('b', 10)]);
    clock.advance(1000);
    expect(log).toEqual([]);
  });
});
