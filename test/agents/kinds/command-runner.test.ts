import { afterEach, describe, expect, it } from 'vitest';
import { CommandRunner } from '../../../agents/kinds/command-runner.ts';
import { Commands } from '../../../agents/process/commands.ts';
import type { CommandConfig } from '../../../agents/process/config.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { supervise } from '../scripted-agent.ts';

let supervisor: Supervisor;
afterEach(() => supervisor.stop());

async function running(settings: Partial<CommandConfig> & { argv: string[] }) {
  const parts = supervise({ clock: systemClock });
  supervisor = parts.supervisor;
  const command: CommandConfig = {
    ...{ name: 'it', timeout: 20, mostOutput: 100_000, nice: 0, environment: [], folder: '/', extraArguments: 1 },
    ...{ failures: 1, recoveries: 1, ...settings },
  };
  const commands = new Commands(systemClock, {});
  commands.configure([command]);
  await supervisor.start(new AbortController().signal);
  const journal = { record: (entry: (typeof parts.journal)[number]) => parts.journal.push(entry) };
  await supervisor.add({
    id: 'command/it',
    create: () => new CommandRunner({ id: 'command/it', command, commands, journal, clock: systemClock }),
  });
  const ask = (body: unknown) =>
    supervisor.deliver('command/it', {
      ...{ id: '1', from: 'one/x', body, wantsReply: true, hops: 0, expiresAt: Number.POSITIVE_INFINITY },
    });
  return { ...parts, ask };
}

describe('the agent of a command', () => {
  it('runs it on demand and answers with what it prints', async () => {
    const { ask, stateOf } = await running({ argv: ['printf', '%s'] });
    expect(await ask({ args: ['hello'] })).toMatchObject({ stdout: 'hello' });
    await expect(ask({ argv: ['rm'] })).rejects.toMatchObject({ code: 'COMMAND_ARGUMENTS' });
    await expect(ask({ args: ['a', 'b'] })).rejects.toMatchObject({ code: 'COMMAND_ARGUMENTS' });
    expect(stateOf('command/it')).toBe('ready');
  });

  it('runs it at its interval and tells when it begins to fail', async () => {
    const { journal, stateOf } = await running({ argv: ['ls', '/no/such/place'], interval: 1 });
    await expect.poll(() => journal.map(({ kind }) => kind), { timeout: 15_000 }).toEqual(['command.failing']);
    expect(journal[0]?.message).toMatch(
      /^Command it fails: command "it" ended with exit code 2: .*ls: .*\/no\/such\/place/,
    );
    expect(['ready', 'busy']).toContain(stateOf('command/it'));
  });
});
