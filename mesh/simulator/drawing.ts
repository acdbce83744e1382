// A simulation as a picture: who is wired to whom, what failed, and who was the last to come to rest.

import type { Picture } from './simulate.ts';

const SIZE = 1000;
const MARGIN = 40;
const LEGEND = 60;

export function draw({ scenario, cutLinks, deadNodes, vices, worst }: Picture, title: string): string {
  const { nodes, links } = scenario.wiring;
  const radius = Math.max(2, Math.min(10, 160 / Math.sqrt(nodes.length)));
  const at = (number: number): { x: string; y: string } => ({
    x: inPixels(nodes[number]!.x),
    y: inPixels(nodes[number]!.y),
  });
  const slowest = Math.max(...worst.settledAfter);
  // What was cut lies above the rest, or it would not be seen among thousands.
  const order = [...links.keys()].sort((a, b) => Number(cutLinks.has(a)) - Number(cutLinks.has(b)));
  const lines = order.map((index) => {
    const [a, b] = links[index]!;
    const [from, to] = [at(a), at(b)];
    const style = cutLinks.has(index) ? ' class="cut"' : '';
    return `<line${style} x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}"/>`;
  });
  const circles = nodes.map(({ name }, number) => {
    const { x, y } = at(number);
    const seconds = worst.settledAfter[number] ?? 0;
    const vice = vices.get(number);
    const kind = vice !== undefined ? 'byzantine' : deadNodes.has(number) ? 'dead' : '';
    const fill = kind === '' ? ` fill="${heat(slowest === 0 ? 0 : seconds / slowest)}"` : ` class="${kind}"`;
    const told = `${escaped(name)}${kind && `, ${vice ?? kind}`}: settled after ${seconds.toFixed(2)} s`;
    return `<circle cx="${x}" cy="${y}" r="${radius.toFixed(1)}"${fill}><title>${told}</title></circle>`;
  });
  const seconds = worst.report.convergence_seconds;
  const outcome = `${worst.report.event}: ${seconds === null ? 'did not settle in time' : `settled after ${seconds} s`}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE + LEGEND}" font-family="sans-serif" font-size="18">
<title>${escaped(title)}</title>
<style>line{stroke:#9aa5b1;stroke-width:1}line.cut{stroke:#d64545;stroke-width:2;stroke-dasharray:6 4}.dead{fill:#fff;stroke:#d64545;stroke-width:2}.byzantine{fill:#7c3aed}</style>
<rect width="100%" height="100%" fill="#fff"/>
${lines.join('\n')}
${circles.join('\n')}
<text x="${MARGIN}" y="${SIZE + 10}">${escaped(title)}</text>
<text x="${MARGIN}" y="${SIZE + 38}">${escaped(outcome)}. From blue, at rest first, to orange, last; dashed red: link cut; red ring: lost power; violet: Byzantine.</text>
</svg>
`;
}

const inPixels = (share: number): string => (MARGIN + share * (SIZE - 2 * MARGIN)).toFixed(1);

/** From blue (0) to orange (1). */
const heat = (share: number): string => `hsl(${Math.round(210 - 180 * share)} 80% 50%)`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
