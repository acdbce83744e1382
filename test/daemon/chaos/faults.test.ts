// Each fault injected into the real part: that it has its effect, and that it is undone.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { delay, VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { Disturbances } from '../../../daemon/chaos/disturbances.ts';
import { agentFaults } from '../../../daemon/chaos/faults/agents.ts';
import { boardFaults } from '../../../daemon/chaos/faults/board.ts';
import { cameraFaults } from '../../../daemon/chaos/faults/cameras.ts';
import { linkFaults } from '../../../daemon/chaos/faults/links.ts';
import { serviceFaults } from '../../../daemon/chaos/faults/services.ts';
import { storeFaults } from '../../../daemon/chaos/faults/store.ts';
import type { InjectionKind } from '../../../daemon/chaos/injection.ts';
import { Traces } from '../../../daemon/chaos/traces.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { HardwareReader } from '../../../daemon/hardware/reader.ts';
import { Lifecycle } from '../../../daemon/lifecycle.ts';
import { EmbeddedBroker } from '../../../daemon/telemetry/broker.ts';
import { RenderedSource } from '../../../vision/camera/rendered.ts';
import { settle, supervise } from '../../agents/scripted-agent.ts';
import { realNode, started, stopAll } from '../../mesh/real-nodes.ts';
import { folder, openStore } from '../store/open-store.ts';
import { mqttConfig } from '../telemetry/brokers.ts';

const never = new AbortController().signal;
const soon = { timeout: 10_000, interval: 10 };
const within = async (kinds: InjectionKind[], name: string, target: string) => {
  const injection = await kinds.find((kind) => kind.name === name)!.at(target, 10_000);
  const undo = await injection.inject();
  return { injection, undo, harms: () => injection.harms?.() };
};

describe('agents', () => {
  async function agents() {
    const clock = new VirtualClock();
    const { supervisor, spec, stateOf, instances } = supervise({ clock });
    await supervisor.add(spec('a', { onMessage: () => delay(clock, 200) }));
    await supervisor.start(never);
    await settle();
    onTestFinished(() => supervisor.stop());
    const advance = async (ms: number): Promise<void> => {
      for (let done = 0; done < ms; done += 50) {
        clock.advance(50);
        await settle();
      }
    };
    const jobs = { submitJob: () => Promise.reject(new Error('no swarm')), cancelJob: () => Promise.reject() };
    const kinds = agentFaults({ supervisor, jobs, waiting: () => 0, places: () => 1, clock });
    return { supervisor, stateOf, instances, advance, kinds };
  }

  it('crash until the supervisor sets them aside; one that is restarted then works', async () => {
    const { supervisor, stateOf, advance, kinds } = await agents();
    const { harms, undo } = await within(kinds, 'agent-crashed', 'a');
    await advance(8_000);
    expect([stateOf('a'), supervisor.agents()[0]?.restarts, harms()]).toEqual(['degraded', 5, true]);
    await supervisor.restart('a');
    await advance(2_000);
    expect([stateOf('a'), harms()]).toEqual(['ready', false]);
    await undo();
  });

  it('that hang are found by their heartbeat and replaced', async () => {
    const { supervisor, stateOf, advance, kinds } = await agents();
    const { harms } = await within(kinds, 'agent-hung', 'a');
    await advance(4_900);
    expect([stateOf('a'), supervisor.agents()[0]?.restarts, harms()]).toEqual(['ready', 0, true]);
    await advance(200);
    expect([stateOf('a'), supervisor.agents()[0]?.restarts, harms()]).toEqual(['ready', 1, false]);
  });

  it('are slow by what they usually take, until they are restarted, or it is over', async () => {
    const { supervisor, instances, advance, kinds } = await agents();
    const { targets, why } = kinds.find(({ name }) => name === 'agent-slow')!;
    expect([targets(), why?.()]).toEqual([[], expect.stringContaining('its usual pace')]);
    const work = async (count: number, each: number): Promise<number | undefined> => {
      for (let done = 0; done < count; done++) {
        instances.at(-1)!.post('work');
        await advance(each);
      }
      return supervisor.serviceTimes.news('a');
    };
    expect(await work(25, 200)).toBe(1);
    expect(targets()).toEqual(['a']);
    const first = await within(kinds, 'agent-slow', 'a');
    expect(await work(5, 1_250)).toBeGreaterThan(5);
    expect([supervisor.agents()[0]?.restarts, first.harms()]).toEqual([0, true]);
    await first.undo();
    expect(await work(5, 1_250)).toBe(1);
    const second = await within(kinds, 'agent-slow', 'a');
    await supervisor.restart('a');
    expect([await work(5, 1_250), second.harms()]).toEqual([1, false]);
    await second.undo();
  });
});

describe('the board', () => {
  function board() {
    const disturbances = new Disturbances(systemClock);
    const reader = new HardwareReader({
      ...{ clock: systemClock, dataDir: tmpdir(), overlaid: (reading) => disturbances.overlaid(reading) },
    });
    onTestFinished(() => reader.close());
    const { supervisor } = supervise({ clock: systemClock });
    let relief = 0;
    const kinds = boardFaults({ disturbances, supervisor, relief: () => relief, clock: systemClock });
    return { disturbances, reader, supervisor, kinds, relieve: (share: number) => (relief = share) };
  }

  it('is hot as long as the work goes on, and cools when it is shed', async () => {
    const { disturbances, reader, kinds, relieve } = board();
    const { undo, harms } = await within(kinds, 'cpu-hot', 'node');
    expect([(await reader.read()).temperatureCelsius, harms()]).toEqual([90, true]);
    relieve(0.75);
    expect([(await reader.read()).temperatureCelsius, harms()]).toEqual([66, false]);
    await undo();
    expect(disturbances.overlays.size).toBe(0);
  });

  it('has a weak supply by the firmware’s flag', async () => {
    const { reader, kinds } = board();
    const before = (await reader.read()).throttling?.underVoltage;
    const { undo } = await within(kinds, 'under-voltage', 'node');
    expect((await reader.read()).throttling?.underVoltage).toBe(true);
    await undo();
    expect((await reader.read()).throttling?.underVoltage).toBe(before);
  });

  it('has its wall clock set, and its timers left alone', async () => {
    const { disturbances, kinds } = board();
    const { clock } = disturbances;
    const [wall, now] = [clock.wall(), clock.now()];
    const { undo } = await within(kinds, 'clock-jump', 'node');
    expect(clock.wall() - wall).toBeGreaterThanOrEqual(45_000);
    expect(clock.now() - now).toBeLessThan(5_000);
    await undo();
    expect(clock.wall() - wall).toBeLessThan(5_000);
  });

  it('leaks in a process that stops to once it was ended', async () => {
    const { reader, supervisor, kinds } = board();
    await supervisor.start(never);
    onTestFinished(() => supervisor.stop());
    const { undo, harms } = await within(kinds, 'memory-leak', 'node');
    const free = async (): Promise<number> => {
      const { availableBytes, totalBytes } = (await reader.read()).memory;
      return availableBytes / totalBytes;
    };
    await vi.waitFor(async () => expect(await free()).toBeLessThan(0.08), soon);
    expect(harms()).toBe(true);
    for (const pid of childrenOf(process.pid)) if (isLeak(pid)) process.kill(pid, 'SIGTERM');
    await vi.waitFor(() => expect(harms()).toBe(false), soon);
    await vi.waitFor(async () => expect(await free()).toBeGreaterThan(0.1), soon);
    await undo();
    expect(supervisor.agents()).toEqual([]);
    await vi.waitFor(() => expect(childrenOf(process.pid).filter(isLeak)).toEqual([]), soon);
  });
});

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function isLeak(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kept.push');
  } catch {
    return false;
  }
}

describe('services', () => {
  async function services() {
    const broker = new EmbeddedBroker({ config: mqttConfig({ embedded: { port: 0 } }), logger: silentLogger });
    const lifecycle = new Lifecycle({
      ...{ clock: systemClock, random: seededRandom(1), logger: silentLogger, journal: { record: () => {} } },
    });
    lifecycle.add(broker, { required: false });
    lifecycle.add({ name: 'self-correction', start: async () => {}, stop: async () => {} }, { required: false });
    await lifecycle.start(never);
    onTestFinished(() => lifecycle.stop());
    return { broker, lifecycle, kinds: serviceFaults({ broker, lifecycle }) };
  }

  it('the broker ends, and is started again where nobody did', async () => {
    const { broker, kinds } = await services();
    const { undo, harms } = await within(kinds, 'broker-down', 'broker');
    expect([broker.url, harms()]).toEqual([undefined, true]);
    await undo();
    expect(broker.url).toMatch(/^mqtt:/);
    expect(harms()).toBe(false);
  });

  it('the broker takes connections and says nothing while it hangs', async () => {
    const { broker, kinds } = await services();
    const { undo, harms } = await within(kinds, 'broker-hung', 'broker');
    /** Resolves when it is connected and has said hello. */
    const greeted = async (to: EmbeddedBroker) => {
      const socket = connect(Number(to.url!.split(':').at(-1)), '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      const heard = { answers: 0 };
      socket.on('data', () => heard.answers++);
      const hello = Buffer.from('100f00044d51545404020000' + '0003616263', 'hex');
      await new Promise<void>((resolve) => socket.write(hello, () => resolve()));
      return heard;
    };
    const hung = await greeted(broker);
    // Another one, which does not hang, answers the same hello that it hears later.
    const awake = await greeted((await services()).broker);
    await vi.waitFor(() => expect(awake.answers).toBe(1), soon);
    expect([hung.answers, harms()]).toEqual([0, true]);
    await undo();
    await vi.waitFor(() => expect(hung.answers).toBe(1), soon);
    expect(harms()).toBe(false);
  });

  it('a service that ended comes back by a restart', async () => {
    const { lifecycle, kinds } = await services();
    const { undo, harms } = await within(kinds, 'service-failed', 'self-correction');
    expect(lifecycle.statuses().find(({ name }) => name === 'self-correction')?.state).toMatchObject({
      kind: 'degraded',
      cause: 'it was ended by chaos',
    });
    expect(harms()).toBe(true);
    await undo();
    expect(harms()).toBe(false);
  });
});

describe('the store', () => {
  it('whose file is damaged repairs itself from the backup that was made before', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    for (let index = 0; index < 400; index++) {
      store.journal.record({
        severity: 'info',
        kind: 'test.said',
        subject: 'node',
        message: `${index}`.padEnd(300, '.'),
      });
    }
    await store.putState('dear', 1);
    const kinds = storeFaults({ dataDir, store, traces: new Traces(dataDir), now: () => Date.now() });
    const { undo, harms } = await within(kinds, 'store-corrupt', 'store');
    expect(harms()).toBe(true);
    await vi.waitFor(() => expect(harms()).toBe(false), soon);
    expect(store.events({ kind: 'store.repaired' })).toHaveLength(1);
    expect(store.state('dear')).toBe(1);
    await undo();
    await store.putState('after', 2);
  });

  it('has its disk filled where that is small and its own, and nowhere else', async (context) => {
    const big = storeFaults({
      dataDir: tmpdir(),
      store: await openStore(await folder()),
      traces: new Traces(tmpdir()),
      now: () => 0,
    });
    const { targets, why } = big.find(({ name }) => name === 'disk-full')!;
    if (statfsSync(tmpdir()).blocks * statfsSync(tmpdir()).bsize > 512 * 1024 ** 2) {
      expect([targets(), why?.()]).toEqual([[], expect.stringContaining('only one of 512 MB or less')]);
    }
    const dataDir = mkdtempSync(join(tmpdir(), 'parlmesh-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', dataDir], { stdio: 'pipe' });
    } catch {
      rmSync(dataDir, { recursive: true });
      return context.skip('no tmpfs can be mounted');
    }
    onTestFinished(() => {
      execFileSync('umount', ['-l', dataDir]);
      rmSync(dataDir, { recursive: true });
    });
    const free = (): number => statfsSync(dataDir).bavail / statfsSync(dataDir).blocks;
    const store = await openStore(dataDir);
    const kinds = storeFaults({ dataDir, store, traces: new Traces(dataDir), now: () => Date.now() });
    const first = await within(kinds, 'disk-full', 'disk');
    expect([free() <= 0.02, free() > 0.005, first.harms()]).toEqual([true, true, true]);
    await first.undo();
    expect([free() > 0.3, first.harms()]).toEqual([true, false]);
    // What frees space frees it from this too.
    const second = await within(kinds, 'disk-full', 'disk');
    await store.freeSpace(0.25);
    expect([free() > 0.3, second.harms()]).toEqual([true, false]);
    await second.undo();
  });
});

describe('cameras', () => {
  function camera() {
    const disturbances = new Disturbances(systemClock);
    const rendered = new RenderedSource({
      ...{ scene: 'street', seed: 1, name: 'cam', framesPerSecond: 20, clock: systemClock },
    });
    const source = disturbances.source('cam', rendered);
    const frames: Buffer[] = [];
    const sink = {
      frame: async (bytes: Uint8Array) => void frames.push(Buffer.from(bytes)),
      ...{ alive: () => {}, waiting: () => {}, broken: () => {} },
    };
    const vision = {
      cameras: () => [],
      detectorId: 'none',
      detectorState: () => ({ kind: 'closed' as const }),
      lookForDetector: async () => {},
    };
    const dataDir = tmpdir();
    const kinds = cameraFaults({ dataDir, packagedModels: '', vision, disturbances, traces: new Traces(dataDir) });
    const open = (): { ended: Promise<unknown>; close: () => void } => {
      const closing = new AbortController();
      const ended = source.run(sink, closing.signal).catch((error: unknown) => error);
      return { ended, close: () => closing.abort() };
    };
    /** Pictures from now on. */
    const next = async (count: number): Promise<Buffer[]> => {
      frames.length = 0;
      await vi.waitFor(() => expect(frames.length).toBeGreaterThan(count), soon);
      // The first may have been on its way.
      return frames.slice(1);
    };
    return { disturbances, kinds, open, next };
  }
  const brightness = async (picture: Buffer): Promise<number> =>
    (await sharp(picture).greyscale().stats()).channels[0]!.mean;

  it('are covered, turned and clear again', async () => {
    const { kinds, open, next } = camera();
    const { close, ended } = open();
    const clear = (await next(1))[0]!;
    const cover = await within(kinds, 'camera-covered', 'cam');
    expect(await brightness((await next(2))[0]!)).toBeLessThan((await brightness(clear)) / 4);
    await cover.undo();
    const turn = await within(kinds, 'camera-moved', 'cam');
    const turned = (await next(2))[0]!;
    const difference = async (a: Buffer, b: Buffer): Promise<number> => {
      const [left, right] = await Promise.all([a, b].map((one) => sharp(one).greyscale().raw().toBuffer()));
      return left!.reduce((sum, value, index) => sum + Math.abs(value - right![index]!), 0) / left!.length;
    };
    await turn.undo();
    const again = (await next(2))[0]!;
    expect(await difference(clear, turned)).toBeGreaterThan(3 * (await difference(clear, again)));
    expect((await sharp(turned).metadata()).width).toBe((await sharp(clear).metadata()).width);
    close();
    await ended;
  });

  it('freeze until they are opened anew', async () => {
    const { kinds, open, next } = camera();
    const first = open();
    await next(1);
    const { harms } = await within(kinds, 'camera-frozen', 'cam');
    const frozen = await next(4);
    expect(new Set(frozen.map((one) => one.toString('base64'))).size).toBe(1);
    expect(harms()).toBe(true);
    first.close();
    await first.ended;
    const second = open();
    const live = await next(4);
    expect([new Set(live.map((one) => one.toString('base64'))).size > 1, harms()]).toEqual([true, false]);
    second.close();
    await second.ended;
  });

  it('are gone, and cannot be opened, until they are back', async () => {
    const { kinds, open, next } = camera();
    const first = open();
    await next(1);
    const { undo } = await within(kinds, 'camera-lost', 'cam');
    expect(await first.ended).toMatchObject({ code: 'CAMERA_LOST' });
    expect(await open().ended).toMatchObject({ code: 'CAMERA_LOST' });
    await undo();
    const again = open();
    await next(1);
    again.close();
    await again.ended;
  });
});

describe('links between real nodes', () => {
  it('go down without a word when they are cut, and come back', async () => {
    onTestFinished(stopAll);
    const a = await started(realNode('a'));
    const b = await started(realNode('b'));
    const { token } = await a.mesh.createInvite({ expiresIn: 60_000 });
    await b.mesh.joinNetwork(token);
    const stateOf = (): string | undefined => a.mesh.links()[0]?.state;
    await vi.waitFor(() => expect(stateOf()).toBe('up'), soon);
    const kinds = linkFaults({ mesh: a.mesh, clock: systemClock });
    expect(kinds.find(({ name }) => name === 'link-down')?.targets()).toEqual([b.mesh.id]);
    const { undo, harms } = await within(kinds, 'link-down', b.mesh.id);
    await vi.waitFor(() => expect([stateOf(), b.mesh.links()[0]?.state]).toEqual(['down', 'down']), soon);
    expect(harms()).toBe(true);
    await undo();
    await vi.waitFor(() => expect([stateOf(), b.mesh.links()[0]?.state]).toEqual(['up', 'up']), soon);
  });
});
