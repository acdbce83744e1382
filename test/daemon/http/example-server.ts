// Runs the real HTTP server over the example node: `node test/daemon/http/example-server.ts [port]`. For working on
// the page without a mesh.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { HttpConfig } from '../../../daemon/http/config.ts';
import { HttpServer } from '../../../daemon/http/server.ts';
import { type TokenRow, Tokens } from '../../../daemon/security/tokens.ts';
import { ExampleNode } from './example-view.ts';

const port = Number(process.argv[2] ?? 0);
const folder = await mkdtemp(join(tmpdir(), 'parlmesh-example-'));
const node = new ExampleNode({ clock: systemClock });
const rows = new Map<string, TokenRow>();
const server = new HttpServer({
  config: Value.Parse(HttpConfig, Value.Default(HttpConfig, { port, rateLimit: 100_000 })),
  portIsExplicit: port !== 0,
  view: node,
  actions: node,
  tokens: new Tokens({
    storage: { list: () => [...rows.values()], put: async (row) => void rows.set(row.id, row) },
    clock: systemClock,
    logger: silentLogger,
  }),
  socketPath: join(folder, 'parlmesh.sock'),
  publicDir: join(import.meta.dirname, '../../../daemon/http/public'),
  clock: systemClock,
  logger: silentLogger,
  journal: node,
});
await server.start(new AbortController().signal);
const living = setInterval(() => node.advance(), 1000);
console.log(`${server.addresses[0]} and ${join(folder, 'parlmesh.sock')}`);

const end = async (): Promise<void> => {
  clearInterval(living);
  await server.stop();
  await rm(folder, { recursive: true });
};
process.once('SIGINT', end);
process.once('SIGTERM', end);
