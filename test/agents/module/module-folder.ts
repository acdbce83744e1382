// A folder of modules for a test, and a supervised agent for each.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { Communication } from '../../../agents/communication/communication.ts';
import { ModulesConfig } from '../../../agents/module/config.ts';
import type { Confinement } from '../../../agents/module/confinement.ts';
import { ModuleAgent } from '../../../agents/module/module-agent.ts';
import { Modules } from '../../../agents/module/modules.ts';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { type Logger, silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { Exchange } from '../exchange.ts';
import { supervise } from '../scripted-agent.ts';

export function moduleFolder(settings: Partial<ModulesConfig> = {}, confinement: Confinement = 'guard') {
  const dataDir = mkdtempSync(join(tmpdir(), 'parlmesh-modules-'));
  mkdirSync(join(dataDir, 'agents'), { mode: 0o755 });
  const config = Value.Parse(ModulesConfig, Value.Default(ModulesConfig, settings));
  const environment = { SHOWN: 'yes', HIDDEN: 'secret' };
  const modules = new Modules({ config, dataDir, environment, clock: systemClock, confinement });
  const add = (name: string, source: string, manifest?: object): void => {
    writeFileSync(join(dataDir, 'agents', `${name}.mjs`), source);
    if (manifest !== undefined) writeFileSync(join(dataDir, 'agents', `${name}.yaml`), JSON.stringify(manifest));
  };
  return { dataDir, modules, add, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
}

/** Agents of modules under supervision, that fail once and stay down. */
export async function supervisedModules(folder: ReturnType<typeof moduleFolder>, heartbeatTimeout = 5) {
  const exchange = new Exchange({ clock: new VirtualClock(), random: seededRandom(1) });
  const supervision = supervise({
    clock: systemClock,
    config: { maxRestarts: 0, retryDegraded: 3_600, heartbeatTimeout },
  });
  const { supervisor } = supervision;
  const communication = new Communication({
    recipients: supervisor,
    network: exchange.join('one'),
    authorizer: { authorize: async () => {} },
    clock: systemClock,
    random: seededRandom(1),
  });
  const told: JournalEntry[] = [];
  const logged: string[] = [];
  const logger: Logger = { ...silentLogger, info: (_data, message) => logged.push(message) };
  await supervisor.start(new AbortController().signal);
  const start = (name: string): Promise<boolean> => {
    const id = `module/${name}`;
    return supervisor.add({
      id,
      create: () =>
        new ModuleAgent({
          ...folder.modules.grants(name),
          ...{ id, name, modules: folder.modules, post: communication.of(id), logger, clock: systemClock },
          journal: { record: (entry) => told.push(entry) },
        }),
    });
  };
  /** Resolves to the cause of its failure. */
  const failure = async (name: string): Promise<string> => {
    const find = () => supervisor.agents().find(({ id }) => id === `module/${name}`);
    const failed = Promise.withResolvers<void>();
    const look = (): void => {
      if (find()?.state === 'degraded') failed.resolve();
    };
    supervisor.on('agent', look);
    look();
    await failed.promise;
    supervisor.off('agent', look);
    return find()?.lastError ?? '';
  };
  return { ...supervision, communication, start, failure, told, logged, post: communication.of('tester') };
}
