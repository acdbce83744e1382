// Somebody's own network from a JSON file, refused with the line where it is wrong.

import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { circle, type Place, type Wiring } from './topologies.ts';

const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' });
const Coordinate = Type.Optional(Type.Number({ minimum: -1e6, maximum: 1e6 }));
const TopologyFile = Type.Object({
  nodes: Type.Array(Type.Object({ name: Name, x: Coordinate, y: Coordinate }), { minItems: 2, maxItems: 10_000 }),
  links: Type.Array(Type.Tuple([Name, Name]), { maxItems: 200_000 }),
});

/**
 * From `{"nodes": [{"name", "x"?, "y"?}], "links": [["a", "b"]]}`. Throws `TOPOLOGY_INVALID` for anything else.
 * @param file its name, for the error
 */
export function topologyFromFile(text: string, file: string): Wiring {
  const fail = (place: Path | undefined, what: string): ParlmeshError =>
    new ParlmeshError('TOPOLOGY_INVALID', `${file}${place === undefined ? '' : `:${lineOf(text, place)}`}: ${what}`, {
      hint: 'Expected {"nodes": [{"name": "a"}, {"name": "b"}], "links": [["a", "b"]]}; nodes may have x and y',
    });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw fail(undefined, `This is no JSON: ${messageOf(cause)}`);
  }
  if (!Value.Check(TopologyFile, content)) {
    const [first] = Value.Errors(TopologyFile, content);
    const path = (first?.instancePath ?? '').split('/').slice(1).map(asStep);
    throw fail(path, `${first?.instancePath || 'the file'} ${first?.message ?? 'has another form'}`);
  }
  const index = new Map<string, number>();
  for (const [at, { name }] of content.nodes.entries()) {
    if (index.has(name)) throw fail(['nodes', at], `two nodes have the name "${name}"`);
    index.set(name, at);
  }
  const seen = new Set<string>();
  const links = content.links.map(([from, to], at): [number, number] => {
    const a = index.get(from);
    const b = index.get(to);
    if (a === undefined || b === undefined)
      throw fail(['links', at], `a link names "${a === undefined ? from : to}", which no node is`);
    const pair = [Math.min(a, b), Math.max(a, b)] as const;
    if (a === b) throw fail(['links', at], `a link leads from "${from}" to itself`);
    if (seen.has(pair.join())) throw fail(['links', at], `the link from "${from}" to "${to}" is there twice`);
    seen.add(pair.join());
    return [...pair];
  });
  const standIn = circle(content.nodes.length, () => []).nodes;
  const placed = content.nodes.every(({ x, y }) => x !== undefined && y !== undefined);
  if (!placed) return { nodes: content.nodes.map(({ name }, at) => ({ ...standIn[at]!, name })), links };
  return { nodes: intoSquare(content.nodes.map(({ name, x = 0, y = 0 }) => ({ name, x, y }))), links };
}

type Path = (string | number)[];

const asStep = (step: string): string | number => (/^\d+$/.test(step) ? Number(step) : step);

/** Of the value at `path`, or of the nearest one around it. JSON is YAML, and that parser knows places. */
function lineOf(text: string, path: Path): number {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function intoSquare(places: Place[]): Place[] {
  const range = (values: number[]): [number, number] => {
    const least = values.reduce((a, b) => Math.min(a, b));
    return [least, values.reduce((a, b) => Math.max(a, b)) - least || 1];
  };
  const [left, width] = range(places.map(({ x }) => x));
  const [top, height] = range(places.map(({ y }) => y));
  return places.map(({ name, x, y }) => ({
    name,
    x: 0.05 + (0.9 * (x - left)) / width,
    y: 0.05 + (0.9 * (y - top)) / height,
  }));
}
