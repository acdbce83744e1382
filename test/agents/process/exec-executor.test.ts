import { describe, expect, it } from 'vitest';
import { Commands } from '../../../agents/process/commands.ts';
import { ExecExecutor } from '../../../agents/process/exec-executor.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { taskContext } from '../task-context.ts';

function executor(...argv: string[]): ExecExecutor {
  const commands = new Commands(systemClock, {});
  const base = { timeout: 20, mostOutput: 100_000, nice: 0, environment: [], folder: '/', failures: 1, recoveries: 1 };
  commands.configure([{ ...base, name: 'it', argv, extraArguments: 2 }]);
  return new ExecExecutor(commands);
}

describe('an exec task', () => {
  it('runs a configured command and results in what it prints', async () => {
    const { context, logged } = taskContext();
    const result = await executor('printf', '%s-%s').run({ command: 'it', args: ['a', 'b'] }, context);
    expect(result).toEqual({ stdout: 'a-b', seconds: expect.any(Number) });
    expect(logged).toEqual([]);
  });

  it('hands over input, the key of the task, and logs errors line by line', async () => {
    const { context, logged, blobs } = taskContext();
    const input = await context.writeBlob(Buffer.from('from a blob'));
    const source =
      'process.stdin.pipe(process.stdout); console.error("one\\ntwo"); console.error(process.env.TASK_KEY)';
    const result = await executor(process.execPath, '-e', source).run({ command: 'it', stdin: input }, context);
    expect(result).toMatchObject({ stdout: 'from a blob' });
    expect(logged).toEqual(['one', 'two', 'key-1']);
    expect(blobs.size).toBe(1);
  });

  it('keeps a large output as a blob', async () => {
    const { context, blobs } = taskContext();
    const result = await executor('head', '-c', '20000', '/dev/zero').run({ command: 'it' }, context);
    expect(result).toMatchObject({ stdout: { bytes: 20_000 } });
    expect([...blobs.values()].map(({ length }) => length)).toEqual([20_000]);
  });

  it('refuses input that can never work, and lets results of other tasks stand for values', () => {
    const exec = executor('echo');
    for (const input of [undefined, {}, { command: 1 }, { command: 'it', args: 'x' }, { command: 'it', shell: true }]) {
      expect(() => exec.check(input)).toThrow(expect.objectContaining({ code: 'TASK_INPUT_INVALID' }));
    }
    exec.check({ command: 'it', args: [{ $result: 'before' }], stdin: { $result: 'before' } });
  });

  it('fails when the command is not one of this node', async () => {
    const run = executor('echo').run({ command: 'other' }, taskContext().context);
    await expect(run).rejects.toMatchObject({ code: 'COMMAND_UNKNOWN' });
  });
});
