import { describe, expect, it } from 'vitest';
import { WaitExecutor } from '../../../agents/swarm/executors/wait.ts';
import type { TaskExecutor } from '../../../agents/swarm/task-executor.ts';
import { operator, VirtualSwarm, wide } from './virtual-swarm.ts';

const echo: TaskExecutor = { kind: 'echo', check: () => {}, run: async (input) => input };

describe('A swarm of one node', () => {
  it('carries out the tasks of a job in the order of their needs and hands results on', async () => {
    const swarm = new VirtualSwarm({ executors: (_, clock) => [new WaitExecutor(clock), echo] });
    const node = await swarm.start('a');
    const { id } = await swarm.submit(node, {
      name: 'chain',
      tasks: [
        { id: 'first', kind: 'wait', input: { seconds: 0.5 } },
        { id: 'second', kind: 'echo', input: { of: [{ $result: 'first' }] } },
      ],
    });
    const view = await swarm.ended(id);
    expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 2, ready: 0, running: 0, waiting: 0 } });
    const detail = await node.swarm.changes.job(id);
    expect(detail.tasks.map(({ result }) => result)).toEqual([{ seconds: 0.5 }, { of: [{ seconds: 0.5 }] }]);
    expect(detail.tasks[1]!.startedAt!).toBeGreaterThanOrEqual(detail.tasks[0]!.finishedAt!);
    expect(detail.tasks[0]!.attempts[0]!.why).toBe('heft: only a is free for it; done in 1.0 s');
  });

  it('runs as many tasks at a time as it has slots', async () => {
    const swarm = new VirtualSwarm();
    const node = await swarm.start('a');
    const { id } = await swarm.submit(node, wide(12, 1));
    const { figures } = await swarm.ended(id);
    expect(figures).toMatchObject({ mostParallel: 4, steps: 12, workSeconds: 12 });
    expect(figures.seconds).toBeLessThan(3.2);
  });
});

describe('A swarm of three nodes', () => {
  it('spreads a job over all of them', async () => {
    const swarm = new VirtualSwarm();
    const [a] = [await swarm.start('a'), await swarm.start('b'), await swarm.start('c')];
    await swarm.pass(100);
    const { id } = await swarm.submit(a!, wide(12, 1));
    const view = await swarm.ended(id);
    expect(view.figures.seconds).toBeLessThan(1.2);
    const { tasks } = await a!.swarm.changes.job(id);
    const nodes = tasks.map(({ attempts }) => attempts[0]!.node.name).sort();
    expect(nodes).toEqual([...'aaaabbbbcccc']);
    expect(view.deputy).toBeDefined();
  });

  it('sends a node its next task before the one it carries out has ended', async () => {
    const swarm = new VirtualSwarm({ latency: 8, config: { agents: { min: 1, max: 1 }, slotsPerAgent: 1 } });
    const [a] = [await swarm.start('a'), await swarm.start('b'), await swarm.start('c')];
    await swarm.pass(100);
    const { id } = await swarm.submit(a!, wide(60, 0.2));
    const view = await swarm.ended(id);
    // 20 tasks each; with a way there and back between every two it would take 4.3 s.
    expect(view.figures.seconds).toBeLessThan(4.12);
    expect(view.figures.mostParallel).toBeLessThanOrEqual(5);
  });

  it('takes back what waits behind a task that takes longer than expected once another node has nothing to do', async () => {
    const swarm = new VirtualSwarm({ latency: 2, config: { agents: { min: 1, max: 1 }, slotsPerAgent: 1 } });
    const [a] = [await swarm.start('a'), await swarm.start('b')];
    await swarm.pass(100);
    const spec = wide(6, 0.2);
    // Each is expected to take 0.2 s; the first takes 5 s.
    for (const task of spec.tasks.slice(0, 1)) task.input = { seconds: 5 };
    const { id } = await swarm.submit(a!, spec);
    await swarm.pass(2000);
    expect((await a!.swarm.changes.job(id)).counts).toMatchObject({ succeeded: 5, running: 1, ready: 0 });
  });

  it('gives the tasks of a node that dies to others', async () => {
    const swarm = new VirtualSwarm();
    const [a, b] = [await swarm.start('a'), await swarm.start('b'), await swarm.start('c')];
    await swarm.pass(100);
    const { id } = await swarm.submit(a!, wide(12, 4));
    await swarm.pass(1000);
    b!.kill();
    const view = await swarm.ended(id);
    expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 12 } });
    const { tasks } = await a!.swarm.changes.job(id);
    const lost = tasks.filter(({ attempts }) => attempts.some(({ outcome }) => outcome === 'lost'));
    expect(lost).toHaveLength(4);
    for (const { attempts } of lost) expect(attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  });

  it('goes on at the deputy when the home dies, without doing again what others have in hand', async () => {
    const swarm = new VirtualSwarm();
    const [a, b, c] = [await swarm.start('a'), await swarm.start('b'), await swarm.start('c')];
    await swarm.pass(100);
    const { id } = await swarm.submit(a!, wide(12, 4));
    await swarm.pass(1000);
    a!.kill();
    const view = await swarm.ended(id);
    expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 12 } });
    const home = [b!, c!].find(({ id: name }) => name === view.home.name)!;
    expect(home.swarm.figures().succession.takenOver).toBe(1);
    const { tasks } = await home.swarm.changes.job(id);
    const elsewhere = tasks.filter(({ attempts }) => attempts.every(({ node }) => node.name !== 'a'));
    expect(elsewhere.length).toBeGreaterThanOrEqual(8);
    for (const { attempts } of elsewhere) expect(attempts).toHaveLength(1);
  });

  it('goes on at the home when that is started again', async () => {
    const swarm = new VirtualSwarm();
    const [a, b] = [await swarm.start('a'), await swarm.start('b')];
    await swarm.pass(100);
    const { id } = await swarm.submit(a!, wide(8, 4));
    await swarm.pass(1000);
    a!.kill();
    const again = await swarm.start('a');
    const view = await swarm.ended(id);
    expect(view).toMatchObject({ state: 'succeeded', home: { name: 'a' } });
    const { tasks } = await again.swarm.changes.job(id);
    const there = tasks.filter(({ attempts }) => attempts[0]!.node.name === 'b');
    expect(there.length).toBeGreaterThan(0);
    for (const { attempts } of there) expect(attempts).toHaveLength(1);
    expect(b!.swarm.figures().succession.takenOver).toBe(0);
  });

  it('cancels on any node that is asked to', async () => {
    const swarm = new VirtualSwarm();
    const [a, b] = [await swarm.start('a'), await swarm.start('b')];
    await swarm.pass(100);
    const { id } = await swarm.submit(a!, wide(8, 100));
    await swarm.pass(2000);
    const view = await swarm.settled(b!.swarm.changes.cancel(id, operator));
    expect(view).toMatchObject({ state: 'cancelled', cause: 'Cancelled by tester' });
    await swarm.pass(500);
    expect(a!.swarm.figures().worker.running + b!.swarm.figures().worker.running).toBe(0);
  });
});
