import { describe, expect, it } from 'vitest';
import { pngOf, readFrom, text, type Written } from './drawings.ts';

const at = (words: string, x: number, y: number): Written => ({ text: words, x, y });
const corners = [at('alpha', 120, 80), at('beta', 480, 80), at('gamma', 120, 320), at('delta', 480, 320)];
const box = ({ x, y }: Written, style: string): string =>
  `<rect x="${x - 50}" y="${y - 25}" width="100" height="50" ${style}/>`;
const line = (a: Written, b: Written, style = 'stroke="#000" stroke-width="1.5"'): string =>
  `<line x1="${a.x}" y1="${a.y}" x2="${b.x}" y2="${b.y}" ${style}/>`;
const [alpha, beta, gamma, delta] = corners as [Written, Written, Written, Written];

describe('reading a drawing', { timeout: 120_000 }, () => {
  it('reads outlined boxes, their places, and lines that cross', async () => {
    const lines = [line(alpha, delta), line(beta, gamma), line(alpha, beta)];
    const boxes = corners.map((node) => box(node, 'fill="#fff" stroke="#000"') + text(node));
    const { graph, labels, links } = await readFrom(await pngOf([...lines, ...boxes].join('')), corners);
    expect(labels).toEqual(['alpha', 'beta', 'delta', 'gamma']);
    expect(links).toEqual(['alpha-beta', 'alpha-delta', 'beta-gamma']);
    const { x, y, shape, box: extent } = graph.nodes.find(({ label }) => label === 'delta')!;
    expect(Math.hypot(x - 480, y - 320)).toBeLessThan(3);
    expect([shape, Math.abs(extent.width - 100) < 8]).toEqual(['rectangle', true]);
  });

  it('reads filled discs on a dark ground with labels below, and dashed lines', async () => {
    const names = corners.map(({ text: words, x, y }) => at(words, x, y + 26));
    const stroke = 'stroke="#5877bd" stroke-width="2"';
    const body = [
      line(alpha, beta, `${stroke} stroke-dasharray="9 5"`),
      line(alpha, gamma, stroke),
      line(alpha, delta, stroke),
      ...corners.map(
        ({ x, y }) => `<circle cx="${x}" cy="${y}" r="9" fill="#7aa2ff" stroke="#14181f" stroke-width="3"/>`,
      ),
      ...names.map((name) => text(name, '#e5e7eb')),
    ];
    const { graph, labels, links } = await readFrom(await pngOf(body.join(''), 600, 400, '#14181f'), names);
    expect(labels).toEqual(['alpha', 'beta', 'delta', 'gamma']);
    expect(links).toEqual(['alpha-beta', 'alpha-delta', 'alpha-gamma']);
    expect(graph.edges.filter((edge) => edge.line === 'dashed')).toHaveLength(1);
  });

  it('keeps apart lines that cross close together, dashed ones too', async () => {
    const dashed = 'stroke="#000" stroke-width="1.5" stroke-dasharray="7 5"';
    const inner = [at('p1', 270, 45), at('p2', 330, 45), at('q1', 270, 355), at('q2', 330, 355)] as const;
    const [p1, p2, q1, q2] = inner;
    const lines = [line(alpha, delta, dashed), line(beta, gamma, dashed), line(p1, q2), line(p2, q1)];
    const discs = inner.map(
      (node) => `<circle cx="${node.x}" cy="${node.y}" r="18" fill="#fff" stroke="#000"/>${text(node)}`,
    );
    const boxes = corners.map((node) => box(node, 'fill="#fff" stroke="#000"') + text(node));
    const { graph, links } = await readFrom(await pngOf([...lines, ...discs, ...boxes].join('')), [
      ...corners,
      ...inner,
    ]);
    expect(links).toEqual(['alpha-delta', 'beta-gamma', 'p1-q2', 'p2-q1']);
    expect(graph.edges.filter((edge) => edge.line === 'dashed')).toHaveLength(2);
  });

  it('tells discs from the wide links between them, and bridges figures that were not read', async () => {
    const names = corners.map(({ text: words, x, y }) => at(words, x, y + 28));
    const wide = 'stroke="#9c1212" stroke-width="8"';
    const figure = (a: Written, b: Written): string => {
      const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
      return `<rect x="${x - 12}" y="${y - 9}" width="24" height="18" fill="#fff"/>${text(at('38', x, y), '#5b6470')}`;
    };
    const pairs = [
      [alpha, beta],
      [alpha, delta],
      [gamma, delta],
    ] as const;
    const body = [
      ...pairs.map(([a, b]) => line(a, b, wide)),
      ...pairs.map(([a, b]) => figure(a, b)),
      ...corners.map(
        ({ x, y }) => `<circle cx="${x}" cy="${y}" r="11" fill="#0f6b74" stroke="#fff" stroke-width="4"/>`,
      ),
      ...names.map((name) => text(name)),
    ];
    const { labels, links } = await readFrom(await pngOf(body.join('')), names);
    expect(labels).toEqual(['alpha', 'beta', 'delta', 'gamma']);
    expect(links).toEqual(['alpha-beta', 'alpha-delta', 'delta-gamma']);
  });

  it('follows curves and corners to arrowheads, and knows which way they point', async () => {
    const stroke = 'fill="none" stroke="#333" stroke-width="2"';
    const body = [
      `<path ${stroke} d="M170 80C300 80 300 140 425 90"/><polygon points="430,85 416,88 421,98" fill="#333"/>`,
      `<path ${stroke} d="M120 295V200H480V105"/><polygon points="480,105 474,119 486,119" fill="#333"/>`,
      ...corners.map((node) => box(node, 'rx="12" fill="#ECECFF" stroke="#9370DB"') + text(node)),
    ];
    const { graph, links } = await readFrom(await pngOf(body.join('')), corners);
    expect(links).toEqual(['alpha-beta', 'beta-gamma']);
    const label = new Map(graph.nodes.map((node) => [node.id, node.label]));
    expect(
      graph.edges.map(({ source, target, arrows }) => [label.get(source), label.get(target), arrows]).sort(),
    ).toEqual([
      ['alpha', 'beta', 'forward'],
      ['gamma', 'beta', 'forward'],
    ]);
  });

  it('finds a sheet that lies askew on a desk, and tells places in the photograph', async () => {
    const boxes = corners.map((node) => box(node, 'fill="#fff" stroke="#000" stroke-width="2"') + text(node));
    const sheet = `<g transform="translate(90 60) rotate(4) scale(0.8)"><rect width="600" height="400" fill="#f6f4ee"/>${line(alpha, beta)}${line(gamma, delta)}${boxes.join('')}</g>`;
    const { graph, links } = await readFrom(await pngOf(sheet, 640, 480, '#5a4636'), corners);
    expect(links).toEqual(['alpha-beta', 'delta-gamma']);
    const { x, y } = graph.nodes.find(({ label }) => label === 'alpha')!;
    // 120, 80 scaled by 0.8, turned by 4°, moved by 90, 60.
    expect(Math.hypot(x - 181.3, y - 130.5)).toBeLessThan(4);
  });

  it('sees no network in an empty picture, in noise, or in one pixel', async () => {
    const noise = Array.from(
      { length: 400 },
      (_, i) => `<circle cx="${(i * 97) % 300}" cy="${(i * 61) % 200}" r="1.5"/>`,
    );
    for (const body of ['', noise.join('')]) {
      const { labels, links } = await readFrom(await pngOf(body, 300, 200), [], 300, 200);
      expect([labels, links]).toEqual([[], []]);
    }
    expect((await readFrom(await pngOf('', 1, 1), [], 1, 1)).labels).toEqual([]);
  });
});
