// What people and programs see of anomalies, and what they say about them.

import { createHash } from 'node:crypto';
import { short } from '../../agents/anomaly/explanation.ts';
import type { FleetNode } from '../../agents/anomaly/fleet.ts';
import type { QuietHours } from '../../agents/anomaly/quiet.ts';
import type { AnomalyWatch } from '../../agents/anomaly/watch.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { AcknowledgeRequest, AnomaliesView, FleetMemberView } from '../view/anomaly-schema.ts';
import type { AnomalyActions, AnomalyWindow } from '../view/view.ts';
import type { FleetMember, FleetWatch } from './fleet-watch.ts';
import type { Remembered } from './remembered.ts';

export interface AnomalyDeskParts {
  enabled: boolean;
  watch: AnomalyWatch;
  fleet: FleetWatch;
  remembered: Remembered;
  network: Pick<AgentNetwork, 'self' | 'nodes'>;
  /** In force; changed in place. */
  quietHours: QuietHours[];
  /** Those of the configuration. */
  configured: () => readonly QuietHours[];
  changed: () => void;
  clock: Clock;
}

const HOUR = 3_600_000;
/** Kinds of subject that are counted apart; others are `other`. */
const KINDS: readonly string[] = ['node', 'link', 'camera', 'agent', 'peer'];

export class AnomalyDesk implements AnomalyWindow, AnomalyActions {
  readonly #parts: AnomalyDeskParts;
  #readings = 0;
  readonly #raised: Record<string, number> = {};
  #isWordOwn = false;

  constructor(parts: AnomalyDeskParts) {
    this.#parts = parts;
  }

  anomalies(): AnomaliesView {
    const { enabled, watch, remembered, quietHours } = this.#parts;
    const { score, raised, subjects, series, acknowledged, refused } = watch.view();
    return {
      ...{ enabled, score, subjects, acknowledged, quietHours: [...quietHours], fleet: this.#fleetView() },
      raised: raised.map((one) => ({
        ...one,
        sentence: this.named(one.sentence),
        ...this.#about(one.subject, one.metric),
      })),
      series: series.map((one) => ({ ...one, id: idOf(one.subject, one.metric) })),
      totals: {
        ...{ readings: this.#readings, refused, writtenBytes: remembered.writtenBytes },
        raised: { ...this.#raised },
      },
    };
  }

  async acknowledgeAnomaly(id: string, request: AcknowledgeRequest, by: string): Promise<AnomaliesView> {
    const { watch, clock } = this.#parts;
    const { subject, metric } = this.#find(id);
    const { reason, hours, wholeSubject } = request;
    const until = clock.wall() + hours * HOUR;
    watch.acknowledge({ subject, ...(!wholeSubject && { metric }), by: by.slice(0, 100) || 'somebody', reason, until });
    return this.#kept();
  }

  async withdrawAcknowledgement(id: string): Promise<AnomaliesView> {
    const { watch } = this.#parts;
    const { subject, metric } = this.#find(id);
    const isOne = watch.withdraw(subject, metric);
    const isWhole = watch.withdraw(subject);
    if (!isOne && !isWhole) {
      throw new ParlmeshError(
        'ANOMALY_NOT_ACKNOWLEDGED',
        `Nobody has acknowledged ${metric} of ${this.named(subject)}`,
      );
    }
    return this.#kept();
  }

  async setQuietHours(hours: readonly QuietHours[] | undefined): Promise<AnomaliesView> {
    const { quietHours, configured } = this.#parts;
    this.#isWordOwn = hours !== undefined;
    quietHours.splice(0, quietHours.length, ...(hours ?? configured()));
    return this.#kept();
  }

  /** After a start, what was kept. */
  takeUp(quietHours: readonly QuietHours[] | undefined): void {
    if (quietHours === undefined) return;
    this.#isWordOwn = true;
    this.#parts.quietHours.splice(0, this.#parts.quietHours.length, ...quietHours);
  }

  /** After the configuration was read again: its quiet hours count where people said none. */
  configure(): void {
    const { quietHours, configured, changed } = this.#parts;
    if (this.#isWordOwn) return;
    quietHours.splice(0, quietHours.length, ...configured());
    changed();
  }

  countReading(): void {
    this.#readings++;
  }

  countRaised(subject: string): void {
    const kind = subject.split('/', 1)[0]!;
    const counted = KINDS.includes(kind) ? kind : 'other';
    this.#raised[counted] = (this.#raised[counted] ?? 0) + 1;
  }

  /** Likelihood that the node a subject is of is unlike its like. */
  unlike(subject: string): number {
    const node = subject === 'node' ? this.#parts.network.self : subject.replace(/^peer\//, '');
    return this.#parts.fleet.members().find((member) => member.node === node)?.compared?.likelihood ?? 0;
  }

  nameOf(node: string): string {
    const { network } = this.#parts;
    return node === network.self ? 'This node' : (network.nodes().find(({ id }) => id === node)?.name ?? node);
  }

  /** A sentence with names in place of ids. */
  named(sentence: string): string {
    let named = sentence;
    for (const { id, name } of this.#parts.network.nodes()) named = named.replaceAll(id, name);
    return named;
  }

  async #kept(): Promise<AnomaliesView> {
    const { watch, remembered, quietHours, changed } = this.#parts;
    const { acknowledged } = watch.view();
    await remembered.keepWord({ acknowledged, ...(this.#isWordOwn && { quietHours: [...quietHours] }) });
    changed();
    return this.anomalies();
  }

  /** By its id or the beginning of it. */
  #find(id: string): { subject: string; metric: string } {
    const { watch } = this.#parts;
    const known = [
      ...watch.view().series,
      ...this.#fleetView().map(({ node, isSelf }) => ({ subject: isSelf ? 'node' : `peer/${node}`, metric: 'fleet' })),
    ];
    const found = known.filter(({ subject, metric }) => idOf(subject, metric).startsWith(id));
    if (id.length >= 4 && found.length === 1) return found[0]!;
    throw new ParlmeshError('ANOMALY_UNKNOWN', `Nothing that is watched has the id "${id.slice(0, 64)}"`, {
      hint: 'parlmesh anomaly list --all shows what is watched',
    });
  }

  #about(subject: string, metric: string): { id: string; muted?: 'quiet-hours' | 'acknowledged' } {
    const muted = this.#parts.watch.mutedNow(subject, metric);
    return { id: idOf(subject, metric), ...(muted !== undefined && { muted }) };
  }

  #fleetView(): FleetMemberView[] {
    const { fleet, network } = this.#parts;
    return fleet.members().map(({ node, summary, compared, since }: FleetMember) => {
      const isSelf = node === network.self;
      const name = this.nameOf(node);
      return {
        ...this.#about(isSelf ? 'node' : `peer/${node}`, 'fleet'),
        ...{ node, name, isSelf, profile: summary.profile, score: summary.score, raised: summary.raised.length },
        ...{ comparedWith: compared?.of ?? 0, unlike: compared?.likelihood ?? 0 },
        ...(since !== undefined && compared !== undefined && { since, sentence: fleetSentence(name, compared) }),
      };
    });
  }
}

/** 12 hexadecimal digits. */
export function idOf(subject: string, metric: string): string {
  return createHash('sha256').update(`${subject}\0${metric}`).digest('hex').slice(0, 12);
}

/** `bravo is unlike the 6 other raspberry-pi-4 nodes: cpu.temperature is 82.1, typically 51 (12 spreads above)`. */
export function fleetSentence(name: string, { profile, of, differences }: FleetNode): string {
  const told = differences.slice(0, 3).map(({ metric, value, typical, departure }) => {
    const spreads = `${short(Math.abs(departure))} spreads ${departure > 0 ? 'above' : 'below'}`;
    return `${metric} is ${short(value)}, typically ${short(typical)} (${spreads})`;
  });
  return `${name} is unlike the ${of - 1} other ${profile} nodes: ${told.join('; ') || 'by many small differences'}`;
}

export function anomalyActions({ desk }: { desk: AnomalyDesk }): AnomalyActions {
  return {
    acknowledgeAnomaly: (id, request, by) => desk.acknowledgeAnomaly(id, request, by),
    withdrawAcknowledgement: (id) => desk.withdrawAcknowledgement(id),
    setQuietHours: (hours) => desk.setQuietHours(hours),
  };
}
