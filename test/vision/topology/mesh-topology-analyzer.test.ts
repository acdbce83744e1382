import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../../daemon/clock.ts';
import { RouteVisualizer } from '../../../vision/drawing/route-visualizer.ts';
import type { SceneLink, SceneNode } from '../../../vision/drawing/scene.ts';
import { TextReader } from '../../../vision/ocr/text-reader.ts';
import { loadSharp } from '../../../vision/picture/decode.ts';
import { MeshTopologyAnalyzer } from '../../../vision/topology/mesh-topology-analyzer.ts';
import { pngOf, text } from './drawings.ts';

const hub = { text: 'gateway', x: 300, y: 80 };
const leaves = [
  { text: 'pi-1', x: 120, y: 320 },
  { text: 'pi-2', x: 480, y: 320 },
];

describe('the analyser of drawings', () => {
  const reader = new TextReader({ threads: 1, clock: systemClock, random: systemRandom() });
  const analyzer = new MeshTopologyAnalyzer({ reader, clock: systemClock });
  let star: Buffer;
  beforeAll(async () => {
    const lines = leaves.map(
      ({ x, y }) => `<line x1="300" y1="80" x2="${x}" y2="${y}" stroke="#333" stroke-width="2"/>`,
    );
    const nodes = [hub, ...leaves].map(
      (node) => `<ellipse cx="${node.x}" cy="${node.y}" rx="60" ry="28" fill="#fff" stroke="#000"/>${text(node)}`,
    );
    star = await pngOf([...lines, ...nodes].join(''));
  });
  afterAll(() => reader.stop());

  it('reads labels and links in a thread of its own', async () => {
    const graph = await analyzer.analyze(star);
    expect(graph).toMatchObject({ width: 600, height: 400 });
    expect(graph.nodes.map(({ label }) => label)).toEqual(['gateway', 'pi-1', 'pi-2']);
    expect(graph.edges.map(({ source, target }) => [source, target])).toEqual([
      ['n1', 'n2'],
      ['n1', 'n3'],
    ]);
  }, 120_000);

  it('reads the map that parlmesh itself draws: discs on links nearly as wide, figures on them, and a key', async () => {
    const names = ['north', 'barn', 'gate', 'mast', 'silo'];
    const nodes = names.map(
      (name, i): SceneNode => ({ id: name, name, self: i === 0, state: i < 3 ? 'connected' : 'reachable', score: 0 }),
    );
    const links = [0, 1, 2, 3, 4].map(
      (i): SceneLink => ({ a: names[i]!, b: names[(i + 1) % 5]!, cost: 8 + 9 * i, state: 'up' }),
    );
    const scene = { nodes, links, routes: [] };
    const svg = new RouteVisualizer().draw(scene, { show: 'cost', theme: 'light', title: 'Cost of links' });
    const graph = await analyzer.analyze(await (await loadSharp())(Buffer.from(svg)).png().toBuffer());
    const label = new Map(graph.nodes.map((node) => [node.id, node.label]));
    expect([...label.values()].sort()).toEqual([...names].sort());
    expect(
      graph.edges.map(({ source, target }) => [label.get(source), label.get(target)].sort().join('-')).sort(),
    ).toEqual(['barn-gate', 'barn-north', 'gate-mast', 'mast-silo', 'north-silo']);
  }, 120_000);

  it('refuses what is no picture, or declares too many pixels, before anything runs', async () => {
    await expect(analyzer.analyze(Buffer.from('digraph { a -> b }'))).rejects.toMatchObject({
      code: 'PICTURE_UNREADABLE',
    });
    const bomb = Buffer.from(star);
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    await expect(analyzer.analyze(bomb)).rejects.toMatchObject({ code: expect.stringMatching(/^PICTURE_/) });
  });

  it('ends a drawing that takes too long, and one that nobody waits for any more', async () => {
    const slow = { read: () => new Promise<never>(() => {}) };
    const hasty = new MeshTopologyAnalyzer({ reader: slow, clock: systemClock, deadline: 100 });
    await expect(hasty.analyze(star)).rejects.toMatchObject({ code: 'DRAWING_TOO_SLOW' });
    const gone = new AbortController();
    const patient = new MeshTopologyAnalyzer({
      reader: {
        read: () => {
          gone.abort();
          return new Promise<never>(() => {});
        },
      },
      clock: systemClock,
    });
    await expect(patient.analyze(star, gone.signal)).rejects.toThrow(/abort/i);
  }, 120_000);

  it('tells the reader’s failure', async () => {
    const broken = new MeshTopologyAnalyzer({
      reader: { read: () => Promise.reject(new Error('no model')) },
      clock: systemClock,
    });
    await expect(broken.analyze(star)).rejects.toThrow(/no model/);
  }, 120_000);
});
