// What is wrong with a node, why, and what to do: pure, from what the node shows of itself.

import type { CameraView, EventView, HardwareView, LinkView, PeerView, StoreView } from '../view/schema.ts';
import type { StatusReport } from './commands/status.ts';
import { bytes, duration, plural } from './format.ts';

export interface Finding {
  severity: 'warning' | 'error';
  /** As in the journal: `service/mqtt`, `agent/hardware`, `camera/north`, `peer/ID`, `node`. */
  subject: string;
  problem: string;
  /** Milliseconds since 1970. */
  since?: number;
  /** What to do. */
  next: string;
  /** The newest entries of the journal about it, oldest first. */
  journal: EventView[];
}

export interface Evidence extends StatusReport {
  store: StoreView;
  /** Newest first. */
  events: EventView[];
}

type Found = Omit<Finding, 'journal'>;

/** A whole flight of frames that cannot be read says more than one torn picture. */
const BROKEN_FRAMES = 10;
const LOSSY = 0.1;
const SPACE = 0.05;
const LOW_BATTERY = 0.15;
const EXCERPT = 3;

/** The worst first. */
export function diagnose(evidence: Evidence, now: number): Finding[] {
  const found = [
    ...services(evidence, now),
    ...agents(evidence),
    ...evidence.cameras.flatMap(camera),
    ...links(evidence).flatMap(link),
    ...evidence.peers.flatMap(gone),
    ...bootstrap(evidence),
    ...(evidence.hardware === undefined ? [] : board(evidence.hardware)),
    ...store(evidence.store),
  ];
  return found
    .map((finding) => ({ ...finding, journal: excerpt(evidence.events, finding.subject) }))
    .sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
}

function services({ node }: Evidence, now: number): Found[] {
  return node.services
    .filter(({ state }) => state === 'degraded' || state === 'starting')
    .map(({ name, state, cause, since, attempts, nextAttemptAt, required }) => {
      const tried = attempts === 0 ? '' : `; tried ${plural(attempts, 'time')}`;
      const next = nextAttemptAt === undefined ? '' : `, next in ${duration(Math.max(0, nextAttemptAt - now) / 1000)}`;
      return {
        severity: required || state === 'degraded' ? ('error' as const) : ('warning' as const),
        subject: `service/${name}`,
        problem: `Service ${name} is ${state}: ${cause ?? 'it has not come up yet'}${tried}${next}`,
        since,
        next: 'Mend the cause: it is tried again by itself. The setting is in `parlmesh config show`',
      };
    });
}

function agents({ agents: all }: Evidence): Found[] {
  return all
    .filter(({ state }) => state === 'degraded' || state === 'restarting')
    .map(({ id, state, lastError, since, restarts }) => ({
      severity: state === 'degraded' ? 'error' : 'warning',
      subject: `agent/${id}`,
      problem: `Agent ${id} is ${state} after ${restarts} restarts: ${lastError ?? 'no cause is known'}`,
      since,
      next: `Mend the cause, then \`parlmesh agents restart ${id}\` (it is also tried again by itself)`,
    }));
}

function camera({ id, state, cause, since, framesBroken, framesTotal, source }: CameraView): Found[] {
  const subject = `camera/${id}`;
  if (state === 'lost') {
    return [
      {
        severity: 'error',
        subject,
        problem: `Camera ${id} is lost: ${cause ?? 'no cause is known'}`,
        since,
        next: `Check its power, cable or address (source ${source}); it is tried again by itself`,
      },
    ];
  }
  if (framesBroken > BROKEN_FRAMES && framesBroken > framesTotal / 10) {
    return [
      {
        severity: 'warning',
        subject,
        problem: `Camera ${id} sends broken pictures: ${framesBroken} of ${framesTotal}`,
        next: 'Check cable and radio, or ask the camera for a smaller stream',
      },
    ];
  }
  return [];
}

/** Without those to nodes that were stopped in order. */
function links({ links: all, peers }: Evidence): LinkView[] {
  const stopped = new Set(peers.filter(({ state }) => state === 'stopped').map(({ id }) => id));
  return all.filter(({ peer }) => !stopped.has(peer));
}

function link({ peer, peerName, state, cause, since, loss }: LinkView): Found[] {
  const subject = `peer/${peer}`;
  if (state === 'down') {
    return [
      {
        severity: 'error',
        subject,
        problem: `The link to ${peerName} is down: ${cause ?? 'no answers'}`,
        since,
        next: `Check that ${peerName} has power and network; traffic goes another way where there is one (\`parlmesh routes\`)`,
      },
    ];
  }
  if (loss < LOSSY) return [];
  return [
    {
      severity: 'warning',
      subject,
      problem: `The link to ${peerName} loses ${(loss * 100).toFixed(0)} % of packets`,
      next: 'Move the boards or their antennas, or use a cable',
    },
  ];
}

function gone({ id, name, state, since, lastError }: PeerView): Found[] {
  if (state !== 'gone') return [];
  return [
    {
      severity: 'error',
      subject: `peer/${id}`,
      problem: `Node ${name} is gone${lastError === undefined ? '' : `: ${lastError}`}`,
      since,
      next: 'Check its power and network, and `parlmesh doctor` there',
    },
  ];
}

/** Configured addresses that lead nowhere, by the newest word of each since the start. */
function bootstrap({ events, node }: Evidence): Found[] {
  const newest = new Map<unknown, EventView>();
  for (const event of events) {
    const { at, kind, data } = event;
    if (!kind.startsWith('mesh.bootstrap.') || at < node.startedAt || newest.has(data?.address)) continue;
    newest.set(data?.address, event);
  }
  return [...newest.values()]
    .filter(({ kind }) => kind === 'mesh.bootstrap.failed')
    .map(({ subject, message, at }) => ({
      severity: 'warning',
      subject,
      problem: message,
      since: at,
      next: 'Correct mesh.bootstrap, or start the node there; into another network: `parlmesh network join TOKEN`',
    }));
}

function board({ throttling, battery, disk, memory, temperatureCelsius }: HardwareView): Found[] {
  const found: Found[] = [];
  const tell = (severity: Found['severity'], problem: string, next: string): void => {
    found.push({ severity, subject: 'node', problem, next });
  };
  const heat = temperatureCelsius === undefined ? '' : ` at ${temperatureCelsius.toFixed(0)} °C`;
  if (throttling?.underVoltage) {
    tell('error', 'The supply voltage is too low', 'Use a stronger power supply and a short, thick cable');
  } else if (throttling?.everUnderVoltage) {
    tell('warning', 'The supply voltage was too low since the board started', 'Use a stronger power supply');
  }
  if (throttling?.throttled || throttling?.softTemperatureLimit) {
    tell(
      'warning',
      `The board is slowed down${heat}`,
      'Give it a heat sink, a fan or shade, or fewer frames per second',
    );
  }
  if (battery?.discharging && battery.charge < LOW_BATTERY) {
    tell(
      'warning',
      `The battery has ${(battery.charge * 100).toFixed(0)} % left`,
      'Charge it: the board takes fewer tasks until then, and stops when it is empty',
    );
  }
  if (disk.availableBytes < SPACE * disk.totalBytes) {
    tell(
      'error',
      `Only ${bytes(disk.availableBytes)} of disk are left at ${disk.path}`,
      'Make room, or lower store.keepDays and store.maxBytes',
    );
  }
  if (disk.wear !== undefined && disk.wear > 0.9) {
    tell(
      'warning',
      `The flash is worn: ${(disk.wear * 100).toFixed(0)} % of its life is used`,
      'Replace the card soon',
    );
  }
  if (memory.availableBytes < SPACE * memory.totalBytes) {
    tell('warning', `Only ${bytes(memory.availableBytes)} of memory are left`, 'See what else runs on the board');
  }
  return found;
}

function store({ state, cause, path, shed }: StoreView): Found[] {
  if (state === 'ok') return [];
  return [
    {
      severity: 'error',
      subject: 'service/store',
      problem: `The store is ${state}: ${cause ?? path}${shed > 0 ? `; ${shed} rows were given up` : ''}`,
      next: state === 'full' ? 'Make room on the disk' : '`parlmesh store check`, then `parlmesh store restore`',
    },
  ];
}

/** Entries about the subject; a camera and its agent are one matter. */
function excerpt(events: readonly EventView[], subject: string): EventView[] {
  const matter = subject.replace(/^agent\/(?=camera\/)/, '');
  return events
    .filter((event) => event.subject === matter || event.subject === `agent/${matter}`)
    .slice(0, EXCERPT)
    .reverse();
}
