import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { Supervisor } from '../../agents/supervisor.ts';
import { VirtualClock } from '../../core/clock.ts';
import { systemClock } from '../../daemon/clock.ts';
import { type Script, type ScriptedAgent, settle, supervise } from './scripted-agent.ts';

const never = new AbortController().signal;
const hangAfterBeat = (agent: ScriptedAgent): Promise<void> => {
  agent.beat(1_000);
  return new Promise(() => {});
};
let running: Supervisor | undefined;

async function started(
  script: Script | ((instance: number) => Script),
  options: Parameters<typeof supervise>[0] & { ids?: string[] } = {},
) {
  const clock = new VirtualClock();
  const parts = supervise({ clock, ...options });
  for (const id of options.ids ?? ['a']) await parts.supervisor.add(parts.spec(id, script));
  const start = parts.supervisor.start(never);
  await settle();
  running = parts.supervisor;
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return { ...parts, clock, advance, start };
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

describe('an agent that works', () => {
  it('is ready, then busy while it works, then stopped', async () => {
    const { supervisor, instances, stateOf } = await started({});
    expect(supervisor.agents()).toMatchObject([
      { id: 'a', kind: 'scripted', version: '1', state: 'ready', restarts: 0, capabilities: ['test.act@node'] },
    ]);
    const work = Promise.withResolvers<void>();
    instances[0]!.work.run(() => work.promise);
    expect(stateOf('a')).toBe('busy');
    work.resolve();
    await settle();
    expect(stateOf('a')).toBe('ready');
    await supervisor.stop();
    expect(stateOf('a')).toBe('stopped');
  });

  it('can be added, restarted and removed while the others run', async () => {
    const { supervisor, instances, spec, stateOf } = await started({});
    expect(await supervisor.add(spec('b', {}))).toBe(true);
    await expect(supervisor.add(spec('b', {}))).rejects.toMatchObject({ code: 'AGENT_EXISTS' });
    await supervisor.restart('b');
    expect(instances).toHaveLength(3);
    expect(supervisor.agents().map(({ id, state, restarts }) => [id, state, restarts])).toEqual([
      ['a', 'ready', 0],
      ['b', 'ready', 1],
    ]);
    await supervisor.remove('b');
    expect(stateOf('b')).toBeUndefined();
    await expect(supervisor.restart('b')).rejects.toMatchObject({ code: 'AGENT_UNKNOWN', hint: 'the agents are: a' });
  });
});

describe('a crash', () => {
  it.each<[string, (script: { fail: Error; start: boolean }) => Script]>([
    ['in its start', ({ fail, start }) => ({ onStart: () => (start ? Promise.reject(fail) : undefined) })],
    [
      'thrown by a timer',
      ({ fail, start }) => ({
        onStart: (agent) => {
          if (start)
            agent.work.after(0, () => {
              throw fail;
            });
        },
      }),
    ],
    [
      'rejected by work that it runs',
      ({ fail, start }) => ({
        onStart: (agent) => {
          if (start) agent.work.run(() => Promise.reject(fail));
        },
      }),
    ],
    [
      'in a callback that it gave away',
      ({ fail, start }) => ({
        onStart: (agent) => {
          const emitter = new EventEmitter();
          emitter.on(
            'news',
            agent.work.guard(() => Promise.reject(fail)),
          );
          if (start) emitter.emit('news');
        },
      }),
    ],
    [
      'emitted as an error',
      ({ fail, start }) => ({
        onStart: (agent) => {
          const emitter = new EventEmitter();
          agent.work.failOn(emitter);
          if (start) emitter.emit('error', fail);
        },
      }),
    ],
  ])('%s is followed by a fresh instance at once', async (_name, script) => {
    const fail = new Error('out of luck');
    const { supervisor, instances, advance, kinds } = await started((instance) =>
      script({ fail, start: instance === 0 }),
    );
    await advance(0);
    await advance(0);
    expect(instances).toHaveLength(2);
    expect(supervisor.agents()).toMatchObject([{ state: 'ready', restarts: 1, lastError: 'out of luck' }]);
    expect(kinds()).toEqual(['agent.restarted']);
  });

  it('in a message handler restarts the agent, and messages after it are handled', async () => {
    const seen: string[] = [];
    const { instances, advance, stateOf } = await started({
      onMessage: (message) => {
        if (message === 'poison') throw new Error('poisoned');
        seen.push(message);
      },
    });
    instances[0]!.post('one');
    instances[0]!.post('poison');
    await advance(0);
    instances[1]!.post('two');
    await advance(0);
    expect(seen).toEqual(['one', 'two']);
    expect(stateOf('a')).toBe('ready');
  });

  it('of the factory itself is a crash like any other', async () => {
    const { supervisor } = supervise();
    expect(
      await supervisor.start(never).then(() =>
        supervisor.add({
          id: 'broken',
          create: () => {
            throw new Error('no such board');
          },
        }),
      ),
    ).toBe(false);
    running = supervisor;
    expect(supervisor.agents()).toMatchObject([{ id: 'broken', lastError: 'no such board' }]);
  });

  it('that repeats sets the agent aside, tells why once, and tries again later', async () => {
    let broken = true;
    const { supervisor, instances, advance, kinds, journal } = await started({
      onStart: () => (broken ? Promise.reject(new Error('no lens')) : undefined),
    });
    for (let second = 0; second < 20; second++) await advance(1_000);
    expect(supervisor.agents()).toMatchObject([{ state: 'degraded', restarts: 5, lastError: 'no lens' }]);
    expect(instances).toHaveLength(6);
    expect(kinds().filter((kind) => kind === 'agent.degraded')).toHaveLength(1);
    expect(journal.at(-1)?.message).toContain('no lens');

    await advance(300_000);
    expect(instances).toHaveLength(7);
    expect(supervisor.agents()).toMatchObject([{ state: 'degraded' }]);
    expect(kinds().filter((kind) => kind === 'agent.degraded')).toHaveLength(1);

    broken = false;
    await advance(300_000);
    expect(supervisor.agents()).toMatchObject([{ state: 'ready' }]);
    await advance(60_000);
    expect(kinds().at(-1)).toBe('agent.recovered');
  });

  it('of one takes along those that the strategy names', async () => {
    const { supervisor, instances, advance } = await started({}, { strategy: 'rest-for-one', ids: ['a', 'b', 'c'] });
    instances[1]!.work.run(() => Promise.reject(new Error('gone')));
    await advance(0);
    expect(supervisor.agents().map(({ id, restarts, state }) => [id, restarts, state])).toEqual([
      ['a', 0, 'ready'],
      ['b', 1, 'ready'],
      ['c', 1, 'ready'],
    ]);
  });
});

describe('a hang', () => {
  it('in the start is ended after the heartbeat time-out', async () => {
    const { instances, advance, stateOf } = await started((instance) => ({
      onStart: async (agent) => {
        if (instance > 0) return;
        agent.beat(0);
        await new Promise(() => {});
      },
    }));
    await advance(4_999);
    expect(instances).toHaveLength(1);
    await advance(1);
    expect(instances).toHaveLength(2);
    expect(stateOf('a')).toBe('ready');
  });

  it('of an agent that will not even stop is back within the time-out and a second', async () => {
    const { supervisor, instances, advance, kinds } = await started((instance) => ({
      onStart: (agent) => {
        if (instance === 0) agent.work.every(1_000, () => hangAfterBeat(agent));
      },
      onStop: () => (instance === 0 ? new Promise(() => {}) : undefined),
    }));
    await advance(1_000);
    await advance(6_000);
    expect(instances).toHaveLength(1);
    await advance(500);
    expect(instances).toHaveLength(2);
    expect(supervisor.agents()).toMatchObject([{ state: 'ready', lastError: 'no heartbeat for 5 s' }]);
    expect(supervisor.abandoned).toBe(1);
    expect(kinds()).toEqual(['agent.restarted', 'agent.abandoned']);
  });

  it('in a message handler is seen although the agent otherwise waits', async () => {
    const { instances, advance } = await started({
      onMessage: (message) => (message === 'hang' ? new Promise(() => {}) : undefined),
    });
    instances[0]!.post('quick');
    await advance(0);
    await advance(60_000);
    expect(instances).toHaveLength(1);
    instances[0]!.post('hang');
    await advance(0);
    await advance(5_000);
    expect(instances).toHaveLength(2);
  });

  it('is not seen in an agent that said it waits, or that beats in time', async () => {
    const { instances, advance } = await started({
      onStart: (agent) => {
        agent.beat(60_000);
        agent.work.every(60_000, () => agent.beat(60_000));
      },
    });
    for (let minute = 0; minute < 10; minute++) await advance(60_000);
    expect(instances).toHaveLength(1);
  });

  it('of the stop does not keep the daemon from stopping', async () => {
    const { supervisor, advance, stateOf } = await started({ onStop: () => new Promise(() => {}) });
    const stopped = supervisor.stop();
    await advance(3_000);
    await stopped;
    expect(stateOf('a')).toBe('stopped');
    expect(supervisor.abandoned).toBe(1);
  });
});

describe('what is left of an instance that was retired', () => {
  it('is silent: its timers end, its errors and heartbeats reach nobody', async () => {
    const late = Promise.withResolvers<void>();
    let ticks = 0;
    const { supervisor, instances, advance } = await started((instance) => ({
      onStart: (agent) => {
        agent.work.every(100, () => {
          ticks++;
        });
        if (instance === 0) agent.work.run(() => late.promise);
      },
    }));
    await supervisor.restart('a');
    late.reject(new Error('too late'));
    ticks = 0;
    await advance(100);
    expect(ticks).toBe(1);
    instances[0]!.beat(0);
    await advance(10_000);
    expect(supervisor.agents()).toMatchObject([{ state: 'ready', restarts: 1 }]);
    expect(instances).toHaveLength(2);
  });
});

describe('start', () => {
  it('ends when it is aborted, with everything stopped', async () => {
    const { supervisor, spec, stateOf } = supervise();
    await supervisor.add(spec('slow', { onStart: () => new Promise(() => {}) }));
    const abort = new AbortController();
    const start = supervisor.start(abort.signal);
    abort.abort(new Error('enough'));
    await expect(start).rejects.toThrow('enough');
    expect(stateOf('slow')).toBe('stopped');
  });

  it('a listener that throws harms nobody', async () => {
    const { supervisor, spec, stateOf } = supervise();
    supervisor.on('agent', () => {
      throw new Error('bad listener');
    });
    await supervisor.add(spec('a', {}));
    await supervisor.start(never);
    running = supervisor;
    expect(stateOf('a')).toBe('ready');
  });
});

describe('in real time', () => {
  it('crash and hang are both over within a second of being known', async () => {
    const { supervisor, instances, spec } = supervise({ clock: systemClock, config: { heartbeatTimeout: 0.2 } });
    running = supervisor;
    await supervisor.add(spec('a', {}));
    await supervisor.start(never);
    const readyAgain = async (restarts: number): Promise<number> => {
      for (;;) {
        const [{ state, since, restarts: so }] = await once(supervisor, 'agent');
        if (state === 'ready' && so === restarts) return since;
      }
    };
    const crashed = Date.now();
    instances[0]!.work.after(5, () => {
      throw new Error('crash in a real timer');
    });
    expect((await readyAgain(1)) - crashed).toBeLessThan(1_000);
    const hung = Date.now();
    instances[1]!.beat(0);
    expect((await readyAgain(2)) - hung).toBeLessThan(1_200);
    expect(instances).toHaveLength(3);
  });
});
