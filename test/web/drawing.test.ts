import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { differenceBetween } from '../../vision/topology/difference.ts';
import { metricsOf } from '../../vision/topology/metrics.ts';
import { marksOf } from '../../web/src/drawing/overlay.ts';
import { inBrowser, site } from './visit.ts';

describe('what was read in a drawing, laid over it', () => {
  const node = (id: string, label: string, x: number) => ({
    ...{ id, label, x, y: 20, shape: 'rectangle', confidence: 1 },
    box: { x: x - 10, y: 10, width: 20, height: 20 },
  });
  const edge = (source: string, target: string) => ({ source, target, arrows: 'none', line: 'solid', confidence: 1 });
  const graph = {
    ...{ width: 200, height: 40 },
    nodes: [node('n1', 'alpha', 20), node('n2', 'bravo', 80), node('n3', 'charly', 140), node('n4', '', 190)],
    edges: [edge('n1', 'n2'), edge('n2', 'n4'), edge('n1', 'n3')],
  };
  const live = {
    nodes: ['alpha', 'bravo', 'charlie'].map((name) => ({ id: name, name })),
    links: [
      { a: 'alpha', b: 'bravo' },
      { a: 'bravo', b: 'charlie' },
    ],
  };
  const marks = marksOf({ graph, metrics: metricsOf(graph), difference: differenceBetween(graph, live) });

  it('tells nodes that the mesh has, also under a misread name, from those that are only drawn', () => {
    expect(marks.nodes.map(({ kind, title }) => [kind, title])).toEqual([
      ['both', 'Read as “alpha”, in the mesh, 2\u00a0links, others depend on it'],
      ['both', 'Read as “bravo”, in the mesh, 2\u00a0links, others depend on it'],
      ['both', 'Read as “charly”, charlie of the mesh, 1\u00a0link'],
      ['drawn', 'No label could be read, no node of the mesh, 1\u00a0link'],
    ]);
  });

  it('tells links of both from those of one side, and shows what is not drawn', () => {
    expect(marks.edges.map(({ kind, title }) => [kind, title])).toEqual([
      ['both', 'alpha – bravo: in the mesh, there is no other way'],
      ['drawn', 'bravo – n4: not in the mesh, there is no other way'],
      ['drawn', 'alpha – charlie: not in the mesh, there is no other way'],
      ['live', 'bravo – charlie: in the mesh, not drawn'],
    ]);
    expect(marks.edges[3]).toMatchObject({ from: { x: 80 }, to: { x: 140 } });
  });
});

const { serve, visit } = site();

inBrowser('A drawing is read from the page, and what the mesh has more is said', async () => {
  const { page, go, complaints } = await visit(await serve());
  await go('mesh');
  const buffer = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  await page.getByLabel('A plan, a screenshot').setInputFiles({ name: 'plan.png', mimeType: 'image/png', buffer });
  await page.getByRole('img', { name: '0 nodes and 0 links were read in plan.png' }).waitFor();
  await page.getByText('the mesh has bravo, the drawing does not').waitFor();
  expect(complaints).toEqual([]);
});
