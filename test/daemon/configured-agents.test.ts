import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { afterEach, describe, expect, it } from 'vitest';
import { Communication } from '../../agents/communication/communication.ts';
import { AgentsConfig } from '../../agents/config.ts';
import { Modules } from '../../agents/module/modules.ts';
import { Commands } from '../../agents/process/commands.ts';
import { VirtualClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { ConfiguredAgents } from '../../daemon/configured-agents.ts';
import { Exchange } from '../agents/exchange.ts';
import { supervise } from '../agents/scripted-agent.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const settings = (given: object): AgentsConfig => Value.Parse(AgentsConfig, Value.Default(AgentsConfig, given));

async function configured() {
  const dataDir = mkdtempSync(join(tmpdir(), 'parlmesh-configured-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const { supervisor, journal } = supervise({ clock: systemClock });
  const network = new Exchange({ clock: new VirtualClock(), random: seededRandom(1) }).join('one');
  const shared = { clock: systemClock, random: seededRandom(1) };
  const commands = new Commands(systemClock, {});
  const agents = new ConfiguredAgents({
    ...{ supervisor, commands, ...shared, logger: silentLogger, ownBroker: () => undefined },
    communication: new Communication({
      ...{ recipients: supervisor, network, ...shared, authorizer: { authorize: async () => {} } },
    }),
    modules: new Modules({ config: settings({}).modules, dataDir, environment: {}, clock: systemClock }),
    journal: { record: (entry) => journal.push(entry) },
  });
  await supervisor.start(new AbortController().signal);
  cleanups.push(() => supervisor.stop());
  const shown = () => supervisor.agents().map(({ id, kind }) => `${id} ${kind}`);
  const since = (id: string) => supervisor.agents().find((agent) => agent.id === id)?.since;
  return { agents, supervisor, commands, dataDir, journal, shown, since };
}

describe('the agents that the configuration names', () => {
  it('are added, changed and taken away as it says, and the others run on', async () => {
    const { agents, commands, shown, since, supervisor } = await configured();
    const web = { name: 'web', url: 'http://127.0.0.1:9/', interval: 3_600 };
    const port = { name: 'port', host: '127.0.0.1', port: 9, interval: 3_600 };
    const bridge = { name: 'b', url: 'mqtt://127.0.0.1:9', from: 'a/', to: 'b/' };
    const command = { name: 'hi', argv: ['echo', 'hi'] };
    await agents.apply(settings({ httpChecks: [web], tcpChecks: [port], bridges: [bridge], commands: [command] }));
    expect(shown()).toEqual([
      ...['http/web http-checker', 'tcp/port tcp-checker'],
      ...['command/hi command', 'bridge/b mqtt-bridge'],
    ]);
    expect(commands.names()).toEqual(['hi']);
    await agents.apply(settings({ httpChecks: [web], tcpChecks: [{ ...port, port: 10 }] }));
    const stayed = since('http/web');
    expect(shown().sort()).toEqual(['http/web http-checker', 'tcp/port tcp-checker']);
    await agents.apply(settings({ httpChecks: [web] }));
    expect(since('http/web')).toBe(stayed);
    expect(commands.names()).toEqual([]);
    await supervisor.restart('http/web');
  });

  it('run the modules of the folder, anew when their file changed, and tell when the folder is unfit', async () => {
    const { agents, dataDir, shown, journal, supervisor } = await configured();
    await agents.apply(settings({}));
    expect(shown()).toEqual([]);
    mkdirSync(join(dataDir, 'agents'), { mode: 0o755 });
    const write = (text: string): void =>
      writeFileSync(join(dataDir, 'agents', 'echo.mjs'), `export const onMessage = () => '${text}';`);
    const ask = () =>
      supervisor.deliver('module/echo', {
        ...{ id: '1', from: 'one/x', body: null, wantsReply: true, hops: 0, expiresAt: Number.POSITIVE_INFINITY },
      });
    write('one');
    await agents.apply(settings({}));
    expect(shown()).toEqual(['module/echo module.echo']);
    expect(await ask()).toBe('one');
    write('another');
    await agents.apply(settings({}));
    expect(await ask()).toBe('another');
    writeFileSync(join(dataDir, 'agents', 'Odd.mjs'), '');
    await agents.apply(settings({}));
    expect(shown()).toEqual([]);
    expect(journal.map(({ kind }) => kind)).toEqual(['module.refused']);
  });
});
