// `parlmesh simulate`: the mesh's own code on virtual time, with as many nodes as the memory holds. Needs no daemon.

import { readFile, writeFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import { seededRandom } from '../../../core/random.ts';
import { VICES } from '../../../mesh/simulator/adversary.ts';
import { inAreas } from '../../../mesh/simulator/areas.ts';
import { draw } from '../../../mesh/simulator/drawing.ts';
import type { DelayLaw, Scenario, SimulationReport } from '../../../mesh/simulator/scenario.ts';
import { simulate } from '../../../mesh/simulator/simulate.ts';
import { makeTopology, TOPOLOGIES, type Wiring } from '../../../mesh/simulator/topologies.ts';
import { topologyFromFile } from '../../../mesh/simulator/topology-file.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, durationOption, integerOption } from '../command.ts';
import { table } from '../table.ts';

interface SimulateOptions extends CommonOptions {
  nodes: number;
  areas: number;
  topology: string;
  seed: number;
  failLinks: number;
  churn: number;
  partition?: true;
  loss: number;
  delay: DelayLaw;
  jitter: number;
  skew: number;
  byzantine: Scenario['byzantine'];
  cold?: true;
  within: number;
  computePeriod: number;
  svg?: string;
}

export function registerSimulate(program: CliCommand, cli: Cli): void {
  program
    .command('simulate')
    .summary('try the mesh on many simulated nodes')
    .description(
      'Runs the mesh’s own protocol code on virtual time: starts the nodes, lets happen what the options say, one event after the other, and checks that all routes become the shortest again. The same options give the same result. Ends with 1 when an assertion is violated.',
    )
    .option('--nodes <count>', 'how many nodes', integerOption(2, 10_000), 100)
    .option('--topology <name>', `${TOPOLOGIES.join(', ')}, or a JSON file with nodes and links`, 'geometric')
    .option(
      '--areas <count>',
      'how many areas the nodes are divided into, by where they stand',
      integerOption(1, 200),
      1,
    )
    .option('--seed <number>', 'what chance begins with', integerOption(0, 2 ** 31), 1)
    .option('--fail-links <share>', 'share of links that fall silent at one moment', shareOption, 0)
    .option('--churn <share>', 'share of nodes that lose power, and come back', shareOption, 0)
    .option('--partition', 'cut the network in two halves, and join them again')
    .option('--loss <share>', 'share of messages lost on every link', shareOption, 0)
    .addOption(
      new Option('--delay <law>', 'milliseconds that a link takes: 5, 1-10 (evenly between) or exp:5 (exponential)')
        .argParser(delayOption)
        .default({ kind: 'uniform', from: 1, to: 10 } satisfies DelayLaw, '1-10'),
    )
    .option('--jitter <milliseconds>', 'what a message may take longer', integerOption(0, 10_000), 0)
    .option('--skew <duration>', 'how wrong the clocks of the nodes may be, either way', durationOption, 0)
    .addOption(
      new Option(
        '--byzantine <kind:share>',
        `share of members that do harm, e.g. liar:0.1; a share alone deals out every kind: ${VICES.join(', ')}. May be given again`,
      )
        .argParser(byzantineOption)
        .default([] satisfies Scenario['byzantine'], 'none'),
    )
    .option('--cold', 'start the nodes from nothing before all else; a large network then takes long')
    .option('--within <duration>', 'time for each event to settle, in virtual time', durationOption, 60)
    .option(
      '--compute-period <milliseconds>',
      'time between two computations of routes at a node; the daemon waits 20',
      integerOption(1, 10_000),
      20,
    )
    .option('--svg <file>', 'draw the network, what failed, and who settled last')
    .common()
    .example('simulate --nodes 50 --fail-links 0.05', 'do fifty nodes heal when every twentieth link dies?')
    .example('simulate --nodes 300 --areas 6', 'what does a node hear and say where the flood is divided?')
    .example('simulate --topology grid --churn 0.1 --partition -o json', 'power cuts, then two halves; for a script')
    .example('simulate --topology ./plan.json --fail-links 0.1 --svg plan.svg', 'your own network, with a picture')
    .action(async (options: SimulateOptions) => {
      const startedAt = performance.now();
      const scenario = await scenarioOf(options);
      const { report, picture } = await simulate(scenario, (event) => {
        if (options.output === 'table') cli.terminal.note(`… ${event}`);
      });
      const wall = (performance.now() - startedAt) / 1000;
      if (options.svg !== undefined) {
        await writeFile(options.svg, draw(picture, `parlmesh simulate: ${report.nodes} nodes, seed ${report.seed}`));
      }
      if (report.violated.length > 0) cli.exitCode = 1;
      const shown = {
        ...report,
        wall_seconds: Number(wall.toFixed(3)),
        events_per_second: Math.round(report.events / wall),
      };
      cli.show(options, shown, () => describe(cli, shown));
    });
}

async function scenarioOf(options: SimulateOptions): Promise<Scenario> {
  const { seed, failLinks, churn, loss, delay, jitter, byzantine, computePeriod } = options;
  return {
    seed,
    wiring: options.areas > 1 ? inAreas(await wiringOf(options), options.areas) : await wiringOf(options),
    cold: options.cold === true || options.areas > 1 || !somethingHappens(options),
    delay,
    jitter,
    loss,
    failLinks,
    churn,
    partition: options.partition === true,
    skew: options.skew * 1000,
    byzantine,
    within: options.within * 1000,
    computePeriod,
  };
}

/** Where nothing else happens, starting is what is looked at. */
const somethingHappens = ({ failLinks, churn, partition, byzantine }: SimulateOptions): boolean =>
  failLinks > 0 || churn > 0 || partition === true || byzantine.length > 0;

async function wiringOf({ topology, nodes, seed }: SimulateOptions): Promise<Wiring> {
  const known = TOPOLOGIES.find((name) => name === topology);
  if (known !== undefined) return makeTopology(known, nodes, seededRandom(seed));
  let text: string;
  try {
    text = await readFile(topology, 'utf8');
  } catch (cause) {
    throw new ParlmeshError('TOPOLOGY_UNREADABLE', `No topology in ${topology}: ${messageOf(cause)}`, {
      hint: `Expected one of ${TOPOLOGIES.join(', ')}, or a JSON file with nodes and links`,
      cause,
    });
  }
  return topologyFromFile(text, topology);
}

function describe(cli: Cli, report: SimulationReport & { wall_seconds: number; events_per_second: number }): string {
  const { nodes, links, seed, virtual_seconds, wall_seconds, events_per_second } = report;
  const events = table(cli.terminal, report.trials, [
    { title: 'event', value: ({ event }) => event },
    {
      title: 'settled after',
      align: 'right',
      value: ({ convergence_seconds: at }) => (at === null ? 'never' : `${at} s`),
    },
    { title: 'unreachable', align: 'right', value: ({ unreachable_pairs }) => String(unreachable_pairs) },
    { title: 'pairs', align: 'right', value: ({ pairs }) => String(pairs) },
    { title: 'messages/node', align: 'right', value: ({ messages_per_node }) => String(messages_per_node) },
    { title: 'bytes/node', align: 'right', value: ({ bytes_per_node }) => String(bytes_per_node) },
  ]);
  const assertions = table(cli.terminal, report.assertions, [
    { title: 'assertion', value: ({ name }) => name },
    { title: 'holds', value: ({ holds }) => (holds ? 'yes' : 'no'), style: ({ holds }) => (holds ? undefined : 'red') },
    { title: 'finding', value: ({ finding }) => finding },
  ]);
  return [
    `${nodes} nodes, ${links} links, seed ${seed}: ${virtual_seconds.toFixed(1)} s of the network in ${wall_seconds.toFixed(1)} s, ${events_per_second} events a second`,
    events,
    assertions,
  ].join('\n\n');
}

function shareOption(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('Expected a share from 0 to 1, e.g. 0.05.');
}

function byzantineOption(text: string, before: Scenario['byzantine']): Scenario['byzantine'] {
  const [, kind, amount = ''] = /^(?:([a-z]+):)?(.*)$/.exec(text) ?? [];
  const share = shareOption(amount);
  if (kind === undefined) return [...before, ...VICES.map((vice) => ({ vice, share: share / VICES.length }))];
  const vice = VICES.find((one) => one === kind);
  if (vice === undefined) throw new InvalidArgumentError(`Expected one of ${VICES.join(', ')}, or a share alone.`);
  return [...before, { vice, share }];
}

function delayOption(text: string): DelayLaw {
  const [, from, to] = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (from !== undefined && Number(from) <= Number(to)) return { kind: 'uniform', from: Number(from), to: Number(to) };
  const mean = /^exp:(\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (mean !== undefined) return { kind: 'exponential', mean: Number(mean) };
  if (/^\d+(\.\d+)?$/.test(text)) return { kind: 'fixed', milliseconds: Number(text) };
  throw new InvalidArgumentError('Expected milliseconds like 5, 1-10 or exp:5.');
}
