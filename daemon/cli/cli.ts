// What every command gets: the terminal, the way to the daemon, and how to print a result for people or for programs.

import { ParlmeshError } from '../../core/errors.ts';
import { ApiClient, NO_DAEMON, socketCandidates } from './client.ts';
import type { OfflineActions } from './offline.ts';
import type { Terminal } from './terminal.ts';

export interface CliDeps {
  /** Of parlmesh, for `--version`. */
  version: string;
  terminal: Terminal;
  env: NodeJS.ProcessEnv;
  /** Loads what works on the files, once it is needed. */
  offline: () => Promise<OfflineActions>;
  /** Ends what would go on for ever (`events --follow`). */
  signal?: AbortSignal;
}

/** The options that all commands share. */
export interface CommonOptions {
  output: 'table' | 'json';
  dataDir?: string;
}

export class Cli {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly offline: () => Promise<OfflineActions>;
  /** Aborts when the command should end: asked to, or nobody reads any more. */
  readonly signal: AbortSignal;
  /** A command that did its work but found something wrong sets 1. */
  exitCode = 0;

  constructor({ terminal, env, offline, signal }: CliDeps) {
    this.terminal = terminal;
    this.env = env;
    this.offline = offline;
    this.signal = signal === undefined ? terminal.gone : AbortSignal.any([terminal.gone, signal]);
  }

  client({ dataDir }: { dataDir?: string }): ApiClient {
    return new ApiClient(() => socketCandidates(dataDir, this.env));
  }

  /** The data folder to work on when no daemon runs. */
  async dataDir({ dataDir }: { dataDir?: string }): Promise<string> {
    const { resolveDataDir } = await import('../config/data-dir.ts');
    return resolveDataDir({ dataDir: dataDir ?? (this.env.PARLMESH_DATA_DIR || undefined) }, this.env);
  }

  /** What the daemon answers, or what `otherwise` makes of the files when none runs. */
  async daemonOr<T>(
    options: { dataDir?: string },
    ask: (client: ApiClient) => Promise<T>,
    otherwise: (dataDir: string) => Promise<T>,
  ): Promise<T> {
    try {
      return await ask(this.client(options));
    } catch (error) {
      if (!(error instanceof ParlmeshError && error.code === NO_DAEMON)) throw error;
      return otherwise(await this.dataDir(options));
    }
  }

  /** Prints `value` as JSON, or what `render` makes of it. */
  show<T>(options: { output: 'table' | 'json' }, value: T, render: (value: T) => string): void {
    this.terminal.print(options.output === 'json' ? JSON.stringify(value, undefined, 2) : render(value));
  }
}
