// `parlmesh cameras`: what the node sees.

import type { CameraView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { ago, fixed, milliseconds } from '../format.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export function registerCameras(program: CliCommand, cli: Cli): void {
  program
    .command('cameras')
    .summary('cameras, their health and what they see')
    .description('Lists the cameras of this node: whether pictures come, how many, and what is in view.')
    .common()
    .example('cameras', 'do all cameras work?')
    .example("cameras -o json | jq '.[] | {id, counts}'", 'what is in view, by label')
    .action(async (options: CommonOptions) => {
      cli.show(options, await cli.client(options).list<CameraView>('cameras'), (rows) => render(rows, cli.terminal));
    });
}

function render(rows: CameraView[], terminal: Terminal): string {
  if (rows.length === 0) return 'No cameras are configured (`cameras:` in the configuration adds them).';
  const now = Date.now();
  return table(terminal, rows, [
    { title: 'name', value: (camera) => camera.id },
    {
      title: 'state',
      value: (camera) => camera.state,
      style: ({ state }) => (state === 'lost' ? 'red' : state === 'waiting' ? 'yellow' : undefined),
    },
    { title: 'since', align: 'right', value: (camera) => ago(camera.since, now) },
    { title: 'source', value: (camera) => camera.source },
    {
      title: 'size',
      align: 'right',
      value: ({ width, height }) => (width === undefined || height === undefined ? '' : `${width}x${height}`),
    },
    { title: 'frames/s', align: 'right', value: (camera) => fixed(camera.framesPerSecond, 1) },
    { title: 'last', align: 'right', value: (camera) => ago(camera.lastFrameAt, now) },
    { title: 'broken', align: 'right', value: (camera) => (camera.framesBroken === 0 ? '' : `${camera.framesBroken}`) },
    { title: 'inference', align: 'right', value: (camera) => milliseconds(camera.inferenceSeconds) },
    { title: 'in view', value: ({ counts }) => inView(counts) },
    { title: 'cause', value: (camera) => camera.cause ?? '' },
  ]);
}

function inView(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([label, count]) => `${count} ${label}`)
    .join(', ');
}
