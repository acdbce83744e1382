// `parlmesh wake`: keeps a board that rests awake for a while.

import type { PowerView } from '../../view/power-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, durationOption } from '../command.ts';
import { duration } from '../format.ts';

export function registerWake(program: CliCommand, cli: Cli): void {
  program
    .command('wake')
    .summary('keep the board awake for a while')
    .description('Has a board work in spite of its duty cycle or a low battery. A critical battery counts more.')
    .option('--for <time>', 'how long from now, e.g. 15min or 2h', durationOption, 600)
    .common()
    .example('wake --for 1h', 'one hour of work, whatever the battery says')
    .action(async (options: CommonOptions & { for: number }) => {
      const power = await cli.client(options).post<PowerView>('power/wake', { seconds: options.for });
      cli.show(options, power, render);
    });
}

function render({ state, until }: PowerView): string {
  if (state === 'critical') return 'The battery is nearly empty: the board rests all the same.';
  return until === undefined
    ? 'The board is awake, and nothing lets it rest.'
    : `Awake for ${duration((until - Date.now()) / 1000)}.`;
}
