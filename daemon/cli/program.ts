// The whole command line: which commands there are, and how a run of it ends.

import { CommanderError } from 'commander';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { Cli, type CliDeps } from './cli.ts';
import { CliCommand } from './command.ts';
import type { Terminal } from './terminal.ts';

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, wrongUse: 2 } as const;

/** Adds commands to the program. */
type Registration = (program: CliCommand, cli: Cli) => void;

/** Commands that are loaded together, and only when one of them is asked for: starting is slow on a small board. */
interface CommandFile {
  names: readonly string[];
  load(): Promise<Registration>;
}

const COMMANDS: readonly CommandFile[] = [
  { names: ['run'], load: async () => (await import('./commands/run.ts')).registerRun },
  { names: ['demo'], load: async () => (await import('./commands/run.ts')).registerDemo },
  { names: ['status'], load: async () => (await import('./commands/status.ts')).registerStatus },
  { names: ['wake'], load: async () => (await import('./commands/wake.ts')).registerWake },
  { names: ['peers', 'links', 'routes'], load: async () => (await import('./commands/mesh.ts')).registerMesh },
  { names: ['mesh'], load: async () => (await import('./commands/map.ts')).registerMap },
  { names: ['ping', 'trace', 'forward'], load: async () => (await import('./commands/relay.ts')).registerRelay },
  { names: ['agents'], load: async () => (await import('./commands/agents.ts')).registerAgents },
  { names: ['job'], load: async () => (await import('./commands/job.ts')).registerJob },
  { names: ['chaos'], load: async () => (await import('./commands/chaos.ts')).registerChaos },
  { names: ['camera'], load: async () => (await import('./commands/camera.ts')).registerCamera },
  { names: ['cameras'], load: async () => (await import('./commands/cameras.ts')).registerCameras },
  { names: ['vision'], load: async () => (await import('./commands/vision.ts')).registerVision },
  { names: ['anomaly'], load: async () => (await import('./commands/anomaly.ts')).registerAnomaly },
  { names: ['events'], load: async () => (await import('./commands/events.ts')).registerEvents },
  { names: ['incidents'], load: async () => (await import('./commands/incidents.ts')).registerIncidents },
  { names: ['doctor'], load: async () => (await import('./commands/doctor.ts')).registerDoctor },
  { names: ['network'], load: async () => (await import('./commands/network.ts')).registerNetwork },
  { names: ['oracle'], load: async () => (await import('./commands/oracle.ts')).registerOracle },
  { names: ['audit'], load: async () => (await import('./commands/audit.ts')).registerAudit },
  { names: ['token'], load: async () => (await import('./commands/token.ts')).registerToken },
  { names: ['config'], load: async () => (await import('./commands/config.ts')).registerConfig },
  { names: ['profile'], load: async () => (await import('./commands/profile.ts')).registerProfile },
  { names: ['store'], load: async () => (await import('./commands/store.ts')).registerStore },
  { names: ['model'], load: async () => (await import('./commands/model.ts')).registerModel },
  { names: ['policy'], load: async () => (await import('./commands/policy.ts')).registerPolicy },
  { names: ['federation'], load: async () => (await import('./commands/federation.ts')).registerFederation },
  { names: ['simulate'], load: async () => (await import('./commands/simulate.ts')).registerSimulate },
];

export interface Program {
  /** Runs one command; resolves to the exit code once everything is written. Never rejects. */
  execute(args: readonly string[]): Promise<number>;
  /** The program with all its commands, for the reference. */
  complete(): Promise<CliCommand>;
}

export function createProgram(deps: CliDeps): Program {
  const cli = new Cli(deps);
  const load = async (wanted: readonly CommandFile[]): Promise<CliCommand> => {
    const command = rootCommand(deps);
    for (const register of await Promise.all(wanted.map((file) => file.load()))) register(command, cli);
    return command;
  };
  return {
    complete: () => load(COMMANDS),
    execute: async (args) => {
      // Help and mistakes need them all.
      const named = COMMANDS.filter((file) => file.names.includes(args[0] ?? ''));
      return execute(() => load(named.length > 0 ? named : COMMANDS), cli, args);
    },
  };
}

function rootCommand({ version, terminal }: CliDeps): CliCommand {
  return (
    new CliCommand('parlmesh')
      .description('A node of a self-healing mesh of small boards: links, agents, cameras, and a page to see it all.')
      .version(version, '-V, --version', 'print the version')
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
      .addHelpText('after', '\nExit codes: 0 done, 1 failed or something is wrong, 2 wrong use or configuration.')
      .example('status', 'is everything well?')
      .example('network invite', 'let another board in')
      .example('doctor', 'what is wrong, and what to do?')
  );
}

async function execute(load: () => Promise<CliCommand>, cli: Cli, args: readonly string[]): Promise<number> {
  cli.exitCode = EXIT.ok;
  try {
    await (await load()).parseAsync(args, { from: 'user' });
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
    // Trying again would not help either: the service manager is told so by the code.
    return code === 'CONFIG_INVALID' ? EXIT.wrongUse : EXIT.failed;
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
