// The agent of one configured command: runs it at its interval, if it has one, and on demand, and tells when it begins to
// fail and when that is over. A letter `{ args?, stdin? }` that wants a reply runs it and is answered with what it prints.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import { Agent } from '../agent.ts';
import { onThisNode } from '../capabilities.ts';
import type { Letter } from '../communication/letter.ts';
import type { Commands } from '../process/commands.ts';
import type { CommandConfig } from '../process/config.ts';
import { type FailingState, NOT_FAILING, observeOutcome } from './failing.ts';

export interface CommandRunnerOptions {
  id: string;
  command: CommandConfig;
  commands: Commands;
  journal: Journal;
  clock: Clock;
}

const Order = Type.Union([
  Type.Null(),
  Type.Object(
    {
      args: Type.Optional(Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 32 })),
      stdin: Type.Optional(Type.String({ maxLength: 64_000 })),
    },
    { additionalProperties: false },
  ),
]);
type Order = Static<typeof Order>;

/** What it may take to end once its time is over. */
const ENDING: Millis = 5_000;
const MOST_REPLY_CHARACTERS = 16_000;

export class CommandRunner extends Agent {
  readonly #options: CommandRunnerOptions;
  #state: FailingState = NOT_FAILING;
  #running = false;

  constructor(options: CommandRunnerOptions) {
    const capabilities = [onThisNode('command.run')];
    super({ id: options.id, kind: 'command', version: '1', capabilities }, options.clock);
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { interval } = this.#options.command;
    this.#rest();
    if (interval === undefined) return;
    this.scope.run((signal) => this.#attempt(signal));
    this.scope.every(interval * 1000, (signal) => this.#attempt(signal));
  }

  protected override async onLetter({ body }: Letter): Promise<{ stdout: string; seconds: number }> {
    if (!Value.Check(Order, body)) {
      throw new ParlmeshError('COMMAND_ARGUMENTS', 'a command takes null or { args?, stdin? }');
    }
    return this.#run(this.scope.signal, body ?? {});
  }

  /** At the interval: a failure is told, not thrown. */
  async #attempt(signal: AbortSignal): Promise<void> {
    if (this.#running) return;
    await this.#run(signal, {}).catch(() => {});
  }

  async #run(signal: AbortSignal, { args, stdin }: NonNullable<Order>): Promise<{ stdout: string; seconds: number }> {
    const { command, commands } = this.#options;
    this.#running = true;
    this.heartbeat(command.timeout * 1000 + ENDING);
    try {
      const { stdout, seconds } = await commands.run({
        ...{ name: command.name, signal },
        ...(args !== undefined && { extraArguments: args }),
        ...(stdin !== undefined && { stdin }),
      });
      this.#take({ ok: true });
      return { stdout: stdout.toString().slice(0, MOST_REPLY_CHARACTERS), seconds };
    } catch (error) {
      if (!signal.aborted) this.#take({ ok: false, cause: messageOf(error) });
      throw error;
    } finally {
      this.#running = false;
      this.#rest();
    }
  }

  #take(outcome: { ok: boolean; cause?: string }): void {
    const { command, journal } = this.#options;
    const { name, failures, recoveries } = command;
    const rule = { kind: 'command', subject: `agent/${this.id}`, what: `Command ${name}`, failures, recoveries };
    const { state, entry } = observeOutcome(this.#state, outcome, rule);
    this.#state = state;
    if (entry !== undefined) journal.record(entry);
  }

  #rest(): void {
    const { interval } = this.#options.command;
    this.heartbeat(
      interval === undefined ? Number.POSITIVE_INFINITY : interval * 1000 + this.#options.command.timeout * 1000,
    );
  }
}
