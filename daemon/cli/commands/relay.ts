// `parlmesh ping`, `trace` and `forward`: other nodes, over as many hops as it takes.

import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import { joinStreams } from '../../join-streams.ts';
import type { Pong, Trace } from '../../remote-nodes.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { milliseconds } from '../format.ts';
import { table } from '../table.ts';

const PING_EVERY_MS = 1000;
const TRACE_WITHIN_MS = 150_000;

export function registerRelay(program: CliCommand, cli: Cli): void {
  program
    .command('ping')
    .argument('<node>', 'name of a node, its id, or the beginning of that')
    .summary('ask a node over as many hops as it takes')
    .description('Asks another node whether it is there, once a second. Exit code 1 when it did not answer every time.')
    .option('-c, --count <times>', 'how often', integerOption(1, 1_000_000), 4)
    .common()
    .example('ping bravo', 'is it there, and how far away?')
    .action(async (node: string, options: CommonOptions & { count: number }) => ping(cli, node, options));
  program
    .command('trace')
    .argument('<node>', 'name of a node, its id, or the beginning of that')
    .summary('the nodes on the way to a node')
    .description(
      'Lists the nodes that frames to a node pass, with the time there and back. Exit code 1 when it ends early.',
    )
    .common()
    .example('trace bravo', 'which way does it go?')
    .action(async (node: string, options: CommonOptions) => {
      const client = cli.client(options);
      const trace = await client.post<Trace>(`relay/${encodeURIComponent(node)}/trace`, undefined, TRACE_WITHIN_MS);
      if (!trace.reached) cli.exitCode = 1;
      cli.show(options, trace, ({ hops, reached }) => {
        const rows = hops.map((hop, at) => ({ ...hop, at: at + 1 }));
        const listed = table(cli.terminal, rows, [
          { title: 'hop', align: 'right', value: ({ at }) => String(at) },
          { title: 'node', value: ({ name }) => name },
          { title: 'round trip', align: 'right', value: ({ roundTripSeconds }) => milliseconds(roundTripSeconds) },
        ]);
        return reached ? listed : `${listed}\nThe next node on the way did not answer.`;
      });
    });
  program
    .command('forward')
    .argument('<local-port>', 'port on 127.0.0.1 to listen on; 0 takes any', integerOption(0, 65_535))
    .argument('<target>', 'NODE:PORT, or NODE:HOST:PORT as that node sees it')
    .summary('a TCP port of another node as a local one')
    .description(
      'Listens on a local port and carries every connection to a port of another node, until it is interrupted. ' +
        'That node must list the target in its setting mesh.forward.allow.',
    )
    .common()
    .example('forward 8080 bravo:80', 'the web server of bravo at http://127.0.0.1:8080/')
    .action(async (port: number, target: string, options: CommonOptions) => forward(cli, port, target, options));
}

async function ping(cli: Cli, node: string, options: CommonOptions & { count: number }): Promise<void> {
  const client = cli.client(options);
  const pongs: Pong[] = [];
  for (let at = 0; at < options.count && !cli.signal.aborted; at++) {
    if (at > 0) await sleep(PING_EVERY_MS);
    try {
      const pong = await client.post<Pong>(`relay/${encodeURIComponent(node)}/ping`);
      pongs.push(pong);
      if (options.output === 'table') cli.terminal.print(`${pong.name}: ${milliseconds(pong.roundTripSeconds)}`);
    } catch (error) {
      // Only a missing answer is worth a further try.
      if (!(error instanceof ParlmeshError && error.code.startsWith('RELAY_')) || options.count === 1) throw error;
      cli.exitCode = 1;
      cli.terminal.note(error.message);
    }
  }
  if (options.output === 'json') cli.show(options, pongs, () => '');
}

async function forward(cli: Cli, port: number, text: string, options: CommonOptions): Promise<void> {
  const { node, target } = parseTarget(text);
  const client = cli.client(options);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.setNoDelay(true);
    client.upgrade('relay/forward', { node, target }).then(
      (remote) => (socket.destroyed ? remote.destroy() : joinStreams(socket, remote)),
      (error: unknown) => {
        cli.terminal.note(`parlmesh: ${messageOf(error)}`);
        socket.resetAndDestroy();
      },
    );
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const bound = await listen(server, port);
  cli.show(
    options,
    { address: '127.0.0.1', port: bound, node, target },
    () => `127.0.0.1:${bound} leads to ${text}; Ctrl-C ends it`,
  );
  await new Promise<void>((resolve) => {
    if (cli.signal.aborted) resolve();
    cli.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  server.close();
  for (const socket of sockets) socket.destroy();
}

function parseTarget(text: string): { node: string; target: string } {
  const [, node, host, port] = /^([^:]+):(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (node === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new ParlmeshError('CLI_WRONG_USE', `"${text}" is no target`, {
      hint: 'It looks like bravo:80 or bravo:192.168.1.9:80',
    });
  }
  return { node, target: `${host ?? '127.0.0.1'}:${port}` };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ParlmeshError('CLI_LISTEN_FAILED', `Cannot listen on 127.0.0.1:${port}: ${messageOf(cause)}`, {
          cause,
          hint: 'Take another port, or 0 for any',
        }),
      );
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
