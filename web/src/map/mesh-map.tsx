// The map of the mesh: nodes at their lasting places, links drawn by state (colour, line style and word), the route to a
// chosen node and its backup, and the moment in which routes change. One place below explains what is pointed at.

import { useRef, useState } from 'preact/hooks';
import type { TopologyView } from '../../../daemon/view/schema.ts';
import { beside } from '../../../vision/drawing/courses.ts';
import { type Box, type PlacedLabel, placeLabels } from '../../../vision/drawing/labels.ts';
import { layout, type Point, WIDTH } from '../../../vision/drawing/layout.ts';
import { links, routes, topology } from '../live/live.ts';
import { moment } from '../live/moment.ts';
import './map.css';
import { useSize } from '../parts/size.ts';
import { hasAreas, noteOf } from './areas.ts';
import { type Course, coursesOf, coursesTo } from './courses.ts';
import { HeatKey, Key, LinkExplanation, NodeExplanation } from './explanation.tsx';
import { type KnownLink, knownLinks, labelsOf } from './links.ts';
import { Link, LinkLabel } from './map-link.tsx';
import { type MapNode, Node } from './map-node.tsx';
import { MapTools } from './map-tools.tsx';
import { News } from './news.tsx';
import { coursesFrom, EVERYTHING, type HeatShown, heatShown, useSurvey } from './shown.ts';
import { useZoom } from './use-zoom.ts';
import { zoomed } from './zoom.ts';

type Choice = { kind: 'node'; id: string } | { kind: 'link'; a: string; b: string };

/** On more links, words are told on pointing only: the map must stay readable. */
const MOST_LABELS = 40;
/** A narrower map has smaller and shorter words. */
const NARROW = 560;
/** Above this many nodes, names are shown for this node, the route and what is pointed at only. */
const MOST_NAMES = 60;
/** Pixels kept free at the sides for the names below the outermost nodes. */
const LABEL_ROOM = 20;
/** Pixels kept free below the lowest node for its name and "this node". */
const NAME_ROOM = 16;
/** Pixels from a link to the backup drawn beside it. */
const BESIDE = 6;

export function MeshMap({ large = false }: { large?: boolean }) {
  const figure = useRef<HTMLDivElement>(null);
  const size = useSize(figure);
  const places = useRef<ReadonlyMap<string, Point>>(new Map());
  const [pointed, point] = useState<Choice>();
  const [chosen, choose] = useState<Choice>();
  const [choices, setChoices] = useState(EVERYTHING);
  const map = useZoom(figure, size);
  const survey = useSurvey(choices);

  const mesh = topology.value ?? { nodes: [], links: [] };
  const laidOut = layout(
    mesh.nodes.map((node) => node.id),
    mesh.links,
    places.current,
  );
  // Places outlive their nodes: a board that comes back stands where it stood.
  places.current = new Map([...places.current, ...laidOut]);
  const unzoomed = (id: string): Point => {
    const place = places.current.get(id) ?? { x: WIDTH / 2, y: 0.5 };
    const inner = size.width - 2 * LABEL_ROOM;
    return { x: LABEL_ROOM + (place.x / WIDTH) * inner, y: place.y * (size.height - NAME_ROOM) };
  };
  // Places grow apart, words and discs do not: closer means more room, not larger letters.
  const at = (id: string): Point => zoomed(map.zoom, unzoomed(id));

  const self = mesh.nodes.find((node) => node.self)?.id;
  const byId = new Map(mesh.nodes.map((node) => [node.id, node]));
  const known = knownLinks(mesh.links, links.value ?? [], self);
  const shown = pointed ?? chosen;
  const showsAreas = hasAreas(mesh.nodes);
  const heat = heatShown(choices, mesh, survey);
  const to = shown?.kind === 'node' ? shown.id : undefined;
  const courses =
    heat !== undefined ? [] : choices.from === '' ? coursesShown(shown, self) : coursesFrom(choices, survey, to);
  const onCourse = new Set(courses.flatMap(({ path }) => path));
  const isCrowded = known.length > MOST_LABELS * map.zoom.scale ** 2;
  const labels = isCrowded
    ? new Map<string, PlacedLabel>()
    : placeLabels(...wishesOf(known, mesh.nodes, { at, size, heat }));
  const toggle = (choice: Choice) => {
    if (map.wasClick()) choose(chosen !== undefined && same(chosen, choice) ? undefined : choice);
  };

  return (
    <figure
      class={`map${large ? ' map-large' : ''}${mesh.nodes.length > MOST_NAMES * map.zoom.scale ? ' map-dense' : ''}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') choose(undefined);
        // Keys in the lists above the map are the lists'.
        const isMapKey = event.target instanceof SVGElement && !event.ctrlKey && !event.metaKey && !event.altKey;
        if (isMapKey && map.onKey(event.key)) event.preventDefault();
      }}
    >
      {large && (
        <MapTools
          choices={choices}
          mesh={mesh}
          chosen={chosen?.kind === 'node' ? chosen.id : undefined}
          zoom={map}
          onChange={setChoices}
        />
      )}
      <div class={`map-canvas${map.zoom.scale > 1 ? ' map-zoomed' : ''}`} ref={figure} {...map.handlers}>
        {size.width > 0 && (
          // biome-ignore lint/a11y/useSemanticElements: a drawing, not a fieldset
          // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
          <svg
            width={size.width}
            height={size.height}
            role="group"
            aria-label={summary(mesh)}
            class={size.width < NARROW ? 'map-narrow' : undefined}
            onClick={(event) => {
              if (event.target === event.currentTarget && map.wasClick()) choose(undefined);
            }}
          >
            {known.map((one) => {
              const { a, b } = one.link;
              const choice: Choice = { kind: 'link', a, b };
              return (
                <Link
                  key={`${a} ${b}`}
                  known={one}
                  heat={heat === undefined ? undefined : (heat.link(a, b)?.step ?? 'none')}
                  from={at(a)}
                  to={at(b)}
                  onPoint={(on) => point(on ? choice : undefined)}
                  onChoose={() => toggle(choice)}
                />
              );
            })}
            {courses.map((course) => (
              <polyline
                key={`${course.kind} ${course.path.join(' ')}`}
                class={`course course-${course.kind}`}
                points={line(course, at)}
              />
            ))}
            {known.map((one) => {
              const key = `${one.link.a} ${one.link.b}`;
              const label = labels.get(key);
              return label && <LinkLabel key={key} known={one} label={label} />;
            })}
            {mesh.nodes.map((node) => {
              const choice: Choice = { kind: 'node', id: node.id };
              return (
                <Node
                  key={node.id}
                  node={node}
                  place={at(node.id)}
                  note={noteOf(node, showsAreas)}
                  heat={heat?.node(node.id)}
                  strong={onCourse.has(node.id)}
                  isChosen={chosen !== undefined && same(chosen, choice)}
                  onPoint={(on) => point(on ? choice : undefined)}
                  onFocus={() => map.show(unzoomed(node.id))}
                  onChoose={() => toggle(choice)}
                />
              );
            })}
          </svg>
        )}
      </div>
      <figcaption>
        <div id="map-caption" class="map-words">
          <Explanation shown={shown} byId={byId} known={known} heat={heat} large={large} />
        </div>
        <News />
      </figcaption>
    </figure>
  );
}

interface ExplanationProps {
  shown: Choice | undefined;
  byId: ReadonlyMap<string, MapNode>;
  known: KnownLink[];
  heat: HeatShown | undefined;
  large: boolean;
}

function Explanation({ shown, byId, known, heat, large }: ExplanationProps) {
  if (shown?.kind === 'link') {
    const one = known.find(({ link }) => link.a === shown.a && link.b === shown.b);
    if (one !== undefined) return <LinkExplanation known={one} names={byId} />;
  }
  const node = shown?.kind === 'node' ? byId.get(shown.id) : undefined;
  if (node !== undefined) return <NodeExplanation node={node} />;
  return (
    <>
      {heat === undefined ? <Key /> : <HeatKey heat={heat} />}
      <p class="muted">
        Choose a node to see its route and backup, or a link to see what is known of it.
        {large && ' Ctrl and wheel, two fingers, + and - zoom.'}
      </p>
    </>
  );
}

/** Of the node that is shown; else of what changed just now. */
function coursesShown(shown: Choice | undefined, self: string | undefined): Course[] {
  if (self === undefined) return [];
  if (shown === undefined) return coursesOf(moment.value, self);
  return shown.kind === 'node' ? coursesTo(shown.id, self, routes.value ?? []) : [];
}

function line({ kind, path }: Course, at: (id: string) => Point): string {
  const points = path.map(at);
  return (kind === 'backup' ? beside(points, BESIDE) : points).map(({ x, y }) => `${x},${y}`).join(' ');
}

function wishesOf(
  known: readonly KnownLink[],
  nodes: readonly MapNode[],
  {
    at,
    size,
    heat,
  }: { at: (id: string) => Point; size: { width: number; height: number }; heat: HeatShown | undefined },
): Parameters<typeof placeLabels> {
  const { width } = size;
  const letter = width < NARROW ? 5.8 : 6.8;
  const wishes = known.map((one) => {
    const { link } = one;
    const hot = heat?.link(link.a, link.b)?.text;
    const texts =
      heat === undefined || link.state !== 'up' ? labelsOf(one, width >= NARROW) : hot === undefined ? [] : [hot];
    return { key: `${link.a} ${link.b}`, from: at(link.a), to: at(link.b), texts, must: link.state !== 'up' };
  });
  const showsAreas = hasAreas(nodes);
  const taken = nodes.flatMap((node): Box[] => {
    const { x, y } = at(node.id);
    const note = noteOf(node, showsAreas);
    const lines = 1 + Number(note !== undefined) + Number(heat?.node(node.id) !== undefined);
    return [
      { x, y, width: 26, height: 26 },
      { x, y: y + 18 + 8 * lines, width: Math.max(node.name.length, note?.length ?? 0) * 7.5, height: 16 * lines },
    ];
  });
  return [wishes, taken, { ...size, letter }];
}

function same(a: Choice, b: Choice): boolean {
  if (a.kind === 'node') return b.kind === 'node' && a.id === b.id;
  return b.kind === 'link' && a.a === b.a && a.b === b.b;
}

function summary(mesh: TopologyView): string {
  const bad = mesh.links.filter(({ state }) => state !== 'up').length;
  return `Map of the mesh: ${mesh.nodes.length} nodes, ${mesh.links.length} links, ${bad} of them not up`;
}
