// Drawings of networks beside the mesh as it is: joins the analyser, which knows no mesh, with the mesh's view.

import type { Clock } from '../core/clock.ts';
import { differenceBetween } from '../vision/topology/difference.ts';
import type { LabelReader } from '../vision/topology/graph.ts';
import { MeshTopologyAnalyzer } from '../vision/topology/mesh-topology-analyzer.ts';
import { metricsOf } from '../vision/topology/metrics.ts';
import type { DrawingView } from './view/drawing-schema.ts';
import type { TopologyView } from './view/schema.ts';

export interface DrawingParts {
  reader: LabelReader;
  clock: Clock;
  topology: () => TopologyView;
}

/** What reads a drawing and compares it with the mesh at that moment; links that are down count as missing. */
export function drawingReader({ reader, clock, topology }: DrawingParts) {
  const analyzer = new MeshTopologyAnalyzer({ reader, clock });
  return async (picture: Uint8Array, signal: AbortSignal): Promise<DrawingView> => {
    const graph = await analyzer.analyze(picture, signal);
    const { nodes, links } = topology();
    const live = { nodes, links: links.filter(({ state }) => state !== 'down') };
    return { graph, metrics: metricsOf(graph), difference: differenceBetween(graph, live) };
  };
}
