// `parlmesh run` and `parlmesh demo`: the commands that are daemons themselves.

import { InvalidArgumentError } from 'commander';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Cli } from '../cli.ts';
import { type CliCommand, durationOption, integerOption } from '../command.ts';

interface RunFlags {
  config?: string;
  dataDir?: string;
  name?: string;
  httpPort?: string;
  logLevel?: string;
  set: Record<string, string>;
}

interface DemoFlags {
  nodes: number;
  port: number;
  faultEvery?: number;
  chaos?: string | true;
}

/** Seconds. */
const CHAOS_EVERY = 30;

export function registerRun(program: CliCommand, cli: Cli): void {
  program
    .command('run')
    .summary('run a node')
    .description(
      'Runs a node until it is told to stop (SIGTERM, Ctrl-C). Every setting has a default: no configuration file is ' +
        'needed. SIGHUP reads the configuration again. Exit code 2: the configuration is wrong.',
    )
    .option('-c, --config <file>', 'configuration file (default: /etc/parlmesh/config.yaml where it exists)')
    .option(
      '--data-dir <folder>',
      'folder of all state (default: ~/.local/share/parlmesh, as a service /var/lib/parlmesh)',
    )
    .option('--name <node>', 'name of this node (default: the host name)')
    .option('--http-port <port>', 'port of the status page (0: any free one)')
    .option('--log-level <level>', 'debug, info, warn, error or silent')
    .option('--set <path=value>', 'any other setting, e.g. mesh.mdns=false; may be repeated', collect, {})
    .example('run', 'run a node with every default')
    .example('run --config node.yaml --data-dir ./state', 'run with a configuration of your own')
    .example('run --set mesh.preset=wired --http-port 0', 'change single settings')
    .action(async (options: RunFlags) => {
      const { run } = await import('../run.ts');
      const flags: Record<string, string> = { ...options.set };
      if (options.dataDir !== undefined) flags.dataDir = options.dataDir;
      if (options.name !== undefined) flags.name = options.name;
      if (options.httpPort !== undefined) flags['http.port'] = options.httpPort;
      if (options.logLevel !== undefined) flags['log.level'] = options.logLevel;
      cli.exitCode = await run({ flags, ...(options.config !== undefined && { config: options.config }) }, cli.env);
    });
}

export function registerDemo(program: CliCommand, cli: Cli): void {
  program
    .command('demo')
    .summary('a network of real nodes on this machine')
    .description(
      'Starts real nodes on loopback, each with a rendered camera, as one network, and prints where the page is. ' +
        'Ctrl-C ends it; nothing is left behind.',
    )
    .option('-n, --nodes <count>', 'how many nodes', integerOption(1, 20), 3)
    .option('--port <port>', 'port of the first page (0: any free one)', integerOption(0, 65_535), 0)
    .option('--fault-every <duration>', 'kill and restart a node now and then, e.g. 30s', durationOption)
    .option('--chaos [duration]', 'inject a random fault into a random node now and then (default: every 30s)')
    .example('demo', 'three nodes')
    .example('demo --nodes 5 --fault-every 30s', 'five nodes, one of which dies every half a minute')
    .example('demo --nodes 5 --chaos 20s', 'five nodes with one of the known faults every 20 s, to watch them heal')
    .action(async ({ chaos, ...options }: DemoFlags) => {
      const { runDemo } = await import('../demo.ts');
      const chaosEvery = chaos === undefined ? 0 : chaos === true ? CHAOS_EVERY : durationOption(chaos);
      const ending = new AbortController();
      const end = (): void => ending.abort();
      process.once('SIGTERM', end).once('SIGINT', end);
      const signal = AbortSignal.any([ending.signal, cli.signal]);
      const write = (line: string): void => cli.terminal.print(line);
      try {
        await runDemo({ ...options, faultEvery: options.faultEvery ?? 0, chaosEvery, write }, signal);
      } catch (thrown) {
        if (!(signal.aborted && thrown instanceof ParlmeshError && thrown.code === 'DEMO_ENDED')) throw thrown;
      }
    });
}

function collect(text: string, settings: Record<string, string>): Record<string, string> {
  const [path, ...value] = text.split('=');
  if (path === undefined || path === '' || value.length === 0) {
    throw new InvalidArgumentError('Expected PATH=VALUE, e.g. mesh.mdns=false.');
  }
  return { ...settings, [path]: value.join('=') };
}
