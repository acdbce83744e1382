// The map of the mesh: nodes at their lasting places, links drawn by state (colour, line style and word), and one line
// below that explains whatever is pointed at or focused.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { TopologyView } from '../../../daemon/view/schema.ts';
import { cost, latency, shortId } from '../format.ts';
import { routes, topology } from '../live/live.ts';
import { State } from '../parts/mark.tsx';
import { layout, type Point, WIDTH } from './layout.ts';

type MapNode = TopologyView['nodes'][number];
type MapLink = TopologyView['links'][number];
type Pointed = { kind: 'node'; id: string } | { kind: 'link'; a: string; b: string };

/** On more links or a narrower map, round trips are told on pointing only: the map must stay readable. */
const MOST_LABELS = 24;
const NARROW = 480;
/** Above this many nodes, names are shown for this node, the route and what is pointed at only. */
const MOST_NAMES = 60;
/** Pixels kept free at the sides for the names below the outermost nodes. */
const LABEL_ROOM = 20;
/** Pixels kept free below the lowest node for its name and "this node". */
const NAME_ROOM = 16;
/** A score from here on is drawn around the node. */
const NOTABLE_SCORE = 0.5;

export function MeshMap({ large = false }: { large?: boolean }) {
  const figure = useRef<HTMLDivElement>(null);
  const size = useSize(figure);
  const places = useRef<ReadonlyMap<string, Point>>(new Map());
  const [pointed, point] = useState<Pointed>();

  const mesh = topology.value ?? { nodes: [], links: [] };
  const laidOut = layout(
    mesh.nodes.map((node) => node.id),
    mesh.links,
    places.current,
  );
  // Places outlive their nodes: a board that comes back stands where it stood.
  places.current = new Map([...places.current, ...laidOut]);
  const at = (id: string): Point => {
    const place = places.current.get(id) ?? { x: WIDTH / 2, y: 0.5 };
    const inner = size.width - 2 * LABEL_ROOM;
    return { x: LABEL_ROOM + (place.x / WIDTH) * inner, y: place.y * (size.height - NAME_ROOM) };
  };

  const byId = new Map(mesh.nodes.map((node) => [node.id, node]));
  const path = pointed?.kind === 'node' ? pathTo(pointed.id, mesh.nodes) : [];
  const onPath = ({ a, b }: MapLink) => path.some((id, i) => i > 0 && joins(a, b, path[i - 1]!, id));

  const dense = mesh.nodes.length > MOST_NAMES;
  return (
    <figure class={`map${large ? ' map-large' : ''}${dense ? ' map-dense' : ''}`}>
      <div class="map-canvas" ref={figure}>
        {size.width > 0 && (
          // biome-ignore lint/a11y/useSemanticElements: a drawing, not a fieldset
          <svg width={size.width} height={size.height} role="group" aria-label={summary(mesh)}>
            {mesh.links.map((link) => (
              <Link
                key={`${link.a} ${link.b}`}
                link={link}
                from={at(link.a)}
                to={at(link.b)}
                label={mesh.links.length <= MOST_LABELS && size.width >= NARROW}
                strong={onPath(link)}
                onPoint={(on) => point(on ? { kind: 'link', a: link.a, b: link.b } : undefined)}
              />
            ))}
            {mesh.nodes.map((node) => (
              <Node
                key={node.id}
                node={node}
                place={at(node.id)}
                strong={path.includes(node.id)}
                onPoint={(on) => point(on ? { kind: 'node', id: node.id } : undefined)}
              />
            ))}
          </svg>
        )}
      </div>
      <figcaption id="map-caption">
        <Explanation pointed={pointed} byId={byId} links={mesh.links} />
      </figcaption>
    </figure>
  );
}

function Node(props: { node: MapNode; place: Point; strong: boolean; onPoint: (on: boolean) => void }) {
  const { node, place, strong, onPoint } = props;
  const notable = node.score >= NOTABLE_SCORE;
  const words = [node.name, node.self ? 'this node' : node.state];
  if (notable) words.push(`anomaly ${node.score.toFixed(2)}`);
  return (
    // biome-ignore lint/a11y/useSemanticElements: drawings know no button element
    <g
      class={`map-node node-${node.state}${node.self ? ' node-self' : ''}${strong ? ' strong' : ''}`}
      style={{ transform: `translate(${place.x}px, ${place.y}px)` }}
      tabIndex={0}
      role="button"
      aria-describedby="map-caption"
      aria-label={words.join(', ')}
      onMouseEnter={() => onPoint(true)}
      onMouseLeave={() => onPoint(false)}
      onFocus={() => onPoint(true)}
      onBlur={() => onPoint(false)}
    >
      <circle class="hit" r={26} />
      {notable && <circle class="halo" r={17} />}
      <circle class="disc" r={node.self ? 10 : 8.5} />
      {node.self && <circle class="core" r={4} />}
      <text class="node-name" y={30}>
        {node.name}
      </text>
      {!node.self && node.state !== 'connected' && (
        <text class="node-note" y={45}>
          {node.state}
        </text>
      )}
      {node.self && (
        <text class="node-note" y={45}>
          this node
        </text>
      )}
    </g>
  );
}

function Link(props: {
  link: MapLink;
  from: Point;
  to: Point;
  label: boolean;
  strong: boolean;
  onPoint: (on: boolean) => void;
}) {
  const { link, from, to, label, strong, onPoint } = props;
  const words = link.state === 'up' ? latency(link.roundTripSeconds) : link.state;
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing is a short cut; the same figures are in the tables
    <g
      class={`map-link link-${link.state}${strong ? ' strong' : ''}`}
      onMouseEnter={() => onPoint(true)}
      onMouseLeave={() => onPoint(false)}
    >
      <line class="hit" {...ends} />
      <line class="wire" {...ends} />
      {(label || link.state !== 'up') && (
        <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2} dy="0.35em">
          {words}
        </text>
      )}
    </g>
  );
}

/** The caption: what is pointed at, else the key to the map. Its height never changes. */
function Explanation(props: { pointed: Pointed | undefined; byId: Map<string, MapNode>; links: readonly MapLink[] }) {
  const { pointed, byId, links } = props;
  if (pointed?.kind === 'link') {
    const link = links.find(({ a, b }) => joins(a, b, pointed.a, pointed.b));
    if (link !== undefined) {
      return (
        <span>
          <State of={link.state} /> {nameOf(byId, link.a)} to {nameOf(byId, link.b)}, round trip{' '}
          {latency(link.roundTripSeconds)}, cost {cost(link.cost)}
        </span>
      );
    }
  }
  const node = pointed?.kind === 'node' ? byId.get(pointed.id) : undefined;
  if (node !== undefined) {
    const route = routes.value?.find(({ destination }) => destination === node.id);
    return (
      <span>
        <State of={node.state}>{node.name}</State>
        {node.self && ', this node'}
        {node.profile !== undefined && `, ${node.profile}`}
        {route !== undefined && `, by ${route.pathNames.join(' → ')}, cost ${cost(route.cost)}: ${route.reason}`}
        {node.score >= NOTABLE_SCORE && `, anomaly score ${node.score.toFixed(2)}`}
      </span>
    );
  }
  return (
    <span class="key" aria-hidden="true">
      {(['up', 'suspect', 'down'] as const).map((state) => (
        <span key={state} class={`link-${state}`}>
          <svg width="28" height="8" aria-hidden="true">
            <line class="wire" x1="0" y1="4" x2="28" y2="4" />
          </svg>{' '}
          link {state}
        </span>
      ))}
    </span>
  );
}

/** Ids from this node to `id` by the present route. */
function pathTo(id: string, nodes: readonly MapNode[]): string[] {
  const self = nodes.find((node) => node.self)?.id;
  const route = routes.value?.find(({ destination }) => destination === id);
  return self === undefined || route === undefined ? [] : [self, ...route.path];
}

function joins(a: string, b: string, c: string, d: string): boolean {
  return (a === c && b === d) || (a === d && b === c);
}

function nameOf(byId: ReadonlyMap<string, MapNode>, id: string): string {
  return byId.get(id)?.name ?? shortId(id);
}

function summary(mesh: TopologyView): string {
  const bad = mesh.links.filter(({ state }) => state !== 'up').length;
  return `Map of the mesh: ${mesh.nodes.length} nodes, ${mesh.links.length} links, ${bad} of them not up`;
}

function useSize(element: { current: HTMLElement | null }): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const target = element.current!;
    const observer = new ResizeObserver(() => setSize({ width: target.clientWidth, height: target.clientHeight }));
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return size;
}
