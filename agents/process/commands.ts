// The configured commands of a node: nothing else is ever run. Whoever names one may add arguments only as far as its
// settings allow.

import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { CommandConfig } from './config.ts';
import { type ProgramOutcome, runProgram } from './program.ts';

export interface CommandRun {
  name: string;
  extraArguments?: readonly string[];
  stdin?: Uint8Array | string;
  /** Variables besides those of its settings. */
  environment?: Readonly<Record<string, string>>;
  /** Ends the run, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  onStderr?(chunk: Buffer): void;
}

const LONGEST_ARGUMENT = 4096;

export class Commands {
  readonly #clock: Clock;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #commands: ReadonlyMap<string, CommandConfig> = new Map();

  /** @param environment of the daemon; commands see of it what their settings name */
  constructor(clock: Clock, environment: Readonly<Record<string, string | undefined>>) {
    this.#clock = clock;
    this.#environment = environment;
  }

  configure(commands: readonly CommandConfig[]): void {
    this.#commands = new Map(commands.map((command) => [command.name, command]));
  }

  names(): string[] {
    return [...this.#commands.keys()];
  }

  /**
   * Resolves when the program ended with exit code 0. Rejects with `COMMAND_UNKNOWN`, `COMMAND_ARGUMENTS`,
   * `PROGRAM_FAILED` for another exit code, and with what `runProgram` rejects with.
   */
  async run({ name, extraArguments = [], stdin, environment, signal, onStderr }: CommandRun): Promise<ProgramOutcome> {
    const command = this.#commands.get(name);
    if (command === undefined) {
      throw new ParlmeshError('COMMAND_UNKNOWN', `"${name}" is no command of this node`, {
        hint: `agents.commands names: ${this.names().join(', ') || 'none'}`,
      });
    }
    checkArguments(command, extraArguments);
    const outcome = await runProgram(
      {
        argv: [...command.argv, ...extraArguments],
        folder: command.folder,
        environment: { HOME: command.folder, ...this.#shown(command), ...environment },
        timeout: command.timeout * 1000,
        mostOutputBytes: command.mostOutput,
        nice: command.nice,
        ...(stdin !== undefined && { stdin }),
        ...(command.memory !== undefined && { memoryBytes: command.memory * 1024 * 1024 }),
      },
      { clock: this.#clock, ...(signal !== undefined && { signal }), ...(onStderr !== undefined && { onStderr }) },
    );
    if (outcome.exitCode !== 0) throw failed(name, outcome);
    return outcome;
  }

  #shown({ environment }: CommandConfig): Record<string, string> {
    return Object.fromEntries(
      environment.flatMap((variable) => {
        const value = this.#environment[variable];
        return value === undefined ? [] : [[variable, value]];
      }),
    );
  }
}

function checkArguments({ name, argv, extraArguments: most }: CommandConfig, given: readonly string[]): void {
  const refuse = (why: string): never => {
    throw new ParlmeshError('COMMAND_ARGUMENTS', `command "${name}" ${why}`, {
      hint: 'extraArguments in its settings says how many it takes',
    });
  };
  if (given.length > most) refuse(`takes ${most} further arguments, not ${given.length}`);
  for (const argument of given) {
    if (argument.length > LONGEST_ARGUMENT) refuse(`takes arguments of at most ${LONGEST_ARGUMENT} characters`);
    if (argument.includes('\0')) refuse('takes no argument with a zero byte');
    if (argument.startsWith('-') && argv.at(-1) !== '--') refuse(`takes no options such as "${argument.slice(0, 40)}"`);
  }
}

function failed(name: string, { exitCode, signal, stderr }: ProgramOutcome): ParlmeshError {
  const said = lastLine(stderr.toString());
  const how = exitCode === undefined ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  return new ParlmeshError('PROGRAM_FAILED', `command "${name}" ${how}${said === '' ? '' : `: ${said}`}`, {
    data: { exitCode: exitCode ?? null },
  });
}

function lastLine(text: string): string {
  return (text.trimEnd().split('\n').at(-1) ?? '').trim().slice(0, 300);
}
