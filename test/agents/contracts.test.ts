import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { type AgentEvent, type AgentState, transition } from '../../agents/agent-state.ts';
import { HeartbeatDeadline } from '../../agents/heartbeat-deadline.ts';
import { Mailbox } from '../../agents/mailbox.ts';
import { affectedBy, decideRestart, NO_FAILURES, type RestartHistory } from '../../agents/restart-policy.ts';
import { VirtualClock } from '../../core/clock.ts';
import { seededRandom } from '../../core/random.ts';
import { AgentView } from '../../daemon/view/schema.ts';
import { settle, supervise } from './scripted-agent.ts';

describe('agent states', () => {
  const LEGAL: Record<AgentState['kind'], AgentEvent['kind'][]> = {
    stopped: ['start', 'stop'],
    starting: ['started', 'restart', 'set-aside', 'stop'],
    ready: ['load', 'restart', 'set-aside', 'stop'],
    busy: ['load', 'restart', 'set-aside', 'stop'],
    restarting: ['start', 'restart', 'set-aside', 'stop'],
    degraded: ['start', 'restart', 'set-aside', 'stop'],
  };
  const states: AgentState[] = [
    { kind: 'stopped', since: 0 },
    { kind: 'starting', since: 0 },
    { kind: 'ready', since: 0 },
    { kind: 'busy', since: 0, tasks: 2 },
    { kind: 'restarting', since: 0, cause: 'x', at: 1 },
    { kind: 'degraded', since: 0, cause: 'x', at: 1 },
  ];
  const events: AgentEvent[] = [
    { kind: 'start' },
    { kind: 'started' },
    { kind: 'load', tasks: 1 },
    { kind: 'restart', cause: 'y', at: 2 },
    { kind: 'set-aside', cause: 'y', at: 2 },
    { kind: 'stop' },
  ];

  it.each(states)('$kind takes exactly its events and refuses the others with a code', (state) => {
    for (const event of events) {
      if (LEGAL[state.kind].includes(event.kind)) expect(transition(state, event, 5)).toBeDefined();
      else
        expect(() => transition(state, event, 5)).toThrow(expect.objectContaining({ code: 'AGENT_WRONG_TRANSITION' }));
    }
  });

  it('stays busy from the first task to the last', () => {
    const busy = transition({ kind: 'ready', since: 0 }, { kind: 'load', tasks: 1 }, 10);
    expect(transition(busy, { kind: 'load', tasks: 2 }, 20)).toEqual({ kind: 'busy', since: 10, tasks: 2 });
    expect(transition(busy, { kind: 'load', tasks: 0 }, 30)).toEqual({ kind: 'ready', since: 30 });
  });
});

describe('restart policy', () => {
  const policy = { maxRestarts: 3, period: 60_000, retryDegraded: 300_000 };
  const decide = (history: RestartHistory, now: number) => decideRestart(history, now, policy, seededRandom(1));

  it('restarts at once, then with growing waits, then sets aside', () => {
    const first = decide(NO_FAILURES, 0);
    expect(first).toMatchObject({ kind: 'restart', after: 0 });
    const second = decide(first.history, 10);
    expect(second).toMatchObject({ kind: 'restart', after: expect.closeTo(75, -2) });
    const third = decide(second.history, 200);
    expect(third.kind).toBe('restart');
    expect(decide(third.history, 500)).toMatchObject({ kind: 'set-aside', retryAfter: 300_000 });
  });

  it('forgets failures older than the period', () => {
    expect(decide({ failures: [0, 1, 2], onProbation: false }, 60_002)).toMatchObject({ kind: 'restart', after: 0 });
  });

  it('sets aside again at the first failure on probation', () => {
    expect(decide({ failures: [], onProbation: true }, 0)).toMatchObject({ kind: 'set-aside' });
  });

  it('names whom a failure takes along', () => {
    expect(affectedBy('one-for-one', ['a', 'b', 'c'], 'b')).toEqual(['b']);
    expect(affectedBy('rest-for-one', ['a', 'b', 'c'], 'b')).toEqual(['b', 'c']);
    expect(affectedBy('one-for-all', ['a', 'b', 'c'], 'b')).toEqual(['a', 'b', 'c']);
  });
});

describe('mailbox', () => {
  it('never holds more than its bound and counts every loss', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom('drop-oldest' as const, 'refuse' as const),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (most, whenFull, offers) => {
          const mailbox = new Mailbox<number>({ most, whenFull });
          let offered = 0;
          let taken = 0;
          for (const offer of offers) {
            if (offer) mailbox.offer(offered++);
            else if (mailbox.take() !== undefined) taken++;
            expect(mailbox.waiting).toBeLessThanOrEqual(most);
          }
          expect(taken + mailbox.waiting + mailbox.dropped).toBe(offered);
        },
      ),
    );
  });

  it('keeps the newest or the oldest, as asked', () => {
    const fill = (whenFull: 'drop-oldest' | 'refuse') => {
      const mailbox = new Mailbox<number>({ most: 2, whenFull });
      return { taken: [1, 2, 3].map((n) => mailbox.offer(n)), kept: [mailbox.take(), mailbox.take()] };
    };
    expect(fill('drop-oldest')).toEqual({ taken: [true, true, true], kept: [2, 3] });
    expect(fill('refuse')).toEqual({ taken: [true, true, false], kept: [1, 2] });
  });
});

describe('heartbeat deadline', () => {
  it('forgives once when its own timer fired late, since then the whole daemon was stalled', () => {
    let now = 0;
    let fire = (): void => {};
    let missed = 0;
    const clock = {
      now: () => now,
      wall: () => now,
      every: () => ({ cancel: () => {} }),
      after: (_delay: number, run: () => void) => {
        fire = run;
        return { cancel: () => {} };
      },
    };
    const deadline = new HeartbeatDeadline(clock, 1_000, () => missed++);
    deadline.beat(0);
    now = 3_000;
    fire();
    expect(missed).toBe(0);
    now = 6_000;
    fire();
    expect(missed).toBe(1);
  });
});

describe('a supervisor under any sequence of events', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 400_000 }) }),
    fc.record({
      do: fc.constantFrom('crash' as const, 'work' as const, 'hang' as const, 'restart' as const, 'post' as const),
      agent: fc.nat(20),
    }),
    fc.record({ do: fc.constantFrom('add' as const, 'remove' as const, 'stop' as const, 'start' as const) }),
  );

  it('keeps every state legal, every promise handled and every agent alive or accounted for', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    process.on('uncaughtException', onUnhandled);
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.infiniteStream(fc.nat(9)), async (steps, dice) => {
          const clock = new VirtualClock();
          const { supervisor, instances, spec } = supervise({ clock, strategy: 'rest-for-one' });
          const roll = (): number => dice.next().value ?? 9;
          const script = () => ({
            onStart: () => {
              const face = roll();
              if (face === 0) return Promise.reject(new Error('start'));
              if (face === 1) return new Promise<void>(() => {});
              if (face === 2) throw new Error('thrown');
              return undefined;
            },
            onStop: () => {
              const face = roll();
              if (face === 0) return Promise.reject(new Error('stop'));
              return face === 1 ? new Promise<void>(() => {}) : undefined;
            },
            onMessage: (message: string) => {
              if (roll() === 0) throw new Error(message);
            },
          });
          let stopped = true;
          let added = 0;
          const pending: Promise<unknown>[] = [];
          const expected = (work: Promise<unknown>): void => void pending.push(work.catch(() => {}));
          for (const each of steps) {
            if (each.do === 'advance') clock.advance(each.ms);
            else if (each.do === 'add') expected(supervisor.add(spec(`agent-${added++}`, script)));
            else if (each.do === 'remove') expected(supervisor.remove(`agent-${added - 1}`));
            else if (each.do === 'start') {
              if (stopped) expected(supervisor.start(new AbortController().signal));
              stopped = false;
            } else if (each.do === 'stop') {
              expected(supervisor.stop());
              stopped = true;
            } else if ('agent' in each) {
              if (each.do === 'restart') expected(supervisor.restart(`agent-${each.agent % Math.max(1, added)}`));
              const instance = instances[each.agent % Math.max(1, instances.length)];
              if (each.do === 'crash') instance?.work.run(() => Promise.reject(new Error('crash')));
              if (each.do === 'work') instance?.work.run(() => {});
              if (each.do === 'hang') instance?.beat(0);
              if (each.do === 'post') instance?.post('hello');
            }
            await settle();
            for (const agent of supervisor.agents()) expect(Value.Check(AgentView, agent)).toBe(true);
          }
          const end = supervisor.stop();
          await settle();
          clock.advance(10_000);
          await end;
          expect(supervisor.agents().every((agent) => agent.state === 'stopped')).toBe(true);
          clock.advance(1_000_000);
          await settle();
          expect(supervisor.agents().every((agent) => agent.state === 'stopped')).toBe(true);
          await Promise.all(pending);
        }),
        { numRuns: 150 },
      );
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', onUnhandled);
      process.off('uncaughtException', onUnhandled);
    }
  });
});
