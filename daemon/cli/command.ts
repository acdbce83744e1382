// A commander command that knows examples, and the options that all commands share.

import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from './format.ts';

export interface Example {
  line: string;
  meaning: string;
}

export class CliCommand extends Command {
  readonly examples: Example[] = [];

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name);
  }

  /** Adds an example to the help; every command has at least one. */
  example(line: string, meaning: string): this {
    this.examples.push({ line, meaning });
    return this;
  }

  /** Adds `-o` and `--data-dir`. */
  common(): this {
    return this.addOption(
      new Option('-o, --output <format>', 'for people or for programs').choices(['table', 'json']).default('table'),
    ).option(
      '--data-dir <folder>',
      'folder of the daemon to ask (default: PARLMESH_DATA_DIR, else where it usually is)',
    );
  }

  subcommands(): CliCommand[] {
    return this.commands.filter((command) => command instanceof CliCommand);
  }

  override helpInformation(...context: Parameters<Command['helpInformation']>): string {
    const help = super.helpInformation(...context);
    if (this.examples.length === 0) return help;
    const lines = this.examples.map(({ line, meaning }) => `  $ parlmesh ${line}\n      ${meaning}`);
    return `${help}\nExamples:\n${lines.join('\n')}\n`;
  }
}

/** For options that take a duration; gives seconds. */
export function durationOption(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds <= 0)
    throw new InvalidArgumentError('Expected a duration like 90s, 15min, 2h or 7d.');
  return seconds;
}

/** The same, for what must not be shorter than a minute. */
export function minuteOrMoreOption(text: string): number {
  const seconds = durationOption(text);
  if (seconds < 60) throw new InvalidArgumentError('Expected at least a minute, e.g. 15min, 2h or 7d.');
  return seconds;
}

/** For options that take a whole number from `least` to `most`. */
export function integerOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}
