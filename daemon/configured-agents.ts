// The agents that the configuration names: checks, commands, bridges and the modules of the folder. Applied at the start
// and at every reload: what is new is added, what is gone is taken away, what changed starts anew, the rest runs on.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../agents/agent.ts';
import type { Communication } from '../agents/communication/communication.ts';
import type { AgentsConfig } from '../agents/config.ts';
import { Checker, type CheckerOptions, type Probe } from '../agents/kinds/checker.ts';
import { CommandRunner } from '../agents/kinds/command-runner.ts';
import { httpProbe } from '../agents/kinds/http-probe.ts';
import { MqttBridge, type OwnBroker } from '../agents/kinds/mqtt-bridge.ts';
import { tcpProbe } from '../agents/kinds/tcp-probe.ts';
import { ModuleAgent } from '../agents/module/module-agent.ts';
import type { Modules } from '../agents/module/modules.ts';
import type { Commands } from '../agents/process/commands.ts';
import type { Supervisor } from '../agents/supervisor.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';

export interface ConfiguredAgentsParts {
  supervisor: Supervisor;
  communication: Communication;
  commands: Commands;
  modules: Modules;
  ownBroker: () => OwnBroker | undefined;
  journal: Journal;
  logger: Logger;
  clock: Clock;
  random: Random;
}

interface Wanted {
  /** Equal as long as the agent may run on. */
  settings: string;
  create: () => Agent<unknown>;
}

export class ConfiguredAgents {
  readonly #parts: ConfiguredAgentsParts;
  readonly #present = new Map<string, string>();
  #applying: Promise<void> = Promise.resolve();

  constructor(parts: ConfiguredAgentsParts) {
    this.#parts = parts;
  }

  /** One after the other; never rejects: an agent that cannot work is the supervisor's to tell. */
  apply(config: AgentsConfig): Promise<void> {
    this.#applying = this.#applying
      .then(() => this.#apply(config))
      .catch((error: unknown) => this.#parts.logger.error({ err: error }, 'agents could not be configured'));
    return this.#applying;
  }

  async #apply(config: AgentsConfig): Promise<void> {
    const { supervisor, commands, modules } = this.#parts;
    commands.configure(config.commands);
    modules.configure(config.modules);
    const wanted = new Map([...this.#checks(config), ...this.#programs(config), ...this.#modules(config)]);
    for (const [id, settings] of [...this.#present]) {
      if (wanted.get(id)?.settings === settings) continue;
      this.#present.delete(id);
      await supervisor.remove(id);
    }
    const adding: Promise<unknown>[] = [];
    for (const [id, { settings, create }] of wanted) {
      if (this.#present.has(id)) continue;
      this.#present.set(id, settings);
      adding.push(supervisor.add({ id, create }));
    }
    await Promise.all(adding);
  }

  *#checks({ httpChecks, tcpChecks }: AgentsConfig): Generator<[string, Wanted]> {
    for (const check of httpChecks) yield this.#check('http', check, httpProbe(check));
    for (const check of tcpChecks) yield this.#check('tcp', check, tcpProbe(check));
  }

  #check(
    scheme: 'http' | 'tcp',
    check: { name: string; interval: number; timeout: number; failures: number; recoveries: number },
    probe: Probe,
  ): [string, Wanted] {
    const { journal, clock, random } = this.#parts;
    const { name, interval, timeout, failures, recoveries } = check;
    const id = `${scheme}/${name}`;
    const options: CheckerOptions = {
      ...{ id, kind: `${scheme}-checker`, action: `${scheme}.check`, probe, journal, clock, random },
      ...{ interval: interval * 1000, timeout: timeout * 1000 },
      rule: { kind: 'check', subject: `agent/${id}`, what: `Check ${name}`, failures, recoveries },
    };
    return [id, { settings: JSON.stringify(check), create: () => new Checker(options) }];
  }

  *#programs(config: AgentsConfig): Generator<[string, Wanted]> {
    const { commands, journal, clock, ownBroker } = this.#parts;
    for (const command of config.commands) {
      const id = `command/${command.name}`;
      const create = () => new CommandRunner({ id, command, commands, journal, clock });
      yield [id, { settings: JSON.stringify(command), create }];
    }
    for (const bridge of config.bridges) {
      const id = `bridge/${bridge.name}`;
      const create = () => new MqttBridge({ id, bridge, own: ownBroker, journal, clock });
      yield [id, { settings: JSON.stringify(bridge), create }];
    }
  }

  #modules(config: AgentsConfig): [string, Wanted][] {
    const { communication, modules, journal, logger, clock } = this.#parts;
    return this.#names().map((name) => {
      const id = `module/${name}`;
      const create = () => {
        const { version, capabilities } = modules.grants(name);
        const post = communication.of(id);
        return new ModuleAgent({ id, name, version, capabilities, modules, post, journal, logger, clock });
      };
      const files = ['mjs', 'yaml'].map((ending) => stampOf(join(modules.folder, `${name}.${ending}`)));
      return [id, { settings: JSON.stringify([config.modules, files]), create }];
    });
  }

  #names(): string[] {
    try {
      return this.#parts.modules.names();
    } catch (error) {
      const message = `No module runs: ${messageOf(error)}`;
      this.#parts.journal.record({ severity: 'error', kind: 'module.refused', subject: 'node', message });
      return [];
    }
  }
}

/** Differs once the file was written anew. */
function stampOf(file: string): number[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? [] : [stat.mtimeMs, stat.size, stat.ino];
}
