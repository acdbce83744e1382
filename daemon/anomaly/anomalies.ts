// Anomalies on this node: what is read of it goes into the watch of agents/anomaly; what is unusual goes to the journal, to the
// self-healing and, in a few numbers, to the other nodes. docs/anomalies.md

import { EventEmitter } from 'node:events';
import { BoardReadings } from '../../agents/anomaly/board-readings.ts';
import { CounterRate } from '../../agents/anomaly/counter-rate.ts';
import type { Muted, QuietHours } from '../../agents/anomaly/quiet.ts';
import { anomalySummaryTopic, summaryOf } from '../../agents/anomaly/summary.ts';
import { type AnomalyEvent, type AnomalyReading, AnomalyWatch } from '../../agents/anomaly/watch.ts';
import type { Learner } from '../../agents/federation/learner.ts';
import { AnomalyBaselinesLearner } from '../../agents/federation/learners/anomaly-baselines.ts';
import type { Signal } from '../../agents/mapek/signal.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import type { AgentSnapshot } from '../../agents/supervised-agent.ts';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import type { MeshCounters } from '../../mesh/counters.ts';
import type { MeshLink } from '../../mesh/views.ts';
import type { CameraSnapshot } from '../../vision/camera-handle.ts';
import type { HardwareView } from '../view/schema.ts';
import { AnomalyDesk, fleetSentence } from './anomaly-desk.ts';
import type { AnomaliesConfig } from './config.ts';
import { type FleetEvent, FleetWatch } from './fleet-watch.ts';
import { PeerScores } from './peer-scores.ts';
import {
  agentReadings,
  boardReadings,
  cameraReadings,
  comparedReadings,
  gossipReadings,
  kindOf,
  linkReadings,
  SHARED,
  type TaskTotals,
  taskReadings,
} from './readings.ts';
import { Remembered, type RememberedParts } from './remembered.ts';

export interface AnomaliesParts {
  /** In force; a reload changes what is in it. */
  config: AnomaliesConfig;
  /** Name of the board's profile: nodes of the same one are like each other. */
  profile: string;
  network: AgentNetwork;
  store: RememberedParts['store'];
  links: () => readonly MeshLink[];
  agents: () => readonly AgentSnapshot[];
  cameras: () => readonly CameraSnapshot[];
  tasks: () => TaskTotals;
  /** Undefined while the mesh does not run. */
  gossip: () => Pick<MeshCounters, 'drops' | 'accepted'> | undefined;
  clock: Clock;
  journal: Journal;
  logger: Logger;
}

/** Between looks at what does not tell by itself, as often as the board is read. */
const LOOK_EVERY: Millis = 5_000;
/** A third of the time for which a summary counts. */
const TELL_EVERY: Millis = anomalySummaryTopic.lifetime / 3;
const FIRST_SAVE: Millis = 900_000;
/** 400 kB at most each time, and once more at the end. */
const KEEP_READINGS_EVERY: Millis = 6 * 3_600_000;
/** How a node is while it starts is not how it usually is; its memory fills up for longer. */
const SETTLING: Millis = 60_000;
const FILLING: Millis = 600_000;
/** A named symptom of the board (heat, low voltage) is at least this anomalous, however long it lasts. */
const SYMPTOM_SCORE = 0.8;
const LEARNED = 'anomaly.learned';

/**
 * Emits `changed` when what is unusual, or what people said of it, changed, and `signal` with what the self-healing should
 * know: each thing that is unusual, again at every look while it lasts.
 */
export class Anomalies extends EventEmitter<{ changed: []; signal: [Signal] }> implements Service {
  readonly name = 'anomalies';
  /** What people see and say. */
  readonly desk: AnomalyDesk;
  readonly #parts: AnomaliesParts;
  readonly #watch: AnomalyWatch;
  readonly #fleet: FleetWatch;
  readonly #peers: PeerScores;
  readonly #board: BoardReadings;
  readonly #remembered: Remembered;
  /** Raised and not yet said to be over. */
  readonly #open = new Map<string, { subject: string; metric: string; since: Millis; why: string }>();
  readonly #messages = new CounterRate();
  #reading: HardwareView | undefined;
  #tasks: TaskTotals | undefined;
  #learner: Learner | undefined;
  #timers: Timer[] = [];
  #saving: Timer | undefined;
  /** Monotonic; undefined while it does not run. */
  #startedAt: Millis | undefined;

  /** Before the mesh starts. */
  constructor(parts: AnomaliesParts) {
    super();
    this.#parts = parts;
    const { config, profile, network, clock } = parts;
    // One list, changed in place: the watch reads it each time.
    const quietHours: QuietHours[] = [...config.quietHours];
    this.#board = new BoardReadings({ profile, offsetMinutes });
    this.#watch = new AnomalyWatch({
      ...{ clock, falseAlarmsPerDay: () => config.falseAlarmsPerDay, quietHours, offsetMinutes },
      expected: ({ subject, metric }, wall) => {
        const shared = subject === 'node' ? SHARED[metric] : undefined;
        return shared === undefined ? undefined : this.#board.expected(shared, wall);
      },
    });
    this.#fleet = new FleetWatch(clock);
    this.#peers = new PeerScores(
      network.self,
      (node) => this.#watch.mutedNow(`peer/${node}`, 'fleet') === 'acknowledged',
    );
    this.#remembered = new Remembered(parts);
    this.desk = new AnomalyDesk({
      ...{
        enabled: config.enabled,
        watch: this.#watch,
        fleet: this.#fleet,
        remembered: this.#remembered,
        network,
        clock,
      },
      ...{ quietHours, configured: () => config.quietHours },
      changed: () => this.emit('changed'),
    });
    if (config.enabled) network.subscribe(anomalySummaryTopic, (node, summary) => this.#fleet.hear(node, summary));
  }

  /** After the store. */
  async start(): Promise<void> {
    const { clock, config, logger } = this.#parts;
    await this.#openLearner();
    if (!config.enabled) return;
    const word = this.#remembered.word();
    this.desk.takeUp(word.quietHours);
    const baselines = this.#remembered.baselines() ?? { version: 1, savedAt: clock.wall(), series: [] };
    const problems = this.#watch.restore({ ...baselines, acknowledged: word.acknowledged });
    if (problems.length > 0) logger.warn({ problems: problems.slice(0, 5) }, 'some series are learned anew');
    const readings = this.#remembered.readings();
    if (readings !== undefined) this.#board.restore(readings, clock.wall());
    this.#startedAt = clock.now();
    this.#timers = [
      clock.every(LOOK_EVERY, () => this.#look()),
      clock.every(TELL_EVERY, () => this.#tellOthers()),
      clock.every(KEEP_READINGS_EVERY, () => void this.#remembered.keepReadings(this.#board.save())),
    ];
    this.#saveAfter(FIRST_SAVE);
  }

  async stop(): Promise<void> {
    if (this.#startedAt === undefined) return;
    this.#startedAt = undefined;
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#saving?.cancel();
    await this.#remembered.keepReadings(this.#board.save());
    await this.#remembered.keepBaselines(this.#watch.save());
  }

  /**
   * Takes in a reading of the board. Returns the node's score: the likelihood that anything of it is anomalous.
   * @param hasSymptom whether the board names one itself: heat, low voltage
   */
  hearBoard(reading: HardwareView, hasSymptom: boolean): number {
    const least = hasSymptom ? SYMPTOM_SCORE : 0;
    const age = this.#age;
    if (age === undefined) return least;
    this.#reading = reading;
    const wall = this.#parts.clock.wall();
    for (const each of boardReadings(reading)) {
      if (age < (each.metric === 'memory.process' ? FILLING : SETTLING)) continue;
      const shared = SHARED[each.metric];
      if (shared !== undefined) this.#board.note(shared, each.value, wall);
      this.#take(each);
    }
    return Math.max(least, this.#watch.score);
  }

  /** What boards like this one usually read, as a federation learns it. Throws `BASELINES_UNAVAILABLE` until this has started. */
  learner(): Learner {
    if (this.#learner !== undefined) return this.#learner;
    throw new ParlmeshError('BASELINES_UNAVAILABLE', 'What is usual is not open yet');
  }

  async #openLearner(): Promise<void> {
    const { store, clock, journal } = this.#parts;
    const learner = new AnomalyBaselinesLearner({
      ...{ source: this.#board, clock },
      storage: { read: () => store.state(LEARNED), write: (document) => store.putState(LEARNED, document) },
      tell: (message) => journal.record({ severity: 'info', kind: 'anomaly.learned', subject: 'node', message }),
    });
    await learner.restore();
    this.#learner = learner;
  }

  /** Undefined while it does not run. */
  get #age(): Millis | undefined {
    return this.#startedAt === undefined ? undefined : this.#parts.clock.now() - this.#startedAt;
  }

  #look(): void {
    if ((this.#age ?? 0) < SETTLING) return;
    const { links, agents, cameras, tasks, gossip, clock } = this.#parts;
    const [shown, counters, totals] = [links(), gossip(), tasks()];
    this.#takeAll(linkReadings(shown));
    this.#takeAll(agentReadings(agents()));
    this.#takeAll(cameraReadings(cameras()));
    this.#takeAll(taskReadings(this.#tasks, totals));
    this.#tasks = totals;
    if (counters !== undefined) {
      this.#takeAll(gossipReadings(counters));
      const accepted = Object.values(counters.accepted).reduce((sum, count) => sum + count, 0);
      this.#board.note('messages-per-second', this.#messages.push(accepted, clock.now()), clock.wall());
    }
    for (const { metric, value } of comparedReadings(undefined, shown)) {
      this.#board.note(SHARED[metric]!, value, clock.wall());
    }
    for (const event of this.#fleet.look()) this.#hearFleet(event);
    this.#closeSilent();
    this.#repeat();
    for (const signal of this.#peers.signals(this.#fleet.members(), clock.wall())) this.emit('signal', signal);
  }

  #takeAll(readings: readonly AnomalyReading[]): void {
    for (const reading of readings) this.#take(reading);
  }

  #take(reading: AnomalyReading): void {
    this.desk.countReading();
    for (const event of this.#watch.observe(reading)) this.#hear(event);
  }

  #hear(event: AnomalyEvent): void {
    if (event.kind === 'cleared') {
      this.#close(event.subject, event.metric, event.since, 'is as usual again');
      return;
    }
    const { explanation, muted } = event;
    const { sentence, ...data } = explanation;
    this.#raise({ ...explanation, why: sentence, data, ...(muted !== undefined && { muted }) });
    // Others should know at once.
    this.#tellOthers();
  }

  #hearFleet(event: FleetEvent): void {
    const { network } = this.#parts;
    const subjectOf = (node: string): string => (node === network.self ? 'node' : `peer/${node}`);
    if (event.kind === 'cleared') {
      this.#close(subjectOf(event.node), 'fleet', event.since, 'is like the others again');
      return;
    }
    const { node, summary, compared } = event.member;
    const subject = subjectOf(node);
    const muted = this.#watch.mutedNow(subject, 'fleet');
    this.#raise({
      ...{ subject, metric: 'fleet', since: event.member.since!, likelihood: compared.likelihood },
      why: fleetSentence(this.desk.nameOf(node), compared),
      data: { profile: summary.profile, of: compared.of, differences: compared.differences.slice(0, 8) },
      ...(muted !== undefined && { muted }),
    });
  }

  #raise(found: {
    subject: string;
    metric: string;
    since: Millis;
    likelihood: number;
    why: string;
    data: Record<string, unknown>;
    muted?: Muted;
  }): void {
    const { subject, metric, since, likelihood, data, muted } = found;
    const why = this.desk.named(found.why);
    this.#open.set(`${metric} of ${subject}`, { subject, metric, since, why });
    this.desk.countRaised(subject);
    this.#parts.journal.record({
      // What another node reads is told loudly by that node.
      severity: muted !== undefined || subject.startsWith('peer/') ? 'info' : 'warning',
      ...{ kind: 'anomaly.raised', subject, message: `Unusual: ${why}` },
      data: { ...data, likelihood, ...(muted !== undefined && { muted }) },
    });
    if (isForHealing(metric, muted)) this.#say(subject, metric, likelihood, why);
    this.emit('changed');
  }

  #close(subject: string, metric: string, since: Millis, how: string): void {
    if (!this.#open.delete(`${metric} of ${subject}`)) return;
    const message = this.desk.named(metric === 'fleet' ? `${subject} ${how}` : `${metric} of ${subject} ${how}`);
    const kind = 'anomaly.cleared';
    this.#parts.journal.record({ severity: 'info', kind, subject, message, data: { metric, since } });
    this.#say(subject, metric, 0, message);
    this.emit('changed');
  }

  /** What is read no more (a link that fell, a camera that was taken away) is not unusual for ever. */
  #closeSilent(): void {
    const wall = this.#parts.clock.wall();
    for (const { subject, metric, since } of [...this.#open.values()]) {
      if (metric === 'fleet') continue;
      const readAt = this.#watch.readAt(subject, metric);
      // The board may be read once an hour.
      if (readAt !== undefined && (subject === 'node' || wall - readAt < SILENT)) continue;
      this.#watch.rest(subject, metric);
      this.#close(subject, metric, since, 'is not read any more');
    }
  }

  #repeat(): void {
    for (const { subject, metric, why } of this.#open.values()) {
      if (!isForHealing(metric, this.#watch.mutedNow(subject, metric))) continue;
      const score = metric === 'fleet' ? this.desk.unlike(subject) : this.#watch.scoreOf(subject, metric);
      this.#say(subject, metric, score, why);
    }
  }

  /** How peers are unlike is theirs to repair; what they say of themselves is a clue (`PeerScores`). */
  #say(subject: string, metric: string, score: number, why: string): void {
    if (subject.startsWith('peer/')) return;
    this.emit('signal', {
      subject,
      at: this.#parts.clock.wall(),
      kind: 'score',
      metric,
      score,
      why: why.slice(0, 400),
    });
  }

  #tellOthers(): void {
    if ((this.#age ?? 0) < SETTLING) return;
    const { network, profile, links, cameras } = this.#parts;
    const { score, raised } = this.#watch.view();
    const summary = summaryOf(
      kindOf(profile, cameras().length),
      { score, raised },
      comparedReadings(this.#reading, links()),
    );
    this.#fleet.hear(network.self, summary);
    network.publish(anomalySummaryTopic, summary);
  }

  #saveAfter(wait: Millis): void {
    this.#saving = this.#parts.clock.after(wait, () => {
      void this.#remembered.keepBaselines(this.#watch.save()).then((next) => {
        if (this.#startedAt !== undefined) this.#saveAfter(next);
      });
    });
  }
}

/** What is read every 5 s and was not for so long is not there any more. */
const SILENT: Millis = 600_000;

/** What was acknowledged is left alone. Who is unlike its like can only be told to people, and in quiet hours nobody is. */
const isForHealing = (metric: string, muted: Muted | undefined): boolean =>
  muted === undefined || (muted === 'quiet-hours' && metric !== 'fleet');

const offsetMinutes = (wall: Millis): number => -new Date(wall).getTimezoneOffset();
