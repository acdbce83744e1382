// The words below the map: of a node its state and why, its route and what takes over; of a link all that is measured;
// else the key to the drawing. The place keeps its height, so that nothing moves.

import type { ComponentChildren } from 'preact';
import { NOTABLE_SCORE } from '../../../vision/drawing/scene.ts';
import { capital, plainCost, shortId } from '../format.ts';
import { peers, routes, topology } from '../live/live.ts';
import { State } from '../parts/mark.tsx';
import { Time } from '../parts/time.tsx';
import { backupInWords } from '../views/backup-in-words.ts';
import { hasAreas } from './areas.ts';
import { type KnownLink, linkInWords } from './links.ts';
import type { MapNode } from './map-node.tsx';
import type { HeatShown } from './shown.ts';

export function NodeExplanation({ node }: { node: MapNode }) {
  const peer = peers.value?.find(({ id }) => id === node.id);
  const presence = peer?.presence;
  const route = routes.value?.find(({ destination }) => destination === node.id);
  const differs = presence !== undefined && presence.state !== 'alive' && presence.state !== node.state;
  return (
    <>
      <p>
        <State of={differs ? presence.state : node.state}>{node.name}</State>
        {node.self && ', this node'}
        {!node.self && `, ${node.state}`}
        {differs && `, ${presence.state}`}
        {node.area !== undefined && hasAreas(topology.value?.nodes ?? []) && `, in area ${node.area}`}
        {node.profile !== undefined && `, ${node.profile}`}
        {node.score >= NOTABLE_SCORE && `, anomaly score ${node.score.toFixed(2)}`}
      </p>
      {peer?.withholds && <p class="cause">Passes on nothing for others; other ways are preferred</p>}
      {presence !== undefined && presence.why !== '' && <p class="muted">{capital(presence.why)}</p>}
      {route !== undefined && (
        <>
          <p>
            <Stroke kind="course-route" /> {route.pathNames.join(' → ')}, cost {plainCost(route.cost)}, since{' '}
            <Time at={route.since} seconds />: {route.reason}
            {route.exit !== undefined && `; leaves the area at ${route.exit.borderName}`}
          </p>
          <p>
            {route.backup !== undefined && <Stroke kind="course-backup" />} If its first link fails:{' '}
            {backupInWords(route)}
          </p>
        </>
      )}
      {route === undefined && !node.self && <p>No route leads there now.</p>}
    </>
  );
}

export function LinkExplanation({ known, names }: { known: KnownLink; names: ReadonlyMap<string, MapNode> }) {
  const { link, own } = known;
  const [a, b] = [nameOf(names, link.a), nameOf(names, link.b)];
  const [measured, history] = linkInWords(known, [a, b]);
  return (
    <>
      <p>
        <State of={link.state} /> {a} to {b}
        {own !== undefined && (
          <>
            , since <Time at={own.since} seconds />
          </>
        )}
      </p>
      <p>{measured}</p>
      <p class="muted">{history}</p>
    </>
  );
}

export function Key() {
  return (
    <p class="key" aria-hidden="true">
      {(['up', 'suspect', 'down'] as const).map((state) => (
        <KeyEntry key={state} kind={`link-${state}`} line="wire">
          link {state}
        </KeyEntry>
      ))}
      <KeyEntry kind="course-route" line="course">
        route
      </KeyEntry>
      <KeyEntry kind="course-backup" line="course">
        backup
      </KeyEntry>
    </p>
  );
}

/** What the steps of a heatmap mean. */
export function HeatKey({ heat }: { heat: HeatShown }) {
  return (
    <p class="key" aria-hidden="true">
      {heat.legend.map(({ step, text }) => (
        <KeyEntry key={step} kind={`map-link heat heat-${step}`} line="wire">
          {text}
        </KeyEntry>
      ))}
      {heat.legend.length === 0 && 'Nothing is known of it yet.'}
    </p>
  );
}

function KeyEntry({ kind, line, children }: { kind: string; line: string; children: ComponentChildren }) {
  return (
    <span class={kind}>
      <svg width="32" height="12" aria-hidden="true">
        <line class={line} x1="0" y1="6" x2="32" y2="6" />
      </svg>{' '}
      {children}
    </span>
  );
}

/** The line of the drawing that the words are about. */
function Stroke({ kind }: { kind: string }) {
  return (
    <span class={kind}>
      <svg class="stroke" width="32" height="8" role="img" aria-label={kind === 'course-route' ? 'Route' : 'Backup'}>
        <line class="course" x1="0" y1="4" x2="32" y2="4" />
      </svg>
    </span>
  );
}

export function nameOf(names: ReadonlyMap<string, MapNode>, id: string): string {
  return names.get(id)?.name ?? shortId(id);
}
