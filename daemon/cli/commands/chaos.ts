// `parlmesh chaos`: faults injected on purpose, to see the network heal.

import type { ChaosView, InjectionView } from '../../chaos/view.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, durationOption, integerOption } from '../command.ts';
import { ago, duration, plural } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';

/** A backup may be made before, a detector loaded. */
const LONG = 60_000;

type RunOptions = CommonOptions & { target?: string; for?: number };
type ScheduleOptions = CommonOptions & { every: number; for: number; seed: number; faults?: string };

export function registerChaos(program: CliCommand, cli: Cli): void {
  const chaos = program
    .command('chaos')
    .summary('inject faults on purpose, and see the node heal')
    .description(
      'Injects known faults into this node, each for a bounded time and undone by itself. Only in demo and test networks ' +
        '(chaos.enabled), or with a token of the authority that names chaos.inject.',
    )
    .example('chaos list', 'what can be tried here?')
    .example('chaos run link-down --for 10s', 'cut a link for ten seconds');

  chaos
    .command('list')
    .summary('the faults, and where they can be injected now')
    .description('Every known fault with what injecting it does, how long it lasts, and where; then what is injected.')
    .common()
    .example('chaos list', 'which faults are there?')
    .action(async (options: CommonOptions) => {
      cli.show(options, await cli.client(options).get<ChaosView>('chaos'), (view) => inWords(cli, view));
    });

  chaos
    .command('run')
    .argument('<fault>', 'as `parlmesh chaos list` names it')
    .option('--target <name>', 'agent, camera, node id of a neighbour (default: a random one)')
    .option('--for <duration>', 'how long it lasts (default: what is usual for it)', durationOption)
    .summary('inject one fault')
    .description(
      'Injects a fault and returns; it ends by itself. `parlmesh events` and `parlmesh doctor` show what follows.',
    )
    .common()
    .example('chaos run agent-hung --target links', 'does the node notice that the agent hangs?')
    .action(async (fault: string, { target, for: seconds, ...options }: RunOptions) => {
      const body = { fault, ...(target !== undefined && { target }), ...(seconds !== undefined && { seconds }) };
      const injected = await cli.client(options).post<InjectionView>('chaos', body, LONG);
      cli.show(options, injected, ({ name, target: at, startedAt, endsAt }) => {
        const lasts = duration((endsAt - startedAt) / 1000);
        return `${name} is injected at ${plain(at)} for ${lasts}. parlmesh chaos stop ends it before.`;
      });
    });

  chaos
    .command('schedule')
    .requiredOption('--every <duration>', 'between two faults', durationOption)
    .requiredOption('--for <duration>', 'how long it goes on', durationOption)
    .option('--seed <number>', 'the same seed draws the same faults', integerOption(0, 0xffff_ffff), 1)
    .option('--faults <names>', 'only these, with commas between')
    .summary('inject random faults, one after the other')
    .description('Begins a run of random faults and returns. No kind comes again before the others had their turn.')
    .common()
    .example('chaos schedule --every 1min --for 10min', 'ten faults within ten minutes')
    .action(async ({ every, for: during, seed, faults, ...options }: ScheduleOptions) => {
      const body = {
        ...{ everySeconds: every, forSeconds: during, seed },
        ...(faults !== undefined && { faults: faults.split(',') }),
      };
      const view = await cli.client(options).post<ChaosView>('chaos/schedule', body, LONG);
      cli.show(options, view, () => `A random fault comes every ${duration(every)}, for ${duration(during)}.`);
    });

  chaos
    .command('stop')
    .summary('take away all that is injected')
    .description('Ends the run of random faults and undoes every fault that is injected now.')
    .common()
    .example('chaos stop', 'enough')
    .action(async (options: CommonOptions) => {
      const answer = await cli.client(options).delete<{ ended: number }>('chaos', LONG);
      cli.show(options, answer, ({ ended }) => `${plural(ended, 'fault')} taken away.`);
    });
}

function inWords(cli: Cli, { allowed, why, faults, running, schedule }: ChaosView): string {
  const now = Date.now();
  const lines = [
    table(cli.terminal, faults, [
      { title: 'fault', value: ({ name }) => name },
      { title: 'lasts', align: 'right', value: ({ lastsSeconds }) => duration(lastsSeconds) },
      {
        title: 'where',
        value: ({ targets, unavailable }) => (unavailable === undefined ? fewOf(targets) : `— (${unavailable})`),
      },
      { title: 'does', value: ({ does }) => does },
    ]),
  ];
  if (!allowed) lines.push('', `Nothing can be injected here: ${why ?? ''}`);
  for (const { name, target, startedAt } of running) {
    lines.push('', `${name} is injected at ${plain(target)} since ${ago(startedAt, now)}`);
  }
  if (schedule !== undefined) lines.push('', `A random fault comes every ${duration(schedule.everySeconds)}.`);
  return lines.join('\n');
}

const fewOf = (targets: readonly string[]): string =>
  targets.length <= 3
    ? targets.map(plain).join(', ')
    : `${targets.slice(0, 2).map(plain).join(', ')} … (${targets.length})`;
