// The whole command line: which commands there are, and how a run of it ends.

import { CommanderError } from 'commander';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { Cli, type CliDeps } from './cli.ts';
import { CliCommand } from './command.ts';
import { registerAgents } from './commands/agents.ts';
import { registerCameras } from './commands/cameras.ts';
import { registerConfig } from './commands/config.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEvents } from './commands/events.ts';
import { registerMesh } from './commands/mesh.ts';
import { registerModel } from './commands/model.ts';
import { registerNetwork } from './commands/network.ts';
import { registerProfile } from './commands/profile.ts';
import { registerStatus } from './commands/status.ts';
import { registerStore } from './commands/store.ts';
import { registerToken } from './commands/token.ts';
import type { Terminal } from './terminal.ts';

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, wrongUse: 2 } as const;

export interface Program {
  /** For further commands, and for the reference. */
  command: CliCommand;
  /** Runs one command; resolves to the exit code once everything is written. Never rejects. */
  execute(args: readonly string[]): Promise<number>;
}

/** Adds commands of its own to the program. */
export type Registration = (program: CliCommand, cli: Cli) => void;

/** @param first commands that come before the built-in ones: `run`, `demo` */
export function createProgram(deps: CliDeps, first: readonly Registration[] = []): Program {
  const cli = new Cli(deps);
  const { terminal } = deps;
  const command = new CliCommand('parlmesh')
    .description('A node of a self-healing mesh of small boards: links, agents, cameras, and a page to see it all.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .exitOverride()
    // `agents restart ID -o json`: what comes after a command is that command's.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.note(text.trimEnd()),
      getOutHelpWidth: () => terminal.width,
      getErrHelpWidth: () => terminal.width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      // Told by `execute`, which knows in which format.
      outputError: () => {},
    })
    .addHelpText('after', '\nExit codes: 0 done, 1 failed or something is wrong, 2 wrong use.')
    .example('status', 'is everything well?')
    .example('network invite', 'let another board in')
    .example('doctor', 'what is wrong, and what to do?');
  const registrations: readonly Registration[] = [
    ...first,
    registerStatus,
    registerMesh,
    registerAgents,
    registerCameras,
    registerEvents,
    registerDoctor,
    registerNetwork,
    registerToken,
    registerConfig,
    registerProfile,
    registerStore,
    registerModel,
  ];
  for (const register of registrations) register(command, cli);
  return { command, execute: (args) => execute(command, cli, args) };
}

async function execute(command: CliCommand, cli: Cli, args: readonly string[]): Promise<number> {
  cli.exitCode = EXIT.ok;
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (error) {
    cli.exitCode = tell(cli.terminal, error, asksForJson(args));
  }
  await cli.terminal.flush();
  return cli.exitCode;
}

/** Tells what went wrong and returns the exit code. */
function tell(terminal: Terminal, error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    // A group named without a command: its help was printed.
    if (error.code === 'commander.help') return EXIT.wrongUse;
    const hint = 'parlmesh --help lists the commands; each has a --help with examples';
    const message = error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '. $1');
    tellAs(terminal, { code: 'CLI_WRONG_USE', message, hint }, json);
    return EXIT.wrongUse;
  }
  if (error instanceof ParlmeshError) {
    const { code, message, hint, data } = error;
    tellAs(terminal, { code, message, ...(hint !== undefined && { hint }), data }, json);
    return EXIT.failed;
  }
  tellAs(terminal, { code: 'CLI_FAILED', message: messageOf(error) }, json);
  return EXIT.failed;
}

interface Told {
  code: string;
  message: string;
  hint?: string;
  data?: Record<string, unknown>;
}

function tellAs(terminal: Terminal, told: Told, json: boolean): void {
  if (json) {
    terminal.note(JSON.stringify({ error: told }));
    return;
  }
  terminal.note(`parlmesh: ${told.message}`);
  if (told.hint !== undefined) terminal.note(told.hint);
}

/** Also where the arguments are too wrong to be parsed. */
function asksForJson(args: readonly string[]): boolean {
  return args.some(
    (arg, index) =>
      arg === '-ojson' ||
      arg === '--output=json' ||
      (arg === 'json' && ['-o', '--output'].includes(args[index - 1] ?? '')),
  );
}
