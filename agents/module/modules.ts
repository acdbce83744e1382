// The modules of this node: which there are, what each is granted, and how a process of one is opened.

import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { ModulesConfig } from './config.ts';
import { type Confinement, moduleArgv, tryNamespaces } from './confinement.ts';
import { type Grants, grant, readManifest } from './manifest.ts';
import { type ModuleListener, ModuleProcess } from './module-process.ts';

export interface ModulesParts {
  config: ModulesConfig;
  /** Default folder of modules, and where they keep things. */
  dataDir: string;
  /** Of the daemon; modules see of it what they are granted. */
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Default: what this board allows. */
  confinement?: Confinement;
}

/** Now, and since the start. */
export interface ModuleFigures {
  /** Processes. */
  running: number;
  opened: number;
  /** Times that a module tried what it is not granted. */
  denied: number;
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const MOST_MODULES = 100;
const MOST_MANIFEST_BYTES = 64_000;
/** Longest frame: an agent sends letters, a task also blobs. */
const MOST_FRAME_BYTES = { agent: 256_000, task: 6_100_000 };
const MIB = 1024 * 1024;

export class Modules {
  readonly #parts: ModulesParts;
  #config: ModulesConfig;
  #confinement: Confinement | undefined;
  readonly #figures: ModuleFigures = { running: 0, opened: 0, denied: 0 };

  constructor(parts: ModulesParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#confinement = parts.confinement;
  }

  figures(): ModuleFigures {
    return { ...this.#figures };
  }

  /** A module tried what it is not granted. */
  countDenied(): void {
    this.#figures.denied++;
  }

  /** For processes that are opened from now on. */
  configure(config: ModulesConfig): void {
    this.#config = config;
  }

  get config(): ModulesConfig {
    return this.#config;
  }

  get folder(): string {
    return this.#config.folder ?? join(this.#parts.dataDir, 'agents');
  }

  /** How processes of modules are shut in; tried out the first time. */
  get confinement(): Confinement {
    this.#confinement ??= tryNamespaces();
    return this.#confinement;
  }

  /** Names of the modules, none when they are off or the folder is missing. Throws `MODULE_FOLDER` when it is unfit. */
  names(): string[] {
    if (!this.#config.enabled || !existsSync(this.folder)) return [];
    const files = readdirSync(this.folder).filter((file) => file.endsWith('.mjs'));
    if (files.length === 0) return [];
    const refuse = (why: string): never => {
      throw new ParlmeshError('MODULE_FOLDER', `${this.folder} ${why}`, {
        hint: 'docs/agents.md tells how it should be',
      });
    };
    if ((statSync(this.folder).mode & 0o002) !== 0) refuse('may be written by everybody, so no module of it is run');
    const names = files.map((file) => file.slice(0, -'.mjs'.length)).sort();
    const odd = names.find((name) => !NAME.test(name));
    if (odd !== undefined)
      refuse(`has a module "${odd}": names have lower-case letters, digits and dashes, at most 32`);
    if (names.length > MOST_MODULES) refuse(`has ${names.length} modules, and ${MOST_MODULES} may be there`);
    return names;
  }

  /** What a module runs with. Throws `MODULE_UNKNOWN`, `MODULE_MANIFEST` or `MODULE_NOT_GRANTED`. */
  grants(name: string): Grants {
    this.#file(name);
    const manifest = join(this.folder, `${name}.yaml`);
    if (!existsSync(manifest)) return grant(name, readManifest(name, undefined), this.#config);
    if (statSync(manifest).size > MOST_MANIFEST_BYTES) {
      throw new ParlmeshError('MODULE_MANIFEST', `${name}.yaml has more than ${MOST_MANIFEST_BYTES} bytes`);
    }
    return grant(name, readManifest(name, readFileSync(manifest, 'utf8')), this.#config);
  }

  /** Resolves to a loaded process of the module. */
  async open(name: string, role: 'agent' | 'task', listener: ModuleListener): Promise<ModuleProcess> {
    const grants = this.grants(name);
    const module = realpathSync(this.#file(name));
    const own = join(this.folder, name);
    const dataFolder = join(this.#parts.dataDir, 'module-data', name);
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const files = {
      module,
      folder: existsSync(own) ? realpathSync(own) : undefined,
      dataFolder: realpathSync(dataFolder),
    };
    const entry = fileURLToPath(new URL('./module-child.worker.ts', import.meta.url));
    const environment = grants.environment.flatMap((variable) => {
      const value = this.#parts.environment[variable];
      return value === undefined ? [] : [[variable, value]];
    });
    const process = await ModuleProcess.load(
      {
        name,
        argv: moduleArgv(entry, files, grants, this.confinement),
        ...files,
        environment: Object.fromEntries(environment),
        network: grants.network,
        memoryBytes: grants.memory * MIB,
        mostFrameBytes: MOST_FRAME_BYTES[role],
        onDenied: () => this.countDenied(),
        clock: this.#parts.clock,
      },
      listener,
    );
    this.#figures.opened++;
    this.#figures.running++;
    void process.gone.then(() => {
      this.#figures.running--;
    });
    return process;
  }

  #file(name: string): string {
    const file = join(this.folder, `${name}.mjs`);
    if (this.#config.enabled && NAME.test(name) && existsSync(file)) return file;
    throw new ParlmeshError('MODULE_UNKNOWN', `there is no module "${name.slice(0, 40)}" on this node`, {
      hint: `modules are the .mjs files in ${this.folder}`,
    });
  }
}
