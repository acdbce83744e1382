// Overview: what is wrong and what is done about it, the map in the middle, this board's vital signs, what cameras see, and the
// latest events.

import { Anomalies } from '../anomaly/anomalies.tsx';
import { duration, things } from '../format.ts';
import { Incidents } from '../healing/incidents.tsx';
import { cameras, events, hardware, node, topology } from '../live/live.ts';
import { now } from '../live/now.ts';
import { MeshMap } from '../map/mesh-map.tsx';
import { Empty } from '../parts/empty.tsx';
import { EventList } from '../parts/event-list.tsx';
import { State } from '../parts/mark.tsx';
import { HardwareStrip } from './hardware-strip.tsx';
import { NoPeers } from './no-peers.tsx';

const LATEST_EVENTS = 10;

export function Overview() {
  return (
    <>
      <h1 class="unseen">Overview</h1>
      <Identity />
      <Incidents />
      {topology.value !== undefined && topology.value.nodes.length < 2 ? <NoPeers /> : <MeshMap />}
      <HardwareStrip view={hardware.value} />
      <Anomalies />
      <CameraLine />
      <section>
        <div class="heading">
          <h2>Latest events</h2>
          <a href="#/events">All events</a>
        </div>
        {events.value?.length === 0 ? (
          <Empty title="Nothing has happened yet." />
        ) : (
          <EventList events={(events.value ?? []).slice(0, LATEST_EVENTS)} label="Latest events" />
        )}
      </section>
    </>
  );
}

/** Which board this is, in one line. */
function Identity() {
  const self = node.value;
  if (self === undefined) return null;
  const uptime = self.uptimeSeconds + Math.max(0, (now.value - (self.startedAt + self.uptimeSeconds * 1000)) / 1000);
  return (
    <p class="identity">
      <span>{self.profile.title}</span>
      <span>network {self.network.name}</span>
      <span>up {duration(uptime)}</span>
      <span>parlmesh {self.version}</span>
    </p>
  );
}

/** One line per camera: what it sees now, or why it sees nothing. */
function CameraLine() {
  const list = cameras.value ?? [];
  if (list.length === 0) return null;
  return (
    <section>
      <div class="heading">
        <h2>In view</h2>
        <a href="#/cameras">Cameras</a>
      </div>
      <ul class="lines">
        {list.map((camera) => (
          <li key={camera.id}>
            <State of={camera.state}>{camera.id}</State>
            {camera.state === 'live' ? (
              <span>{things(camera.counts) || <span class="muted">nothing in view</span>}</span>
            ) : (
              <span class="muted">
                {camera.state}
                {camera.cause !== undefined && `: ${camera.cause}`}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
