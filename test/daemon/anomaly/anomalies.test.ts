// Anomalies of a node, from readings to the journal, the self-healing, other nodes and a restart; on a real store.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QuietHours } from '../../../agents/anomaly/quiet.ts';
import type { Signal } from '../../../agents/mapek/signal.ts';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { Anomalies, type AnomaliesParts } from '../../../daemon/anomaly/anomalies.ts';
import type { Store } from '../../../daemon/store/store.ts';
import type { HardwareView } from '../../../daemon/view/schema.ts';
import type { MeshLink } from '../../../mesh/views.ts';
import { noise } from '../../agents/anomaly/series.ts';
import { Exchange } from '../../agents/exchange.ts';
import { Rig } from '../../agents/mapek/rig.ts';
import { newStore } from '../store/new-store.ts';

const GB = 1e9;

function board(at: number, load: number, temperatureCelsius: number): HardwareView {
  return {
    ...{ at, cpu: { load, cores: 4, load1: 1 }, temperatureCelsius },
    memory: { totalBytes: 4 * GB, availableBytes: 2 * GB, processBytes: 1e8 },
    disk: { path: '/', totalBytes: 32 * GB, availableBytes: 20 * GB },
    ...{ interfaces: [], uptimeSeconds: 1, eventLoopDelaySeconds: 0.01 },
  };
}

/** A node with its own noise; `life` lets so many readings of 5 s pass. */
function node(
  exchange: Exchange,
  name: string,
  store: AnomaliesParts['store'],
  seed: number,
  links: MeshLink[] = [],
  config: AnomaliesParts['config'] = { enabled: true, falseAlarmsPerDay: 1, quietHours: [] },
) {
  const { clock } = exchange.options;
  const wander = noise(seed);
  const [journal, signals]: [JournalEntry[], Signal[]] = [[], []];
  const anomalies = new Anomalies({
    ...{ config, profile: 'raspberry-pi-4', network: exchange.join(name), store, clock, logger: silentLogger },
    ...{ links: () => links, agents: () => [], cameras: () => [], gossip: () => undefined },
    tasks: () => ({ finished: 0, failed: 0, waitedSeconds: 0 }),
    journal: { record: (entry) => journal.push(entry) },
  });
  anomalies.on('signal', (signal) => signals.push(signal));
  let score = 0;
  const read = (load = 0.2, temperature = 50): void => {
    score = anomalies.hearBoard(board(clock.wall(), load + wander() / 60, temperature + wander() / 1.5), false);
  };
  return { anomalies, journal, signals, read, score: () => score };
}

const forgetful = { state: () => undefined, putState: async () => {} };

describe('anomalies of a node', () => {
  const exchange = new Exchange({
    clock: new VirtualClock({ epoch: Date.UTC(2026, 0, 1, 12) }),
    random: seededRandom(1),
  });
  const { clock } = exchange.options;
  let folder: string;
  let store: Store;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parlmesh-anomalies-'));
    store = newStore(folder);
    await store.start(new AbortController().signal);
  });
  afterAll(async () => {
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('raises, explains, is acknowledged, and knows what is usual after a restart', async () => {
    const { anomalies, journal, signals, read, score } = node(exchange, 'alpha', store, 3);
    await anomalies.start();
    const pass = (count: number, load?: number): void => {
      for (let i = 0; i < count; i++) {
        clock.advance(5_000);
        read(load);
      }
    };
    pass(400);
    expect(journal).toEqual([]);
    expect(anomalies.desk.anomalies().raised).toEqual([]);

    pass(4, 0.95);
    expect(journal).toMatchObject([{ kind: 'anomaly.raised', subject: 'node', severity: 'warning' }]);
    expect(journal[0]!.message).toMatch(
      /^Unusual: cpu\.load of node is 0\.9\d*, usually 0\.\d+ to 0\.\d+ at this hour/,
    );
    expect(journal[0]!.data).toMatchObject({ metric: 'cpu.load', usual: { typical: expect.closeTo(0.2, 1) } });
    expect(JSON.stringify(journal[0]!.data).length).toBeLessThan(4_000);
    expect(score()).toBeGreaterThan(0.99);
    expect(signals[0]).toMatchObject({ kind: 'score', subject: 'node', metric: 'cpu.load' });
    // Again at each look while it lasts.
    expect(signals.length).toBeGreaterThan(2);

    const [raised] = anomalies.desk.anomalies().raised;
    await expect(anomalies.desk.acknowledgeAnomaly('ffff', ACK, 'ada')).rejects.toMatchObject({
      code: 'ANOMALY_UNKNOWN',
    });
    const seen = await anomalies.desk.acknowledgeAnomaly(raised!.id.slice(0, 6), ACK, 'ada');
    expect(seen.raised[0]).toMatchObject({ muted: 'acknowledged' });
    expect(seen.acknowledged).toMatchObject([{ subject: 'node', metric: 'cpu.load', by: 'ada' }]);
    await anomalies.desk.setQuietHours([{ from: '22:00', to: '06:00' }]);
    const said = signals.length;
    pass(1, 0.95);
    expect(score()).toBeLessThan(0.9);
    expect(signals).toHaveLength(said);
    pass(15);
    expect(journal.map(({ kind }) => kind)).toEqual(['anomaly.raised', 'anomaly.cleared']);
    expect(signals.at(-1)).toMatchObject({ metric: 'cpu.load', score: 0 });

    await anomalies.stop();
    exchange.kill('alpha');
    const after = node(exchange, 'alpha', store, 4).anomalies;
    await after.start();
    // How a board is while its node starts is not judged.
    after.hearBoard(board(clock.wall(), 1, 90), false);
    expect(after.desk.anomalies().series).toEqual([]);
    clock.advance(60_000);
    after.hearBoard(board(clock.wall(), 0.2, 50), false);
    const { series, acknowledged, quietHours } = after.desk.anomalies();
    expect(series.map(({ metric, state }) => [metric, state])).toContainEqual(['cpu.load', 'calm']);
    expect(acknowledged).toHaveLength(1);
    expect(quietHours).toEqual([{ from: '22:00', to: '06:00' }]);
    await after.desk.withdrawAcknowledgement(raised!.id);
    expect((await after.desk.setQuietHours(undefined)).quietHours).toEqual([]);
    await after.stop();
  });

  it('takes other quiet hours while it runs, where people said none', async () => {
    const config = { enabled: true, falseAlarmsPerDay: 1, quietHours: [] as QuietHours[] };
    const { anomalies } = node(exchange, 'foxtrot', forgetful, 9, [], config);
    await anomalies.start();
    const night: QuietHours = { from: '22:00', to: '06:00' };
    config.quietHours = [night];
    anomalies.desk.configure();
    expect(anomalies.desk.anomalies().quietHours).toEqual([night]);
    await anomalies.desk.setQuietHours([]);
    config.quietHours = [{ from: '20:00', to: '06:00' }];
    anomalies.desk.configure();
    expect(anomalies.desk.anomalies().quietHours).toEqual([]);
    await anomalies.desk.setQuietHours(undefined);
    expect(anomalies.desk.anomalies().quietHours).toEqual(config.quietHours);
    await anomalies.stop();
  });

  it('counts a symptom that the board names as anomalous, also while nothing is learned', async () => {
    const { anomalies } = node(exchange, 'bravo', forgetful, 5);
    expect(anomalies.hearBoard(board(0, 0.2, 90), true)).toBe(0.8);
    await anomalies.start();
    expect(anomalies.hearBoard(board(0, 0.2, 90), true)).toBe(0.8);
    await anomalies.stop();
  });

  it('clears what is not read any more, and knows it when it comes back', async () => {
    const links: MeshLink[] = [];
    const { anomalies, journal } = node(exchange, 'delta', forgetful, 7, links);
    const random = seededRandom(8);
    await anomalies.start();
    const pass = (count: number, loss: number): void => {
      for (let i = 0; i < count; i++) {
        links[0] = { ...LINK, loss: loss + 0.01 * random.next() };
        clock.advance(5_000);
      }
    };
    pass(200, 0.02);
    pass(5, 0.4);
    expect(journal).toMatchObject([{ kind: 'anomaly.raised', subject: 'link/echo' }]);
    links.length = 0;
    clock.advance(650_000);
    expect(journal.slice(1)).toMatchObject([
      { kind: 'anomaly.cleared', message: expect.stringContaining('not read any more') },
    ]);
    expect(anomalies.desk.anomalies().raised).toEqual([]);
    pass(1, 0.02);
    expect(anomalies.desk.anomalies().series.map(({ metric, state }) => [metric, state])).toContainEqual([
      'link.loss',
      'calm',
    ]);
    await anomalies.stop();
  });

  it('lets a federation learn what boards like it read, once it runs, and from the same readings after a restart', async () => {
    const written: string[] = [];
    const kept: AnomaliesParts['store'] = {
      state: (key) => store.state(key),
      putState: async (key, value) => {
        if (key === 'anomaly.readings') written.push(key);
        await store.putState(key, value);
      },
    };
    const { anomalies, read } = node(exchange, 'charlie', kept, 6);
    expect(() => anomalies.learner()).toThrow(/not open yet/);
    await anomalies.start();
    for (let i = 0; i < 50; i++) {
      clock.advance(121_000);
      read();
    }
    const examples = anomalies.learner().examples();
    expect(examples).toBeGreaterThan(100);
    // Killed in between, it loses six hours at most.
    for (let hour = 0; hour < 24; hour++) {
      clock.advance(3_600_000);
      read();
    }
    expect(written).toHaveLength(4);
    await anomalies.stop();
    expect(written).toHaveLength(5);
    exchange.kill('charlie');
    const after = node(exchange, 'charlie', kept, 6).anomalies;
    await after.start();
    expect(after.learner().examples()).toBeGreaterThanOrEqual(examples);
    await after.stop();
    // It read nothing new.
    expect(written).toHaveLength(5);
  });
});

const LINK: MeshLink = {
  ...{ peer: 'echo', peerName: 'echo', transport: 'memory', probe: 'udp', pace: 'full', state: 'up', since: 0 },
  ...{ loss: 0, cost: 1, flaps: 0, damped: false },
};

const ACK = { reason: 'a long job', hours: 24, wholeSubject: false };

describe('a fleet', () => {
  it('names the node that is unlike its like, with the reading, at that node as a warning and elsewhere for information', async () => {
    const exchange = new Exchange({
      clock: new VirtualClock({ epoch: Date.UTC(2026, 0, 1) }),
      random: seededRandom(2),
    });
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const nodes = names.map((name, index) => node(exchange, name, forgetful, 10 + index));
    for (const { anomalies } of nodes) await anomalies.start();
    for (let i = 0; i < 140; i++) {
      exchange.options.clock.advance(5_000);
      // Hot from the beginning: nothing that its own past could tell.
      for (const [index, { read }] of nodes.entries()) read(0.2, index === 5 ? 85 : 50);
    }
    expect(nodes[0]!.journal).toMatchObject([{ kind: 'anomaly.raised', subject: 'peer/f', severity: 'info' }]);
    expect(nodes[0]!.journal[0]!.message).toMatch(
      /^Unusual: f is unlike the 5 other raspberry-pi-4 nodes: cpu\.temperature is 8\d/,
    );
    // Its own word against itself, and never this node's.
    expect(new Set(nodes[0]!.signals.map(({ subject, from }) => `${subject} by ${from}`))).toEqual(
      new Set(['peer/f by f']),
    );
    expect(nodes[5]!.journal).toMatchObject([{ kind: 'anomaly.raised', subject: 'node', severity: 'warning' }]);
    expect(nodes[5]!.signals[0]).toMatchObject({ subject: 'node', metric: 'fleet' });
    // All that the self-healing could do about it is to ask people.
    const day = [
      { from: '00:00', to: '12:00' },
      { from: '12:00', to: '00:00' },
    ];
    await nodes[5]!.anomalies.desk.setQuietHours(day);
    const said = nodes[5]!.signals.length;
    exchange.options.clock.advance(20_000);
    expect(nodes[5]!.signals).toHaveLength(said);
    await nodes[5]!.anomalies.desk.setQuietHours([]);
    exchange.options.clock.advance(5_000);
    expect(nodes[5]!.signals.at(-1)).toMatchObject({ subject: 'node', metric: 'fleet' });
    const { fleet } = nodes[0]!.anomalies.desk.anomalies();
    expect(fleet.filter(({ since }) => since !== undefined).map(({ name }) => name)).toEqual(['f']);
    for (const { anomalies } of nodes) await anomalies.stop();
  });

  it('has the node that is unlike its like ask people, and its peers conclude nothing', async () => {
    const exchange = new Exchange({
      clock: new VirtualClock({ epoch: Date.UTC(2026, 0, 1) }),
      random: seededRandom(2),
    });
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => node(exchange, name, forgetful, 10 + index));
    const loops = await Promise.all(nodes.map(() => new Rig().start()));
    for (const [index, { anomalies }] of nodes.entries()) {
      anomalies.on('signal', (signal) => loops[index]!.hear(signal));
      await anomalies.start();
    }
    for (let i = 0; i < 160; i++) {
      exchange.options.clock.advance(5_000);
      for (const [index, { read }] of nodes.entries()) read(0.2, index === 5 ? 85 : 50);
      for (const loop of loops) await loop.pass(5_000, 5_000);
    }
    expect(loops.slice(0, 5).flatMap(({ loop }) => loop.incidents())).toEqual([]);
    const asking = loops[5]!;
    expect(asking.loop.incidents().map(({ fault, state }) => [fault, state])).toEqual([['node-unlike', 'asked']]);
    expect(asking.loop.questions()[0]!.reason).toMatch(
      /^This node is unlike the 5 other raspberry-pi-4 nodes: cpu\.temperature is 8\d.* spreads above\)\. Look at/,
    );
    for (const { anomalies } of nodes) await anomalies.stop();
  });
});
