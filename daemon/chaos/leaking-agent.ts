// An agent whose process keeps more and more memory, up to a bound.

import { type ChildProcess, spawn } from 'node:child_process';
import { Agent } from '../../agents/agent.ts';
import { endGroup } from '../../agents/process/process-group.ts';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';

export interface LeakingAgentOptions {
  id: string;
  /** What it keeps in the end. */
  bytes: number;
  clock: Clock;
  started: (child: ChildProcess) => void;
}

/** Ends by itself too when nobody is there any more who would end it: its input closes. */
const SCRIPT = `
const most = Number(process.argv[1]);
const kept = [];
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
const timer = setInterval(() => {
  if (kept.length * 8e6 >= most) return;
  kept.push(Buffer.alloc(8e6, 1));
}, 150);
`;

export class LeakingAgent extends Agent {
  readonly #options: LeakingAgentOptions;
  #child: ChildProcess | undefined;

  constructor(options: LeakingAgentOptions) {
    super({ id: options.id, kind: 'chaos', version: '1', capabilities: [] }, options.clock);
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { bytes, started } = this.#options;
    this.heartbeat(Number.POSITIVE_INFINITY);
    const child = spawn(process.execPath, ['-e', SCRIPT, String(bytes)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#child = child;
    started(child);
    child.on(
      'exit',
      this.scope.guard((code: number | null, signal: NodeJS.Signals | null) => {
        throw new ParlmeshError('CHAOS_LEAK_ENDED', `its process ended (${signal ?? `code ${code}`})`);
      }),
    );
    child.on(
      'error',
      this.scope.guard((error: Error) => {
        throw error;
      }),
    );
  }

  protected override async onStop(): Promise<void> {
    if (this.#child?.exitCode === null) endGroup(this.#child, this.#options.clock);
  }
}
