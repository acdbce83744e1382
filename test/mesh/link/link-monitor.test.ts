// What is made of all that is known about a link; UDP and the kernel speak through the test, time is virtual.

import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { type Link, LinkMonitor } from '../../../mesh/link/link-monitor.ts';
import { unmeasured } from '../../../mesh/link/link-quality.ts';
import type { UdpProbed } from '../../../mesh/link/senses.ts';
import { type PeerMessage, PongSchema, ProbeAnswerSchema } from '../../../mesh/wire/generated/parlmesh_pb.ts';

/** A monitor whose peers answer over their connections as long as `answers` says so. */
class Bench {
  readonly clock = new VirtualClock({ start: 1000 });
  readonly changes: Link[] = [];
  readonly hopeless: string[] = [];
  readonly paces: [string, string][] = [];
  readonly doubted: string[] = [];
  readonly asked: { peer: string; number: number; about: string }[] = [];
  answers: (peer: string) => boolean = () => true;
  udp: (peer: string, probed: UdpProbed | undefined) => void = () => {};
  carrier: (name: string, up: boolean) => void = () => {};
  reached = true;
  readonly monitor: LinkMonitor;

  constructor() {
    this.monitor = new LinkMonitor({
      self: 'self',
      clock: this.clock,
      random: seededRandom(3),
      config: { preset: 'wired' },
      send: (peer, message) => this.#send(peer, message),
      changed: (link) => this.changes.push(link),
      hopeless: (peer) => this.hopeless.push(peer),
      senses: {
        prober: ({ changed }) => {
          this.udp = changed;
          return {
            start: () => {},
            stop: async () => {},
            add: () => {},
            remove: () => {},
            hear: () => {},
            watch: (_peer, _within, done) => done(this.reached),
            pace: (peer, pace) => this.paces.push([peer, pace]),
            doubt: (peer) => this.doubted.push(peer),
            figures: () => undefined,
          };
        },
        carriers: ({ carrier }) => {
          this.carrier = carrier;
          return { start: () => {}, stop: () => {}, interfaceTo: () => 'eth0' };
        },
      },
    });
  }

  /** Connected, and measured over UDP. */
  add(peer: string): void {
    this.monitor.add(peer, 'libp2p', '/ip4/10.0.0.9/tcp/1');
    this.clock.advance(10);
    this.udp(peer, this.up());
  }

  link(peer: string): Link {
    const link = this.monitor.get(peer);
    if (link === undefined) throw new Error(`no link to ${peer}`);
    return link;
  }

  up(roundTrip = 2, loss = 0): UdpProbed {
    return { state: { kind: 'up', since: this.clock.now() }, quality: { ...unmeasured, answers: 9, roundTrip, loss } };
  }

  down(): UdpProbed {
    const state = { kind: 'down', since: this.clock.now(), answers: 0, cause: 'no answer for 150 ms' } as const;
    return { state, quality: this.up().quality };
  }

  /** A neighbour's answer to the last question. */
  answer(peer: string, reached: boolean): void {
    const number = this.asked.findLast((question) => question.peer === peer)?.number ?? 0;
    this.monitor.hear(peer, { case: 'probeAnswer', value: create(ProbeAnswerSchema, { number, reached }) });
  }

  #send(peer: string, { kind }: PeerMessage): boolean {
    if (kind.case === 'probeAsk') this.asked.push({ peer, number: kind.value.number, about: kind.value.peer });
    if (kind.case === 'ping' && this.answers(peer)) {
      const { sequence, sentAt } = kind.value;
      this.clock.after(1, () => {
        this.monitor.hear(peer, { case: 'pong', value: create(PongSchema, { sequence, sentAt }) });
      });
    }
    return true;
  }
}

describe('A link', () => {
  it('is measured over its connection first, then by UDP, and says which', () => {
    const bench = new Bench();
    bench.monitor.add('b', 'libp2p', '/ip4/10.0.0.9/tcp/1');
    expect(bench.link('b')).toMatchObject({ probe: 'stream', usable: false });
    bench.clock.advance(10);
    expect(bench.link('b')).toMatchObject({ probe: 'stream', usable: true, state: { kind: 'up' } });
    bench.udp('b', bench.up(7));
    expect(bench.link('b')).toMatchObject({ probe: 'udp', quality: { roundTrip: 7 } });
  });

  it('is down the moment UDP says so, and stays so while the connection answers nothing either', () => {
    const bench = new Bench();
    bench.add('b');
    bench.answers = () => false;
    bench.udp('b', bench.down());
    expect(bench.link('b')).toMatchObject({ probe: 'udp', usable: false, flaps: 1 });
    expect(bench.link('b').state).toMatchObject({ kind: 'down', cause: 'no answer for 150 ms' });
    bench.clock.advance(4000);
    expect(bench.link('b').state.kind).toBe('down');
    expect(bench.hopeless).toEqual([]);
    bench.clock.advance(2000);
    expect(bench.hopeless).toEqual(['b']);
  });

  it('falls back to its connection where only UDP is blocked, and returns to UDP later', () => {
    const bench = new Bench();
    bench.add('b');
    bench.udp('b', bench.down());
    expect(bench.link('b').usable).toBe(false);
    bench.clock.advance(600);
    expect(bench.link('b')).toMatchObject({ probe: 'stream', usable: true, state: { kind: 'up' } });
    bench.udp('b', bench.up());
    expect(bench.link('b')).toMatchObject({ probe: 'udp', usable: true });
  });

  it('is probed over its connection alone while the prober has no word on it', () => {
    const bench = new Bench();
    bench.add('b');
    bench.udp('b', undefined);
    expect(bench.link('b')).toMatchObject({ probe: 'stream', usable: true });
  });

  it('is down when the process behind it hangs, although its prober still answers', () => {
    const bench = new Bench();
    bench.add('b');
    bench.answers = () => false;
    bench.clock.advance(25_000);
    expect(bench.link('b')).toMatchObject({
      probe: 'udp',
      state: { kind: 'down', cause: '3 probes without an answer' },
    });
  });

  it('is down at once when its interface loses the carrier, until it has one again', () => {
    const bench = new Bench();
    bench.add('b');
    bench.carrier('eth1', false);
    expect(bench.link('b').usable).toBe(true);
    bench.carrier('eth0', false);
    expect(bench.link('b').state).toMatchObject({ kind: 'down', cause: 'interface eth0 is down' });
    bench.udp('b', bench.up());
    expect(bench.link('b').state.kind).toBe('down');
    bench.carrier('eth0', true);
    expect(bench.link('b').state.kind).toBe('up');
  });

  it('that flaps becomes a last resort, and a link like any other once it has held', () => {
    const bench = new Bench();
    bench.add('b');
    const { cost } = bench.link('b');
    for (let flap = 0; flap < 4; flap++) {
      bench.udp('b', bench.down());
      bench.clock.advance(500);
      bench.udp('b', bench.up());
      bench.clock.advance(500);
    }
    expect(bench.link('b')).toMatchObject({ usable: true, damped: true, flaps: 4, cost: cost + 10_000 });
    bench.clock.advance(31_000);
    expect(bench.link('b')).toMatchObject({ usable: true, damped: false, cost });
  });

  it('keeps its cost while what is measured wavers', () => {
    const bench = new Bench();
    bench.add('b');
    const costs = [2, 4, 1, 3, 5].map((roundTrip) => {
      bench.udp('b', bench.up(roundTrip));
      return bench.link('b').cost;
    });
    expect(new Set(costs)).toEqual(new Set([11]));
    const lasting = (quality: [number, number]): number => {
      for (let second = 0; second <= 3; second++) {
        bench.udp('b', bench.up(...quality));
        bench.clock.advance(1000);
      }
      return bench.link('b').cost;
    };
    expect(lasting([30, 0])).toBe(40);
    expect(lasting([30, 0.5])).toBe(160);
  });
});

describe('A link whose path is whole again', () => {
  it('gets a new connection when the old one goes on waiting', () => {
    const bench = new Bench();
    bench.add('b');
    bench.answers = () => false;
    bench.udp('b', bench.down());
    bench.clock.advance(2000);
    bench.udp('b', bench.up());
    bench.clock.advance(2490);
    expect(bench.hopeless).toEqual([]);
    bench.clock.advance(20);
    expect(bench.hopeless).toEqual(['b']);
  });

  it('keeps a connection that answers too', () => {
    const bench = new Bench();
    bench.add('b');
    bench.answers = () => false;
    bench.udp('b', bench.down());
    bench.clock.advance(2000);
    bench.answers = () => true;
    bench.udp('b', bench.up());
    bench.clock.advance(2000);
    expect(bench.hopeless).toEqual([]);
    expect(bench.link('b').usable).toBe(true);
  });
});

describe('The pace of probes', () => {
  const peers = ['b', 'c', 'd', 'e', 'f', 'g', 'h'];

  it('is the full one for few neighbours', () => {
    const bench = new Bench();
    for (const peer of peers.slice(0, 4)) bench.add(peer);
    bench.clock.advance(60_000);
    expect(bench.monitor.links().map(({ pace }) => pace)).toEqual(Array(4).fill('full'));
  });

  it('is eased for links that were not needed for a while, and full for four of many', () => {
    const bench = new Bench();
    for (const peer of peers) bench.add(peer);
    bench.clock.advance(9000);
    expect(bench.paces.filter(([, pace]) => pace === 'eased')).toEqual([]);
    bench.clock.advance(2000);
    expect(bench.monitor.links().filter(({ pace }) => pace === 'full')).toHaveLength(4);
  });

  it('is full again the moment a link is needed, fails or its peer is accused', () => {
    const bench = new Bench();
    for (const peer of peers) bench.add(peer);
    bench.clock.advance(11_000);
    const [first, second, third] = bench.monitor.links().flatMap(({ peer, pace }) => (pace === 'eased' ? [peer] : []));
    bench.paces.length = 0;
    bench.monitor.need(first!);
    bench.monitor.doubt(second!);
    bench.udp(third!, bench.down());
    expect(bench.paces).toEqual([
      [first, 'full'],
      [second, 'full'],
      [third, 'full'],
    ]);
    expect(bench.doubted).toEqual([second]);
  });

  it('is told to the prober again when it begins anew', () => {
    const bench = new Bench();
    for (const peer of peers) bench.add(peer);
    bench.clock.advance(11_000);
    const [eased] = bench.monitor.links().flatMap(({ peer, pace }) => (pace === 'eased' ? [peer] : []));
    bench.udp(eased!, undefined);
    bench.paces.length = 0;
    bench.udp(eased!, bench.up());
    expect(bench.paces).toEqual([[eased, 'eased']]);
  });
});

describe('A peer whose link is down', () => {
  const cutOff = (neighbours: string[]): Bench => {
    const bench = new Bench();
    for (const peer of ['b', ...neighbours]) bench.add(peer);
    bench.answers = (peer) => peer !== 'b';
    bench.udp('b', bench.down());
    return bench;
  };

  it('is asked for at up to three neighbours, and gone only when none of them reaches it', () => {
    const bench = cutOff(['c', 'd', 'e', 'f']);
    expect(bench.asked).toHaveLength(3);
    expect(bench.asked.every(({ about }) => about === 'b')).toBe(true);
    expect(bench.monitor.isSilent('b')).toBe(false);
    for (const { peer } of [...bench.asked]) bench.answer(peer, false);
    expect(bench.monitor.isSilent('b')).toBe(true);
    expect(bench.link('b').indirect).toMatchObject({ reached: false });
  });

  it('is alive when one of them reaches it', () => {
    const bench = cutOff(['c', 'd']);
    bench.answer('c', false);
    bench.answer('d', true);
    expect(bench.monitor.isSilent('b')).toBe(false);
    expect(bench.link('b').indirect).toMatchObject({ reached: true, via: 'd' });
    const at = bench.clock.wall();
    expect(bench.link('b').tried).toEqual([
      { way: 'udp', outcome: 'silent', at },
      { way: 'stream', outcome: 'silent', at },
      { way: 'indirect', via: 'd', outcome: 'answered', at },
      { way: 'indirect', via: 'c', outcome: 'silent', at },
    ]);
  });

  it('is gone when nobody answers in time, or nobody is there to ask', () => {
    const bench = cutOff(['c']);
    bench.clock.advance(215);
    expect(bench.monitor.isSilent('b')).toBe(false);
    bench.clock.advance(20);
    expect(bench.monitor.isSilent('b')).toBe(true);
    expect(cutOff([]).monitor.isSilent('b')).toBe(true);
  });

  it('is not judged by who was not asked, nor twice by the same', () => {
    const bench = cutOff(['c', 'd']);
    bench.answer('c', false);
    bench.answer('c', false);
    expect(bench.monitor.isSilent('b')).toBe(false);
    const number = bench.asked[0]!.number;
    const value = create(ProbeAnswerSchema, { number, reached: true });
    bench.monitor.hear('stranger', { case: 'probeAnswer', value });
    expect(bench.link('b').indirect).toBeUndefined();
  });

  it('is not silent any more once its link is back', () => {
    const bench = cutOff([]);
    bench.answers = () => true;
    bench.udp('b', bench.up());
    bench.clock.advance(600);
    expect(bench.link('b')).toMatchObject({ state: { kind: 'up' }, indirect: undefined });
    expect(bench.monitor.isSilent('b')).toBe(false);
  });
});
