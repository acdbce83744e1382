import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { JournalEntry } from '../../core/journal.ts';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import { Lifecycle } from '../../daemon/lifecycle.ts';

interface Script {
  name: string;
  start?: (signal: AbortSignal) => Promise<void>;
  stop?: () => Promise<void>;
}

function setUp() {
  const clock = new VirtualClock();
  const story: string[] = [];
  const entries: JournalEntry[] = [];
  const lifecycle = new Lifecycle({
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    journal: { record: (entry) => entries.push(entry) },
  });
  const service = ({ name, start, stop }: Script): Service => ({
    name,
    start: async (signal) => {
      story.push(`start ${name}`);
      await start?.(signal);
    },
    stop: async () => {
      story.push(`stop ${name}`);
      await stop?.();
    },
  });
  const stateOf = (name: string) => lifecycle.statuses().find((status) => status.name === name)?.state;
  return { clock, story, entries, lifecycle, service, stateOf };
}

/** Lets promise callbacks run; virtual time does not move. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const signal = new AbortController().signal;

describe('Lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const { lifecycle, service, story } = setUp();
    for (const name of ['store', 'mesh', 'http']) lifecycle.add(service({ name }), { required: true });
    await lifecycle.start(signal);
    await lifecycle.stop();
    expect(story).toEqual(['start store', 'start mesh', 'start http', 'stop http', 'stop mesh', 'stop store']);
  });

  it('stops the start with the cause when a required service fails, and starts nothing after it', async () => {
    const { lifecycle, service, story } = setUp();
    lifecycle.add(service({ name: 'store', start: () => Promise.reject(new Error('disk on fire')) }), {
      required: true,
    });
    lifecycle.add(service({ name: 'mesh' }), { required: false });
    await expect(lifecycle.start(signal)).rejects.toThrow('disk on fire');
    expect(story).toEqual(['start store', 'stop store']);
  });

  it('degrades an optional service with its cause and tries again until it runs', async () => {
    const { lifecycle, service, clock, entries, stateOf } = setUp();
    let failures = 3;
    lifecycle.add(
      service({
        name: 'mqtt',
        start: async () => {
          if (failures-- > 0) throw new Error('connection refused');
        },
      }),
      { required: false },
    );
    await lifecycle.start(signal);
    expect(stateOf('mqtt')).toMatchObject({ kind: 'degraded', cause: 'connection refused' });
    for (let seconds = 0; seconds < 60; seconds++) {
      clock.advance(1_000);
      await settle();
    }
    expect(stateOf('mqtt')).toEqual({ kind: 'running' });
    expect(entries.map((entry) => entry.kind)).toEqual(['service.degraded', 'service.recovered']);
    await lifecycle.stop();
  });

  it('gives up a start after its deadline, and a stop after its own', async () => {
    const { lifecycle, service, clock, stateOf } = setUp();
    const never = () => new Promise<void>(() => {});
    lifecycle.add(service({ name: 'slow', start: never, stop: never }), { required: false });
    const started = lifecycle.start(signal);
    clock.advance(30_000);
    await started;
    expect(stateOf('slow')).toMatchObject({ kind: 'degraded', cause: 'slow did not start within 30 s' });
    const stopped = lifecycle.stop();
    await settle();
    clock.advance(5_000);
    await stopped;
    expect(stateOf('slow')).toEqual({ kind: 'stopped' });
  });

  it('lets what half a start serves go on until the next try', async () => {
    const { lifecycle, service, clock, story } = setUp();
    lifecycle.add(service({ name: 'http', start: () => Promise.reject(new Error('port in use')) }), {
      required: false,
    });
    await lifecycle.start(signal);
    expect(story).toEqual(['start http']);
    clock.advance(1_000);
    await settle();
    expect(story).toEqual(['start http', 'stop http', 'start http']);
    await lifecycle.stop();
  });

  it('shows what a self-mending service reports, once', async () => {
    const { lifecycle, service, entries, stateOf } = setUp();
    lifecycle.add(service({ name: 'mqtt' }), { required: false });
    await lifecycle.start(signal);
    lifecycle.report('mqtt', 'broker closed the connection');
    lifecycle.report('mqtt', 'broker closed the connection');
    expect(stateOf('mqtt')).toMatchObject({ kind: 'degraded' });
    lifecycle.report('mqtt', undefined);
    expect(stateOf('mqtt')).toEqual({ kind: 'running' });
    expect(entries).toHaveLength(2);
    await lifecycle.stop();
  });

  it('aborts a start in progress when told to stop', async () => {
    const { lifecycle, service, stateOf } = setUp();
    const never = () => new Promise<void>(() => {});
    lifecycle.add(service({ name: 'store' }), { required: true });
    lifecycle.add(service({ name: 'mesh', start: never }), { required: false });
    const controller = new AbortController();
    const started = lifecycle.start(controller.signal);
    await settle();
    controller.abort(new ParlmeshError('STOPPING', 'interrupted'));
    await expect(started).rejects.toThrow('interrupted');
    await lifecycle.stop();
    expect(stateOf('store')).toEqual({ kind: 'stopped' });
  });
});
