// What single sources of signals say, with literal numbers and virtual time.

import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Signal } from '../../../agents/mapek/signal.ts';
import { VirtualClock } from '../../../core/clock.ts';
import type { ServiceStatus } from '../../../daemon/lifecycle.ts';
import { Relief } from '../../../daemon/mapek/relief.ts';
import { BoardSignals } from '../../../daemon/mapek/signals/board.ts';
import { conductOf } from '../../../daemon/mapek/signals/conduct.ts';
import { MemoryGrowth } from '../../../daemon/mapek/signals/memory-growth.ts';
import { MeshSignals } from '../../../daemon/mapek/signals/mesh.ts';
import { ServiceSignals } from '../../../daemon/mapek/signals/services.ts';
import { quietLeft } from '../../../daemon/mapek/webhook.ts';
import type { MeshEvents } from '../../../mesh/mesh.ts';
import type { MeshLink, MeshPeer, MeshRoute } from '../../../mesh/views.ts';
import type { DetectorState } from '../../../vision/detection/onnx-detector.ts';
import type { VisionEvents } from '../../../vision/processor.ts';

const MINUTE = 60_000;

describe('The growth of memory', () => {
  it('is the median slope: a burst that ends is no leak', () => {
    const growth = new MemoryGrowth();
    const shares = Array.from({ length: 60 }, (_, minute) => (minute > 20 && minute < 26 ? 0.6 : 0.2));
    const told = shares.map((share, minute) => growth.take(minute * MINUTE, share));
    expect(told[29]).toBeUndefined();
    expect(told.at(-1)).toBe(0);
  });

  it('is told as share of memory an hour', () => {
    const growth = new MemoryGrowth();
    let last: number | undefined;
    for (let minute = 0; minute <= 40; minute++) last = growth.take(minute * MINUTE, 0.1 + 0.005 * minute);
    expect(last).toBeCloseTo(0.3, 6);
  });
});

describe('The clock', () => {
  it('moved by what the wall clock gained on the monotonic one', async () => {
    const [clock, said] = [new VirtualClock(), [] as Signal[]];
    let ahead = 0;
    const jumping = {
      now: () => clock.now(),
      wall: () => clock.wall() + ahead,
      after: clock.after.bind(clock),
      every: clock.every.bind(clock),
    };
    const board = new BoardSignals({
      ...{ dataDir: '/', clock: jumping, say: (signal) => said.push(signal) },
      lookEvery: (_, usual) => usual,
    });
    const stop = board.listen();
    const steps = () =>
      said.flatMap((one) => (one.kind === 'metric' && one.metric === 'clock.step' ? [one.value] : []));
    const look = async (): Promise<void> => {
      const looks = said.length;
      clock.advance(2_000);
      await expect
        .poll(() => said.slice(looks).some((one) => one.kind === 'metric' && one.metric === 'disk.free'))
        .toBe(true);
      // The next look is arranged once the disk has answered.
      await new Promise((resolve) => setImmediate(resolve));
    };
    await look();
    await look();
    ahead = 7_200_000;
    await look();
    stop();
    expect(steps()).toEqual([0, 7200]);
  });
});

const link = (changes: Partial<MeshLink>): MeshLink => ({
  ...{ peer: 'p1', peerName: 'bravo', transport: 'libp2p', probe: 'udp', pace: 'full', state: 'up', since: 0 },
  ...{ loss: 0, cost: 10, flaps: 0, damped: false },
  ...changes,
});

const peer = (id: string, state: MeshPeer['state']): MeshPeer => ({
  ...{ id, name: id, state, since: 0, transports: ['libp2p'], addresses: [] },
  presence: {
    ...{ state: 'alive', since: 0, suspectedBy: [], tried: [], localDoubt: 0, flaps: 0, damped: false, why: '' },
  },
});

function meshSaying(peers: MeshPeer[], routes: MeshRoute[] = []) {
  const said: Signal[] = [];
  const clock = new VirtualClock();
  const mesh = Object.assign(new EventEmitter<MeshEvents>(), {
    links: () => [],
    peers: () => peers,
    routes: () => routes,
    isIsolated: () => false,
  });
  const signals = new MeshSignals({ clock, mesh, depends: () => {}, say: (signal) => said.push(signal) });
  return { signals, said, clock, hear: (heard: MeshLink) => mesh.emit('link', heard) };
}

const values = (said: readonly Signal[], metric: string): number[] =>
  said.flatMap((one) => (one.kind === 'metric' && one.metric === metric ? [one.value] : []));

describe('The mesh', () => {
  it.each([
    [{}, 'honest', 'Nothing speaks against bravo'],
    [{ misdeeds: { forged: 9, replayed: 9, flooded: 99 } }, 'honest', 'Nothing speaks against bravo'],
    [
      { misdeeds: { replayed: 12 } },
      'replays',
      'bravo does harm: it handed over 12 out-of-date frames again within a minute',
    ],
    [{ misdeeds: { flooded: 150 } }, 'floods', 'bravo does harm: 150 of its messages were too many within a minute'],
    [
      { misdeeds: { forged: 30 }, withholds: true as const },
      'forges',
      'bravo does harm: it handed over 30 forged or broken frames within a minute; it takes frames for others and does not pass them on',
    ],
  ])('judges a peer by what it was caught at: %j is %s', (caught, state, message) => {
    expect(conductOf({ name: 'bravo', ...caught })).toEqual({ state, message });
  });

  it('counts the falls of a link within the last minute', () => {
    const { signals, said, clock, hear } = meshSaying([]);
    signals.listen();
    for (const flaps of [5, 6, 8]) hear(link({ flaps }));
    clock.advance(61_000);
    hear(link({ flaps: 8 }));
    expect(values(said, 'link.falls')).toEqual([0, 1, 3, 0]);
  });

  it('finds nothing wrong with an avoided link while routes go around it, unless it stays down', () => {
    const routes: MeshRoute[] = [];
    const { signals, said, clock, hear } = meshSaying([peer('p1', 'connected')], routes);
    signals.listen();
    const bad = link({ state: 'down', avoided: true, loss: 0.2, since: clock.wall() });
    const tell = (one: MeshLink): unknown[] => {
      said.length = 0;
      hear(one);
      return said.map((word) => (word.kind === 'metric' ? word.value : word.kind === 'state' && word.state));
    };
    const over = (nextHop: string): MeshRoute => ({
      ...{ destination: 'p1', destinationName: 'bravo', nextHop, nextHopName: nextHop, cost: 1, path: [nextHop] },
      ...{ pathNames: [nextHop], since: 0, reason: '', equalCost: [] },
    });
    expect(tell({ ...bad, flaps: 1 })).toEqual(['down', 0]);
    routes.push(over('p1'));
    expect(tell({ ...bad, state: 'up', flaps: 3 })).toEqual(['up', 0.2, 2]);
    routes.splice(0, 1, over('p2'));
    expect(tell({ ...bad, flaps: 5 })).toEqual(['up', 0, 0]);
    expect(tell({ ...bad, flaps: 5, state: 'up', avoided: undefined })).toEqual(['up', 0.2, 4]);
    clock.advance(60_001);
    expect(tell({ ...bad, flaps: 5 })).toEqual(['down', 0]);
  });

  it('finds nothing wrong with the link to a node that was switched off', () => {
    const { signals, said, hear } = meshSaying([peer('p1', 'stopped')]);
    signals.listen();
    hear(link({ state: 'down' }));
    expect(said.filter((one) => one.subject === 'link/p1')).toEqual([expect.objectContaining({ state: 'up' })]);
  });

  it('does not take a peer for silent that is just joining, unless it is never reached', () => {
    const peers = ['p1', 'p2', 'p3'].map((id): MeshPeer => {
      const one = peer(id, 'gone');
      return { ...one, presence: { ...one.presence, state: 'in', why: 'not reached since this node started' } };
    });
    const { signals, said, clock } = meshSaying(peers);
    for (const one of peers) one.presence.since = clock.wall();
    const words = (): string[] =>
      said.splice(0).flatMap((one) => (one.kind === 'state' && one.state !== 'honest' ? [one.state] : []));
    signals.repeat();
    expect([values(said, 'members.reachable'), words()]).toEqual([[1], ['joining', 'joining', 'joining']]);
    clock.advance(30_000);
    signals.repeat();
    expect([values(said, 'members.reachable'), words()]).toEqual([[0.25], ['gone', 'gone', 'gone']]);
  });

  it('speaks of a network cut in two only when several are gone of several', () => {
    const of = (states: MeshPeer['state'][]) => {
      const { signals, said } = meshSaying(states.map((state, index) => peer(`p${index}`, state)));
      signals.repeat();
      return values(said, 'members.reachable').at(-1);
    };
    expect(of(['gone'])).toBe(1);
    expect(of(['gone', 'connected', 'connected', 'connected'])).toBe(1);
    expect(of(['gone', 'gone', 'connected', 'stopped'])).toBe(0.5);
  });
});

class Detecting extends EventEmitter<VisionEvents> {
  detectorId = 'a';
  state: DetectorState = { kind: 'ready' };
  detectorState = () => this.state;
}

describe('The detector', () => {
  it('is told by its model, also when another one serves instead, and its trouble is not that of vision', () => {
    const said: Signal[] = [];
    const vision = new Detecting();
    const degraded: ServiceStatus = {
      ...{ name: 'vision', required: false, since: 0, attempts: 0 },
      state: { kind: 'degraded', cause: 'no model', nextAttemptAt: undefined },
    };
    const signals = new ServiceSignals({
      lifecycle: Object.assign(new EventEmitter<{ change: [ServiceStatus] }>(), { statuses: () => [degraded] }),
      vision,
      ...{ clock: new VirtualClock(), say: (signal) => said.push(signal) },
    });
    const tell = (id: string, state: DetectorState, about?: string): unknown[] => {
      said.length = 0;
      Object.assign(vision, { detectorId: id, state });
      signals.repeat(about === undefined ? undefined : new Set([about]));
      return said.map((one) => [one.subject, one.kind === 'state' && one.state]);
    };
    expect(tell('a', { kind: 'failed', code: 'MODEL_BROKEN', cause: 'damaged' })).toEqual([['model/a', 'broken']]);
    expect(tell('a', { kind: 'loading' })).toEqual([]);
    const replaced = [
      ['model/b', 'ready'],
      ['model/a', 'replaced'],
    ];
    expect(tell('b', { kind: 'ready' })).toEqual([['service/vision', 'degraded'], ...replaced]);
    expect(tell('b', { kind: 'ready' }, 'model/a')).toEqual(replaced);
    expect(tell('a', { kind: 'ready' }, 'model/a')).toEqual([['model/a', 'ready']]);
  });
});

describe('Quiet hours', () => {
  it.each([
    ['before', 21 * 60 + 59, 0],
    ['at their begin', 22 * 60, 480],
    ['after midnight', 60, 300],
    ['at their end', 6 * 60, 0],
  ])('%s', (_, now, left) => {
    expect(quietLeft(now, { from: '22:00', until: '06:00' })).toBe(left);
  });
});

describe('Relief', () => {
  it('lasts as long as was asked, and a smaller wish does not end a greater one', () => {
    const clock = new VirtualClock();
    const relief = new Relief(clock);
    relief.ask(1, 10_000);
    relief.ask(0.5, 20_000);
    expect(relief.share).toBe(1);
    clock.advance(20_001);
    expect(relief.share).toBe(0);
    relief.ask(0.5, 1_000);
    relief.end();
    expect(relief.share).toBe(0);
  });
});
