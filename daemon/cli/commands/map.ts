// `parlmesh mesh map`: the mesh as a picture.

import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Option } from 'commander';
import { ParlmeshError } from '../../../core/errors.ts';
import { SHOWN } from '../../../vision/drawing/scene.ts';
import type { Cli } from '../cli.ts';
import type { CliCommand } from '../command.ts';

interface MapOptions {
  output: 'svg' | 'png';
  out?: string;
  show: string;
  from?: string;
  to?: string;
  theme: string;
  dataDir?: string;
}

export function registerMap(program: CliCommand, cli: Cli): void {
  const mesh = program
    .command('mesh')
    .summary('the mesh as a picture')
    .description('Draws the mesh as this node knows it.')
    .example('mesh map --out mesh.svg', 'draw the mesh');

  mesh
    .command('map')
    .summary('draw routes with their backups, or a heatmap')
    .description(
      'Draws the mesh as this node knows it: routes from a node as thick lines, what takes over as dashed ones, links by state and traffic, what others hang on, who is gone; or what links cost, what they carry, or how unusual nodes are. Nodes stay where they stood in the picture before.',
    )
    .addOption(new Option('-o, --output <format>', 'of the picture').choices(['svg', 'png']).default('svg'))
    .option('--out <file>', 'where to write it (default: standard output)')
    .addOption(new Option('--show <what>', 'routes, or a heatmap').choices(SHOWN).default('routes'))
    .option('--from <node>', 'whose routes, by id or name (default: of this node)')
    .option('--to <node>', 'the one destination whose route is drawn')
    .addOption(new Option('--theme <theme>', 'light or dark').choices(['light', 'dark']).default('light'))
    .option('--data-dir <folder>', 'folder of the daemon to ask (default: PARLMESH_DATA_DIR, else where it usually is)')
    .example('mesh map --out mesh.svg', 'all routes of this node')
    .example('mesh map -o png --show traffic --theme dark > traffic.png', 'what the links carry')
    .example('mesh map --from barn --to mill --out way.svg', 'one route, with its whole backup')
    .action(async (options: MapOptions) => draw(cli, options));
}

async function draw(cli: Cli, { output, out, show, from, to, theme, dataDir }: MapOptions): Promise<void> {
  if (out === undefined && output === 'png' && cli.terminal.live) {
    throw new ParlmeshError('CLI_BINARY_OUTPUT', 'A PNG is nothing for a terminal', {
      hint: 'Name a file: --out mesh.png',
    });
  }
  const query = { show, theme, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const client = cli.client(dataDir === undefined ? {} : { dataDir });
  const picture = await client.open(`mesh/map.${output}`, query, cli.signal);
  if (out === undefined) {
    for await (const chunk of picture) await cli.terminal.bytes(chunk);
  } else {
    await pipeline(picture, createWriteStream(out));
    cli.terminal.note(`Written to ${out}`);
  }
}
