// Mesh: the large map, and the same in tables: this node's links, its routes with their reasons, its peers.

import type { RouteView } from '../../../daemon/view/route-schema.ts';
import type { LinkView, PeerView } from '../../../daemon/view/schema.ts';
import { Drawing } from '../drawing/drawing.tsx';
import { capital, cost, latency, percent, plainCost, shortId, UNKNOWN } from '../format.ts';
import { may } from '../live/access.ts';
import { post } from '../live/api.ts';
import { links, peers, routes, topology } from '../live/live.ts';
import { hasAreas } from '../map/areas.ts';
import { probeInWords } from '../map/links.ts';
import { MeshMap } from '../map/mesh-map.tsx';
import { type Change, useChanges } from '../parts/changes.tsx';
import { State } from '../parts/mark.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { backupInWords } from './backup-in-words.ts';
import { MeshPlan } from './mesh-plan.tsx';
import { NoPeers } from './no-peers.tsx';
import { RouteLog } from './route-log.tsx';

export function Mesh() {
  const alone = peers.value?.length === 0;
  return (
    <>
      <h1>Mesh</h1>
      {alone ? (
        <NoPeers />
      ) : (
        <>
          <MeshMap large />
          <Links list={links.value ?? []} />
          <Routes list={routes.value ?? []} />
          <RouteLog />
          <MeshPlan />
          <Drawing />
          <Peers list={peers.value ?? []} />
        </>
      )}
    </>
  );
}

const LINK_COLUMNS = [
  { title: 'Link to' },
  { title: 'State' },
  { title: 'Round trip', number: true },
  { title: 'Jitter', number: true },
  { title: 'Loss', number: true },
  { title: 'Cost', number: true },
  { title: 'Failures', number: true },
  { title: 'Probed' },
  { title: 'Since', number: true },
];

function Links({ list }: { list: readonly LinkView[] }) {
  const rows = list.map((link) => ({
    key: `${link.peer} ${link.transport}`,
    cells: [
      link.peerName,
      <>
        <State of={link.state} />
        {link.cause !== undefined && link.state !== 'up' && <p class="cause">{link.cause}</p>}
        {link.avoided && <p class="under">Avoided: routes go around it until it has been well for ten minutes</p>}
        {link.damped && <p class="under">Damped: a last resort until it holds</p>}
      </>,
      latency(link.roundTripSeconds),
      latency(link.jitterSeconds),
      percent(link.loss),
      cost(link.cost),
      link.flaps ?? 0,
      capital(probeInWords(link)),
      <Time at={link.since} />,
    ],
  }));
  return (
    <section>
      <h2>Links</h2>
      <Table
        caption="Links of this node, as measured"
        columns={LINK_COLUMNS}
        rows={rows}
        empty="No link is measured yet."
      />
    </section>
  );
}

const ROUTE_COLUMNS = [
  { title: 'Route to' },
  { title: 'Path' },
  { title: 'Cost', number: true },
  { title: 'Why this path' },
  { title: 'If its first link fails' },
  { title: 'Since', number: true },
];

function Routes({ list }: { list: readonly RouteView[] }) {
  const rows = list.map((route) => ({
    key: route.destination,
    cells: [
      route.destinationName,
      <>
        {route.pathNames.join(' → ')}
        {route.exit !== undefined && (
          <span class="under muted">
            leaves the area at {route.exit.borderName}, {plainCost(route.exit.cost)} from there
          </span>
        )}
      </>,
      cost(route.cost),
      route.reason,
      capital(backupInWords(route)),
      <Time at={route.since} />,
    ],
  }));
  return (
    <section>
      <h2>Routes</h2>
      <Table
        caption="Routes of this node, with the reason of each"
        columns={ROUTE_COLUMNS}
        rows={rows}
        empty="No route yet: no link to a peer is up."
      />
    </section>
  );
}

const peerColumns = (showsAreas: boolean) => [
  { title: 'Peer' },
  { title: 'State' },
  ...(showsAreas ? [{ title: 'Area' }] : []),
  { title: 'Board' },
  { title: 'Load', number: true },
  { title: 'Anomaly', number: true },
  { title: 'Version' },
  { title: 'Id' },
  { title: 'Since', number: true },
];

function Peers({ list }: { list: readonly PeerView[] }) {
  const { ask, said } = useChanges();
  const showsAreas = hasAreas(topology.value?.nodes ?? []);
  const rows = list.map((peer) => ({
    key: peer.id,
    cells: [
      <PeerName peer={peer} />,
      <PeerState peer={peer} onReadmit={() => ask(readmission(peer))} />,
      ...(showsAreas ? [peer.area ?? UNKNOWN] : []),
      peer.profile ?? UNKNOWN,
      percent(peer.load),
      cost(peer.score),
      peer.version ?? UNKNOWN,
      <code class="line" title={peer.id}>
        {shortId(peer.id)}
      </code>,
      <Time at={peer.since} />,
    ],
  }));
  return (
    <section>
      <h2>Peers</h2>
      <Table
        caption="Peers known to this node"
        columns={peerColumns(showsAreas)}
        rows={rows}
        empty="No peer is known."
      />
      {said}
    </section>
  );
}

const readmission = ({ id, name }: PeerView): Change => ({
  title: `Let ${name} in again?`,
  action: 'Let it in',
  why: 'This node takes from it again, and seeks it at once. Where it still does harm, it is shut out again.',
  run: () => post(`/peers/${encodeURIComponent(id)}/readmit`),
});

/** How it is connected, whether it is there, and what this node goes by. */
function PeerState({ peer, onReadmit }: { peer: PeerView; onReadmit: () => void }) {
  const { name, state, presence, lastError, withholds, shutOut } = peer;
  if (shutOut !== undefined) {
    return (
      <>
        <State of="gone">shut out</State>
        <p class="cause">
          Since <Time at={shutOut.since} />: {shutOut.why}
        </p>
        {may('admin') && (
          <button type="button" class="quiet small" onClick={onReadmit} aria-label={`Let ${name} in again`}>
            Let it in again
          </button>
        )}
      </>
    );
  }
  const differs = presence !== undefined && presence.state !== 'alive' && presence.state !== state;
  return (
    <>
      <State of={differs ? presence.state : state}>{differs ? `${state}, ${presence.state}` : state}</State>
      {presence !== undefined && presence.why !== '' && <p class="under">{capital(presence.why)}</p>}
      {withholds && <p class="cause">Passes on nothing for others; other ways are preferred</p>}
      {state !== 'connected' && lastError !== undefined && <p class="cause">{lastError}</p>}
    </>
  );
}

/** A link to the peer's own page, where it told one. Peers are not trusted with other kinds of address. */
function PeerName({ peer }: { peer: PeerView }) {
  if (peer.page === undefined || !/^https?:\/\//.test(peer.page)) return <>{peer.name}</>;
  return (
    <a href={peer.page} rel="noreferrer">
      {peer.name}
    </a>
  );
}
