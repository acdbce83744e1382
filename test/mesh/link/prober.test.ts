// Two probers with their threads and sockets on 127.0.0.1; between them a forwarder that drops what the test says.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { create } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { newKeyShare } from '../../../mesh/link/probe-keys.ts';
import type { ProbeTiming } from '../../../mesh/link/probe-session.ts';
import { Prober } from '../../../mesh/link/prober.ts';
import type { UdpProbed } from '../../../mesh/link/senses.ts';
import { ProbeOfferSchema } from '../../../mesh/wire/generated/parlmesh_pb.ts';

const wired: ProbeTiming = { interval: 50, detectMultiplier: 3, rests: false };
/** What a loaded test machine may add to a timer. */
const TOLERANCE = 250;

async function socket(): Promise<Socket> {
  const bound = createSocket('udp4');
  bound.bind(0, '127.0.0.1');
  await once(bound, 'listening');
  return bound;
}

/** A prober `a` and `b` that reach each other through sockets of the test only. */
class Pair {
  readonly states: Record<'a' | 'b', UdpProbed[]> = { a: [], b: [] };
  readonly #ports = { a: 0, b: 0 };
  readonly probers: Record<'a' | 'b', Prober>;
  /** `front.a` is where b finds a. */
  front: { a: Socket; b: Socket };
  passes: (from: 'a' | 'b') => boolean = () => true;
  carried: { from: 'a' | 'b'; datagram: Uint8Array; at: number }[] = [];

  private constructor(front: Pair['front']) {
    this.front = front;
    this.probers = { a: this.#prober('a', 'b'), b: this.#prober('b', 'a') };
  }

  static async open(): Promise<Pair> {
    const pair = new Pair({ a: await socket(), b: await socket() });
    pair.#forward('a', 'b', pair.front);
    pair.#forward('b', 'a', pair.front);
    for (const [self, peer] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      pair.probers[self].start([]);
      pair.probers[self].add(peer, '/ip4/127.0.0.1/tcp/1');
    }
    return pair;
  }

  last(name: 'a' | 'b'): string | undefined {
    return this.states[name].at(-1)?.state.kind;
  }

  /** b is seen under another port from now on. */
  async move(): Promise<void> {
    const old = this.front.b;
    this.front = { a: this.front.a, b: await socket() };
    this.#forward('a', 'b', this.front);
    old.close();
  }

  inject(to: 'a' | 'b', datagram: Uint8Array): void {
    this.front[to === 'a' ? 'b' : 'a'].send(datagram, this.#ports[to], '127.0.0.1');
  }

  async close(): Promise<void> {
    await Promise.all([this.probers.a.stop(), this.probers.b.stop()]);
    this.front.a.close();
    this.front.b.close();
  }

  #prober(self: 'a' | 'b', peer: 'a' | 'b'): Prober {
    return new Prober({
      self,
      timing: wired,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      port: 0,
      clock: systemClock,
      logger: silentLogger,
      send: (_to, { kind }) => {
        if (kind.case !== 'probeOffer') return false;
        this.#ports[self] = kind.value.port;
        const offer = create(ProbeOfferSchema, { ...kind.value, port: this.front[self].address().port });
        queueMicrotask(() => this.probers[peer].hear(self, offer));
        return true;
      },
      changed: (_peer, probed) => {
        if (probed !== undefined) this.states[self].push(probed);
      },
    });
  }

  /** What is sent to where `to` is found comes from where `from` is found. */
  #forward(from: 'a' | 'b', to: 'a' | 'b', front: Pair['front']): void {
    front[to].on('message', (datagram) => {
      this.carried.push({ from, datagram, at: systemClock.now() });
      if (this.passes(from)) this.front[from].send(datagram, this.#ports[to], '127.0.0.1');
    });
  }
}

const pairs: Pair[] = [];
async function pair(): Promise<Pair> {
  const opened = await Pair.open();
  pairs.push(opened);
  await expect.poll(() => [opened.last('a'), opened.last('b')], { timeout: 5000 }).toEqual(['up', 'up']);
  return opened;
}

afterEach(async () => {
  await Promise.all(pairs.splice(0).map((opened) => opened.close()));
});

describe('Two probers', () => {
  it('see a cut within three intervals by their own clocks, and its end within a few probes', async () => {
    const opened = await pair();
    for (let cut = 0; cut < 3; cut++) {
      opened.passes = () => false;
      await expect.poll(() => [opened.last('a'), opened.last('b')], { timeout: 5000 }).toEqual(['down', 'down']);
      for (const name of ['a', 'b'] as const) {
        const { state } = opened.states[name].at(-1)!;
        const silence = Number(/(\d+) ms/.exec(state.kind === 'down' ? state.cause : '')?.[1]);
        expect(silence).toBeGreaterThanOrEqual(150);
        expect(silence).toBeLessThan(2.5 * 150 + TOLERANCE);
      }
      opened.passes = () => true;
      await expect.poll(() => [opened.last('a'), opened.last('b')], { timeout: 5000 }).toEqual(['up', 'up']);
    }
  });

  it('both see it when only one direction is cut', async () => {
    const opened = await pair();
    opened.passes = (from) => from === 'b';
    await expect.poll(() => [opened.last('a'), opened.last('b')], { timeout: 5000 }).toEqual(['down', 'down']);
  });

  it('ignore and count what is replayed, forged or of no peer', async () => {
    const opened = await pair();
    await expect.poll(() => opened.carried.filter(({ from }) => from === 'b').length).toBeGreaterThan(8);
    const real = opened.carried.filter(({ from }) => from === 'b').map(({ datagram }) => datagram);
    const forged = new Uint8Array(real.at(-1)!);
    new DataView(forged.buffer).setBigUint64(4, 9_000_000n);
    opened.inject('a', real[0]!);
    opened.inject('a', forged);
    opened.inject('a', new Uint8Array(60).fill(1));
    opened.inject('a', new Uint8Array(1000));
    await expect
      .poll(() => opened.probers.a.figures()?.refused, { timeout: 5000 })
      .toEqual({ replay: 1, forged: 1, unknown: 1, size: 1, offer: 0, rate: 0 });
    expect(opened.last('a')).toBe('up');
    expect(opened.states.a.map(({ state }) => state.kind)).not.toContain('down');
  });

  it('follow a peer whose address changes', async () => {
    const opened = await pair();
    await opened.move();
    opened.carried = [];
    await expect
      .poll(() => opened.carried.filter(({ from }) => from === 'a').length, { timeout: 5000 })
      .toBeGreaterThan(5);
    await expect.poll(() => opened.last('a'), { timeout: 5000 }).toBe('up');
  });

  it('ask each other on demand', async () => {
    const opened = await pair();
    const ask = (): Promise<boolean> =>
      new Promise((resolve) => {
        opened.probers.a.watch('b', 2000, resolve);
      });
    await expect(ask()).resolves.toBe(true);
    opened.passes = () => false;
    opened.probers.a.remove('b');
    await expect(ask()).resolves.toBe(false);
  });

  it('take a handful of offers of a peer, and count the others', async () => {
    const opened = await pair();
    const share = newKeyShare().share;
    for (let session = 1; session <= 100; session++) {
      opened.probers.a.hear('b', create(ProbeOfferSchema, { share, port: 9, session, answer: true }));
    }
    opened.probers.a.hear('b', create(ProbeOfferSchema, { share, port: 0, session: 1 }));
    await expect.poll(() => opened.probers.a.figures()?.refused.offer, { timeout: 5000 }).toBe(1);
    expect(opened.probers.a.figures()?.refused.rate).toBeGreaterThanOrEqual(90);
  });

  it('ease a link together, and keep it up', async () => {
    const opened = await pair();
    opened.probers.a.pace('b', 'eased');
    opened.probers.b.pace('a', 'eased');
    const gap = (): number => {
      const [before = 0, last = 0] = opened.carried.flatMap(({ from, at }) => (from === 'a' ? [at] : [])).slice(-2);
      return last - before;
    };
    await expect.poll(gap, { timeout: 10_000 }).toBeGreaterThan(500);
    opened.passes = () => false;
    opened.probers.a.pace('b', 'full');
    await expect.poll(() => opened.last('a'), { timeout: 5000 }).toBe('down');
  });
});
