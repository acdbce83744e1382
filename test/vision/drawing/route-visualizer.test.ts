import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { arrow, beside, strokesOf } from '../../../vision/drawing/courses.ts';
import { heatOf, rate } from '../../../vision/drawing/heat.ts';
import { PALETTES } from '../../../vision/drawing/palette.ts';
import { rasterize } from '../../../vision/drawing/raster.ts';
import { RouteVisualizer } from '../../../vision/drawing/route-visualizer.ts';
import { type Scene, SHOWN } from '../../../vision/drawing/scene.ts';
import { HOME } from './scenes.ts';

const draw = (scene: Scene, show: (typeof SHOWN)[number] = 'routes', visualizer = new RouteVisualizer()): string =>
  visualizer.draw(scene, { show, theme: 'light', title: 'Routes from alpha' });

/** Where a node's name stands. */
const placeOf = (svg: string, name: string): [number, number] => {
  const [, x, y] = new RegExp(`<text x="([\\d.]+)" y="([\\d.]+)"[^>]*>${name}</text>`).exec(svg) ?? [];
  return [Number(x), Number(y)];
};

describe('a drawing of the mesh', () => {
  it('tells in words and lines what is wrong, never by colour alone', () => {
    const svg = draw(HOME);
    for (const words of [
      'suspect, house',
      'gone, barn',
      'barn, border',
      'anomaly 0.72, cuts off 2',
      'this node, house',
    ])
      expect(svg).toContain(`>${words}</text>`);
    expect(svg).toContain('>6 nodes, 6 links, 2 of them not up, 1 node gone, 1 node that others hang on</text>');
    expect(svg.match(/stroke-dasharray="1.5 6"/g)).toHaveLength(2);
    expect(svg.match(/stroke-dasharray="10 5"/g)?.length).toBeGreaterThanOrEqual(2);
  });

  it('has the title and a summary for those who do not see it', () => {
    expect(draw(HOME)).toMatch(
      /role="img" aria-labelledby="t d".*<title id="t">Routes from alpha<.*<desc id="d">6 nodes/,
    );
  });

  it('is the same text for the same scene, in whatever order nodes and links are told', () => {
    const turned = { ...HOME, nodes: HOME.nodes.toReversed(), links: HOME.links.toReversed() };
    expect(placeOf(draw(turned), 'delta')).toEqual(placeOf(draw(HOME), 'delta'));
    expect(draw(HOME)).toBe(draw(HOME));
  });

  it('moves nobody far when a node joins, and lets one that comes back stand where it stood', () => {
    const visualizer = new RouteVisualizer();
    const before = draw(HOME, 'routes', visualizer);
    const golf = { id: 'g', name: 'golf', self: false, state: 'reachable' as const, score: 0 };
    const joined = { ...HOME, nodes: [...HOME.nodes, golf], links: [...HOME.links, { ...HOME.links[0]!, b: 'g' }] };
    const after = draw(joined, 'routes', visualizer);
    for (const { name } of HOME.nodes) {
      const [[x, y], [x2, y2]] = [placeOf(before, name), placeOf(after, name)];
      // A twentieth of the drawing's height.
      expect(Math.hypot(x2 - x, y2 - y)).toBeLessThan(25);
    }
    draw(HOME, 'routes', visualizer);
    expect(placeOf(draw(joined, 'routes', visualizer), 'golf')).toEqual(placeOf(after, 'golf'));
  });

  it('is well-formed whatever nodes call themselves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 30 }), async (name) => {
        const svg = draw({ ...HOME, nodes: HOME.nodes.map((node) => ({ ...node, name, area: name })) });
        const { format } = await sharp(Buffer.from(svg)).metadata();
        expect(format).toBe('svg');
      }),
      { numRuns: 12 },
    );
    expect(draw({ ...HOME, nodes: [{ ...HOME.nodes[0]!, name: '"><script>x' }], links: [], routes: [] })).not.toContain(
      '<script',
    );
  });

  it('draws no link to a node that it does not know, and an empty mesh', () => {
    const stray = {
      ...HOME,
      links: [{ a: 'a', b: 'nobody', cost: 1, state: 'up' as const }],
      routes: [{ path: ['a', 'nobody'] }],
    };
    expect(draw(stray)).not.toContain('NaN');
    expect(draw({ nodes: [], links: [], routes: [] })).toContain('0 nodes, 0 links');
  });

  it('becomes a PNG of the same size', async () => {
    const svg = draw(HOME, 'anomaly');
    const { format, width, height } = await sharp(await rasterize(svg)).metadata();
    expect({ format, width, height }).toEqual({ format: 'png', width: 960, height: 600 });
  });
});

describe('a heatmap', () => {
  it.each(SHOWN.filter((show) => show !== 'routes'))('of %s says each figure and what its steps mean', (show) => {
    const svg = draw(HOME, show);
    const expected = {
      cost: ['>400</text>', '>up to 20.9</text>', '>191 to 400</text>'],
      traffic: ['>120 kB/s</text>', '>0 B/s</text>', '>36.2 kB/s to 120 kB/s</text>'],
      anomaly: ['>0.72, cuts off 2</text>', '>0.90</text>', '>0.80 to 1.00</text>'],
    }[show];
    for (const words of expected) expect(svg).toContain(words);
    expect(svg).not.toContain('>backup</text>');
  });

  it('makes wider what is more, and one step of what hardly differs', () => {
    const heat = heatOf('cost', HOME);
    expect(HOME.links.map((link) => heat.link(link)?.step)).toEqual([0, 0, 0, 4, 1, undefined]);
    const alike = heatOf('cost', { nodes: [], links: HOME.links.slice(0, 3).map((link) => ({ ...link, cost: 10 })) });
    expect(alike.legend).toEqual([{ step: 0, text: 'about 10' }]);
    expect(heatOf('traffic', { nodes: [], links: [] }).legend).toEqual([]);
  });

  it('has no anomaly of a node that is gone', () => {
    const heat = heatOf('anomaly', HOME);
    expect(HOME.nodes.map((node) => heat.node(node)?.step)).toEqual([0, 0, 3, 1, 4, undefined]);
  });

  it('says rates in the unit that fits', () => {
    expect([0, 999, 1200, 3_400_000].map(rate)).toEqual(['0 B/s', '999 B/s', '1.2 kB/s', '3.4 MB/s']);
  });
});

describe('the colours of drawings', () => {
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  };

  it.each(['light', 'dark'] as const)('are told from the ground, %s: words by 4.5 to 1, lines by 3 to 1', (theme) => {
    const { ground, heat, plain, ...words } = PALETTES[theme];
    for (const colour of Object.values(words)) expect(contrast(colour, ground)).toBeGreaterThanOrEqual(4.5);
    for (const colour of [plain, ...heat]) expect(contrast(colour, ground)).toBeGreaterThanOrEqual(3);
  });
});

describe('the lines over the links', () => {
  it('are every hop once, and of many backups only the beginnings', () => {
    const strokes = strokesOf(HOME.routes).map(({ kind, from, to }) => `${kind} ${from}${to}`);
    expect(strokes).toEqual(['backup ac', 'backup ab', 'route ab', 'route ac', 'route cd', 'route de']);
    const one = strokesOf([HOME.routes[2]!]).map(({ kind, from, to }) => `${kind} ${from}${to}`);
    expect(one).toEqual(['backup ab', 'backup bc', 'backup cd', 'route ac', 'route cd']);
  });

  it('stand beside each other where they share a link, and point the way', () => {
    const [from, to] = [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
    ];
    expect(beside([from, to], 5)).toEqual([
      { x: 0, y: 5 },
      { x: 10, y: 5 },
    ]);
    expect(beside([{ x: 1, y: 1 }], 5)).toEqual([{ x: 1, y: 1 }]);
    expect(arrow(from, to, 0.5, 2)[0]).toEqual({ x: 7, y: 0 });
  });
});
