// Two probe loops over a network in memory, on virtual time.

import { describe, expect, it } from 'vitest';
import { type Clock, type Millis, VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { sealedProbes } from '../../../mesh/link/probe-datagram.ts';
import { agree, newKeyShare } from '../../../mesh/link/probe-keys.ts';
import { ProbeLoop } from '../../../mesh/link/probe-loop.ts';
import type { Endpoint, ProbeReport } from '../../../mesh/link/probe-messages.ts';
import type { ProbeTiming } from '../../../mesh/link/probe-session.ts';

const wired: ProbeTiming = { interval: 50, detectMultiplier: 3, rests: false };

interface Node {
  loop: ProbeLoop;
  reports: ProbeReport[];
  sent: Uint8Array[];
}

/** Every pair of names is a path; `lost` says of each datagram whether it arrives. */
class Wire {
  readonly clock = new VirtualClock({ start: 1000 });
  readonly nodes = new Map<string, Node>();
  lost: (from: string, to: string) => boolean = () => false;
  delay: Millis = 1;
  /** Nodes whose thread does not run: what arrives waits. */
  readonly stalled = new Map<string, (() => void)[]>();
  readonly #random = seededRandom(5);

  add(name: string, timing = wired): Node {
    const node: Node = {
      reports: [],
      sent: [],
      loop: new ProbeLoop({
        clock: this.#clockOf(name),
        random: this.#random,
        timing,
        codec: sealedProbes,
        send: (datagram, to) => {
          node.sent.push(datagram);
          this.#carry(name, datagram, to);
        },
        report: (report) => node.reports.push(report),
      }),
    };
    this.nodes.set(name, node);
    return node;
  }

  join(a: string, b: string, sessions: [number, number] = [1, 1]): void {
    const [shareA, shareB] = [newKeyShare(), newKeyShare()];
    this.#open(a, sessions[0], b, sessions[1], agree(shareA, a, shareB.share, b));
    this.#open(b, sessions[1], a, sessions[0], agree(shareB, b, shareA.share, a));
  }

  /** The thread of a node does nothing for so long. */
  stall(name: string, ms: Millis): void {
    this.stalled.set(name, []);
    this.clock.advance(ms);
    const late = this.stalled.get(name) ?? [];
    this.stalled.delete(name);
    for (const run of late) run();
  }

  #open(self: string, session: number, peer: string, remoteSession: number, keys: ReturnType<typeof agree>): void {
    const endpoint = { address: peer, port: 1 };
    this.nodes.get(self)?.loop.command({ kind: 'open', session, remoteSession, keys, endpoint });
  }

  #carry(from: string, datagram: Uint8Array, to: Endpoint): void {
    if (this.lost(from, to.address)) return;
    this.clock.after(this.delay, () => {
      const arrive = (): void => this.nodes.get(to.address)?.loop.receive(datagram, { address: from, port: 1 });
      const waiting = this.stalled.get(to.address);
      if (waiting === undefined) arrive();
      else waiting.push(arrive);
    });
  }

  /** Timers of a stalled node run when it runs again, before it reads its socket: the worst order. */
  #clockOf(name: string): Clock {
    const { clock, stalled } = this;
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      every: (period, run) => clock.every(period, run),
      after: (delay, run) =>
        clock.after(delay, () => {
          const waiting = stalled.get(name);
          if (waiting === undefined) run();
          else waiting.unshift(run);
        }),
    };
  }
}

const states = ({ reports }: Node): string[] =>
  reports.flatMap((report) => (report.kind === 'changed' ? [report.state.kind] : []));
const lastChange = ({ reports }: Node): Extract<ProbeReport, { kind: 'changed' }> | undefined =>
  reports.findLast((report) => report.kind === 'changed');

describe('A probe loop', () => {
  it('is up within a round trip or two, and then says nothing but a summary a second', () => {
    const wire = new Wire();
    const [a, b] = [wire.add('a'), wire.add('b')];
    wire.join('a', 'b');
    wire.clock.advance(20);
    expect([states(a), states(b)]).toEqual([['up'], ['up']]);
    expect(lastChange(a)?.quality.roundTrip).toBeCloseTo(2, 1);
    wire.clock.advance(9980);
    expect(a.reports.filter(({ kind }) => kind === 'summary').length).toBeGreaterThanOrEqual(9);
    expect(a.reports).toHaveLength(1 + a.reports.filter(({ kind }) => kind === 'summary').length);
    expect(a.sent.length).toBeGreaterThan(195);
    expect(a.sent.length).toBeLessThan(235);
  });

  it('sees a cut both ways, and one way, within three intervals and a datagram', () => {
    for (const oneWay of [false, true]) {
      const wire = new Wire();
      const [a, b] = [wire.add('a'), wire.add('b')];
      wire.join('a', 'b');
      wire.clock.advance(5000);
      wire.lost = (from) => !oneWay || from === 'a';
      wire.clock.advance(210);
      expect([states(a).at(-1), states(b).at(-1)]).toEqual(['down', 'down']);
      expect(lastChange(b)?.silence).toBeLessThanOrEqual(151);
      wire.lost = () => false;
      wire.clock.advance(200);
      expect([states(a).at(-1), states(b).at(-1)]).toEqual(['up', 'up']);
    }
  });

  it('that is told to impair a link loses what it is told to, and no more once that is over', () => {
    const wire = new Wire();
    const [a, b] = [wire.add('a'), wire.add('b')];
    wire.join('a', 'b');
    wire.clock.advance(5000);
    const { session } = a.reports.find((report) => report.kind === 'changed') ?? { session: 0 };
    a.loop.command({ kind: 'impair', session, loss: 1, delay: 0 });
    wire.clock.advance(210);
    expect([states(a).at(-1), states(b).at(-1)]).toEqual(['down', 'down']);
    a.loop.command({ kind: 'impair', session, loss: 0, delay: 0 });
    wire.clock.advance(400);
    expect([states(a).at(-1), states(b).at(-1)]).toEqual(['up', 'up']);
  });

  it('holds a link that loses every fifth datagram', () => {
    const wire = new Wire();
    const random = seededRandom(11);
    const [a, b] = [wire.add('a'), wire.add('b')];
    wire.join('a', 'b');
    wire.lost = () => random.next() < 0.2;
    wire.clock.advance(60_000);
    expect([...states(a), ...states(b)]).not.toContain('down');
    expect(lastChange(a)?.quality.loss).toBeGreaterThan(0.05);
  });

  it('accuses nobody when it was late itself, and is patient for a while', () => {
    const wire = new Wire();
    const a = wire.add('a');
    for (const [at, name] of ['b', 'c', 'd'].entries()) {
      wire.add(name);
      wire.join('a', name, [at + 1, 1]);
    }
    wire.clock.advance(2000);
    const before = states(a).length;
    wire.stall('a', 1000);
    wire.clock.advance(60);
    expect(states(a).slice(before)).not.toContain('down');
    expect(a.loop.figures().doubt).toBeGreaterThan(0);
    wire.lost = (from, to) => from === 'b' || to === 'b';
    wire.clock.advance(160);
    expect(states(a).slice(before)).not.toContain('down');
    wire.clock.advance(300);
    expect(states(a).slice(before)).toContain('down');
    wire.clock.advance(10_000);
    expect(a.loop.figures().doubt).toBe(0);
  });

  it('doubts itself when all peers are late at once', () => {
    const wire = new Wire();
    const a = wire.add('a');
    for (const [at, name] of ['b', 'c'].entries()) {
      wire.add(name);
      wire.join('a', name, [at + 1, 1]);
    }
    wire.clock.advance(2000);
    wire.lost = () => true;
    wire.clock.advance(160);
    expect(states(a)).not.toContain('down');
    wire.clock.advance(160);
    expect(states(a).filter((state) => state === 'down')).toHaveLength(2);
  });

  it('answers whether a peer answers now', () => {
    const wire = new Wire();
    const battery = { interval: 5000, detectMultiplier: 3, rests: true };
    const [a] = [wire.add('a', battery), wire.add('b', battery)];
    const watched = (): ProbeReport[] => a.reports.filter(({ kind }) => kind === 'watched');
    wire.join('a', 'b');
    wire.clock.advance(100);
    a.loop.command({ kind: 'watch', number: 7, session: 1, within: 1000 });
    wire.clock.advance(1010);
    expect(watched()).toEqual([{ kind: 'watched', number: 7, reached: true }]);
    wire.lost = () => true;
    a.loop.command({ kind: 'watch', number: 8, session: 1, within: 1000 });
    wire.clock.advance(999);
    expect(watched()).toHaveLength(1);
    wire.clock.advance(2);
    expect(watched().at(-1)).toEqual({ kind: 'watched', number: 8, reached: false });
    a.loop.command({ kind: 'watch', number: 9, session: 99, within: 1000 });
    expect(watched().at(-1)).toEqual({ kind: 'watched', number: 9, reached: false });
  });

  it('counts what is replayed, forged, unknown or misshapen, and does not answer', () => {
    const wire = new Wire();
    const [a, b] = [wire.add('a'), wire.add('b')];
    wire.join('a', 'b');
    wire.clock.advance(1000);
    const from = { address: 'evil', port: 666 };
    const old = b.sent[3]!;
    const sent = a.sent.length;
    a.loop.receive(old, from);
    a.loop.receive(new Uint8Array(60).fill(9), from);
    a.loop.receive(new Uint8Array(1400), from);
    const forged = b.sent.at(-1)!.slice();
    new DataView(forged.buffer).setBigUint64(4, 1_000_000n);
    a.loop.receive(forged, from);
    expect(a.loop.figures().refused).toEqual({ size: 1, unknown: 1, replay: 1, forged: 1, offer: 0, rate: 0 });
    expect(a.sent).toHaveLength(sent);
    wire.clock.advance(1000);
    expect(states(a)).toEqual(['up']);
  });

  it('hears nothing of a peer that agreed on other keys', () => {
    const wire = new Wire();
    const [a, b] = [wire.add('a'), wire.add('b')];
    wire.join('a', 'b');
    wire.clock.advance(1000);
    const keys = agree(newKeyShare(), 'a', newKeyShare().share, 'b');
    a.loop.command({ kind: 'open', session: 1, remoteSession: 1, keys, endpoint: { address: 'b', port: 1 } });
    wire.clock.advance(1000);
    expect(states(b).at(-1)).toBe('down');
    expect(a.loop.figures().refused.forged).toBeGreaterThan(5);
  });
});
