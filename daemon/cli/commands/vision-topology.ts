// `parlmesh vision topology`: reads the picture of a network diagram, without a daemon; with `--compare`, beside the mesh
// of the node that runs here.

import type { Difference } from '../../../vision/topology/difference.ts';
import type { DrawnGraph } from '../../../vision/topology/graph.ts';
import type { GraphMetrics } from '../../../vision/topology/metrics.ts';
import type { TopologyView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { percent } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';

interface TopologyOptions extends CommonOptions {
  compare?: boolean;
  threads?: number;
}

type Drawing = DrawnGraph & { metrics: GraphMetrics; difference?: Difference };

export function registerVisionTopology(vision: CliCommand, cli: Cli): void {
  vision
    .command('topology')
    .argument('<file>', 'picture of a network diagram')
    .summary('read a drawing of a network')
    .description(
      'Reads nodes, labels and links from a picture of a network diagram: a screenshot, another tool’s picture, a photograph of a sheet or a whiteboard. Places are in pixels of the picture.',
    )
    .option('--compare', 'say where the drawing and the mesh of the running node differ')
    .option('--threads <count>', 'cores that are used for reading text (default: all, up to 4)', integerOption(1, 16))
    .common()
    .example('vision topology plan.png', 'what does the drawing show, and what does all depend on?')
    .example('vision topology whiteboard.jpg --compare', 'is the network as it was drawn?')
    .example('vision topology plan.png -o json', 'nodes and edges, for a script')
    .action((file: string, options: TopologyOptions) => readDrawing(cli, file, options));
}

async function readDrawing(cli: Cli, file: string, options: TopologyOptions): Promise<void> {
  const { availableParallelism } = await import('node:os');
  const { readPicture } = await import('../picture-files.ts');
  const { TextReader } = await import('../../../vision/ocr/text-reader.ts');
  const { MeshTopologyAnalyzer } = await import('../../../vision/topology/mesh-topology-analyzer.ts');
  const { metricsOf } = await import('../../../vision/topology/metrics.ts');
  const { systemClock, systemRandom } = await import('../../clock.ts');
  const bytes = await readPicture(file);
  // Asked first: there is no point in reading for a comparison that cannot be made.
  const live = options.compare ? await cli.client(options).get<TopologyView>('topology') : undefined;
  const threads = options.threads ?? Math.min(4, availableParallelism());
  const reader = new TextReader({ threads, clock: systemClock, random: systemRandom() });
  try {
    const graph = await new MeshTopologyAnalyzer({ reader, clock: systemClock }).analyze(bytes, cli.signal);
    const drawing: Drawing = { ...graph, metrics: metricsOf(graph) };
    if (live !== undefined) {
      const { differenceBetween } = await import('../../../vision/topology/difference.ts');
      const links = live.links.filter(({ state }) => state !== 'down');
      drawing.difference = differenceBetween(graph, { nodes: live.nodes, links });
    }
    cli.show(options, drawing, () => rendered(cli, drawing));
  } finally {
    await reader.stop();
  }
}

function rendered(cli: Cli, { nodes, edges, metrics, difference }: Drawing): string {
  if (nodes.length === 0) return 'No nodes were found in the picture.';
  const label = new Map(nodes.map((node) => [node.id, plain(node.label) || node.id]));
  const figures = new Map(metrics.nodes.map((node) => [node.id, node]));
  const parts = [
    table(cli.terminal, nodes, [
      { title: 'id', value: ({ id }) => id },
      { title: 'label', value: (node) => plain(node.label) },
      { title: 'x', align: 'right', value: ({ x }) => x.toFixed(0) },
      { title: 'y', align: 'right', value: ({ y }) => y.toFixed(0) },
      { title: 'shape', value: ({ shape }) => shape },
      { title: 'links', align: 'right', value: ({ id }) => String(figures.get(id)?.degree ?? 0) },
      { title: 'between', align: 'right', value: ({ id }) => percent(figures.get(id)?.betweenness ?? 0) },
      { title: 'sure', align: 'right', value: ({ confidence }) => percent(confidence) },
    ]),
  ];
  if (edges.length > 0) {
    parts.push(
      table(cli.terminal, edges, [
        { title: 'from', value: ({ source }) => label.get(source) ?? source },
        { title: 'to', value: ({ target }) => label.get(target) ?? target },
        { title: 'arrows', value: ({ arrows }) => (arrows === 'none' ? '' : arrows) },
        { title: 'line', value: ({ line }) => line },
        { title: 'sure', align: 'right', value: ({ confidence }) => percent(confidence) },
      ]),
    );
  }
  const names = (ids: readonly string[]): string => ids.map((id) => label.get(id) ?? id).join(', ');
  const weak = [
    metrics.articulationPoints.length > 0 && `All depend on: ${names(metrics.articulationPoints)}`,
    metrics.bridges.length > 0 &&
      `Links without a second way: ${metrics.bridges.map(({ source, target }) => `${label.get(source)}–${label.get(target)}`).join(', ')}`,
    metrics.isolated.length > 0 && `Without a link: ${names(metrics.isolated)}`,
  ].filter((line) => line !== false);
  if (weak.length > 0) parts.push(weak.join('\n'));
  if (difference !== undefined) {
    parts.push(
      difference.sentences.length === 0 ? 'The mesh is as drawn.' : difference.sentences.map(plain).join('\n'),
    );
  }
  return parts.join('\n\n');
}
