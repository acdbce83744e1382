// `parlmesh camera`: finding cameras, before there is one in the configuration.

import { randomUUID } from 'node:crypto';
import type { FoundCamera } from '../../../vision/camera/onvif.ts';
import { systemClock } from '../../clock.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { table } from '../table.ts';

interface DiscoverOptions extends CommonOptions {
  seconds: number;
}

const USUAL_SECONDS = 3;

export function registerCamera(program: CliCommand, cli: Cli): void {
  program
    .command('camera')
    .summary('find cameras')
    .description('What is needed before a camera is in the configuration.')
    .example('camera discover', 'which cameras are in this network?')
    .command('discover')
    .summary('cameras in the local networks that speak ONVIF')
    .description(
      'Asks once into each local network which ONVIF cameras are there (WS-Discovery, UDP multicast to port 3702) and lists ' +
        'those that answer. Nothing else is asked of them, and nothing leaves the local networks.',
    )
    .option('--seconds <number>', 'how long to wait for answers', integerOption(1, 30), USUAL_SECONDS)
    .common()
    .example('camera discover', 'which cameras are in this network?')
    .example('camera discover --seconds 10 -o json', 'the same with more patience, for a program')
    .action(async (options: DiscoverOptions) => {
      const { discoverCameras } = await import('../../../vision/camera/onvif.ts');
      const found = await discoverCameras({
        clock: systemClock,
        signal: new AbortController().signal,
        messageId: randomUUID(),
        patience: 1000 * options.seconds,
      });
      cli.show(options, found, (cameras) => render(cameras, cli));
    });
}

function render(cameras: readonly FoundCamera[], { terminal }: Cli): string {
  if (cameras.length === 0) {
    return 'No ONVIF camera answered. It may be switched off there, or be in another network.';
  }
  return table(
    terminal,
    [...cameras],
    [
      { title: 'address', value: ({ host }) => host },
      { title: 'name', value: ({ name }) => name ?? '' },
      { title: 'hardware', value: ({ hardware }) => hardware ?? '' },
      { title: 'location', value: ({ location }) => location ?? '' },
      { title: 'service', value: ({ services }) => services[0] ?? '' },
    ],
  );
}
