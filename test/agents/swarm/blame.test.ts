import { describe, expect, it } from 'vitest';
import { WaitExecutor } from '../../../agents/swarm/executors/wait.ts';
import type { TaskExecutor } from '../../../agents/swarm/task-executor.ts';
import { operator, VirtualSwarm, wide } from './virtual-swarm.ts';

/** Swarms in which a task of kind `poison` kills the node that it runs on, after a while. */
function withPoison(): VirtualSwarm {
  const swarm: VirtualSwarm = new VirtualSwarm({
    config: { agents: { min: 1, max: 1 }, slotsPerAgent: 1 },
    executors: (node, clock) => {
      const poison: TaskExecutor = {
        kind: 'poison',
        check: () => {},
        run: (_, { log }) => {
          log('I am going to do it');
          return new Promise(() => clock.after(1500, () => swarm.nodes.get(node)?.kill()));
        },
      };
      return [new WaitExecutor(clock), poison];
    },
  });
  return swarm;
}

describe('Who is to blame', { timeout: 60_000 }, () => {
  it('sets a task aside that kills its nodes, with its evidence, and blames none of those that waited beside it', async () => {
    const swarm = withPoison();
    const home = await swarm.start('home', { work: false });
    for (const id of ['a', 'b', 'c', 'd']) await swarm.start(id);
    await swarm.pass(300);
    const { id } = await swarm.submit(home, {
      name: 'poisoned',
      tasks: [{ id: 'bad', kind: 'poison' }, ...wide(12, 2).tasks],
    });
    const view = await swarm.ended(id, 120_000);
    expect(view).toMatchObject({ state: 'failed', counts: { succeeded: 12, 'set-aside': 1 } });
    expect(view.cause).toBe('Task "bad" failed: 3 nodes died while they worked on it');
    const { tasks } = await swarm.settled(home.swarm.changes.job(id));
    expect(tasks[0]!.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'lost', 'lost']);
    expect(new Set(tasks[0]!.attempts.map(({ node }) => node.name)).size).toBe(3);
    expect(tasks[0]!.log).toEqual(['I am going to do it']);
    for (const { attempts } of tasks.slice(1)) expect(attempts.map(({ outcome }) => outcome)).toEqual(['succeeded']);
  });

  it('tries a task elsewhere that failed, after a pause, and gives up when its input cannot work', async () => {
    const flaky: TaskExecutor = {
      kind: 'flaky',
      check: () => {},
      run: async (_, { attempt }) => {
        if (attempt < 3) throw new Error(`not at attempt ${attempt}`);
        return 'at last';
      },
    };
    const swarm = new VirtualSwarm({ executors: () => [flaky] });
    const nodes = [await swarm.start('a'), await swarm.start('b'), await swarm.start('c')];
    await swarm.pass(300);
    const { id } = await swarm.submit(nodes[0]!, { name: 'flaky', tasks: [{ id: 't', kind: 'flaky' }] });
    expect(await swarm.ended(id)).toMatchObject({ state: 'succeeded' });
    const [task] = (await swarm.settled(nodes[0]!.swarm.changes.job(id))).tasks;
    expect(task!.attempts.map(({ outcome, cause }) => [outcome, cause])).toEqual([
      ['failed', 'not at attempt 1'],
      ['failed', 'not at attempt 2'],
      ['succeeded', undefined],
    ]);
    expect(new Set(task!.attempts.map(({ node }) => node.name)).size).toBe(3);
    const unknown = nodes[0]!.swarm.changes.submit({ name: 'x', tasks: [{ id: 't', kind: 'nobody' }] }, operator);
    await expect(unknown).rejects.toThrow('Task "t": no node carries out tasks of kind "nobody"');
  });
});
