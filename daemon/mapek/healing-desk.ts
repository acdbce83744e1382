// What people and programs see and ask of the self-healing.

import { type IncidentView, isOver } from '../../agents/mapek/incident.ts';
import { PHASE_BUCKETS, type PhaseHistogram } from '../../agents/mapek/phase-times.ts';
import type { Clock, Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { HealingView, IncidentAnswer, IncidentDetailView } from '../view/incident-schema.ts';
import type { HealingActions, HealingWindow, IncidentQuery } from '../view/view.ts';
import type { MapekConfig } from './config.ts';
import type { NodeNames } from './node-names.ts';
import type { SelfHealing } from './self-healing.ts';

const MOST_SHOWN = 50;
const MINUTE: Millis = 60_000;

export class HealingDesk implements HealingWindow, HealingActions {
  readonly #healing: Pick<SelfHealing, 'loop' | 'incidents'>;
  readonly #config: MapekConfig;
  readonly #clock: Clock;
  readonly #names: NodeNames;

  constructor(healing: Pick<SelfHealing, 'loop' | 'incidents'>, config: MapekConfig, clock: Clock, names: NodeNames) {
    this.#healing = healing;
    this.#config = config;
    this.#clock = clock;
    this.#names = names;
  }

  /** Calls `listener` whenever a story or a question changed. */
  onChange(listener: () => void): void {
    const { loop } = this.#healing;
    loop.on('incident', listener);
    loop.on('question', listener);
    loop.on('question-closed', listener);
  }

  incidents(query: IncidentQuery = {}): IncidentView[] {
    return this.#names.inSentences(this.#shown(query));
  }

  /** What people are asked about, for the sentence that says how the node is. */
  asked(): { subject: string; cause: string; openedAt: number; state: 'asked' }[] {
    const asked = this.#shown({ open: true })
      .filter(({ state }) => state === 'asked')
      .map(({ subject, cause, beganAt }) => ({ subject, cause, openedAt: beganAt, state: 'asked' as const }));
    return this.#names.inSentences(asked);
  }

  incident(id: string): IncidentDetailView {
    const incident = this.#find(id);
    const question = this.#healing.loop.questions().find((one) => one.incident === incident.id);
    return this.#names.inSentences({ incident, ...(question !== undefined && { question }) });
  }

  answerIncident(id: string, answer: IncidentAnswer, by: string): IncidentView {
    const incident = this.#find(id);
    const question = this.#healing.loop.questions().find((one) => one.incident === incident.id);
    if (question === undefined) {
      throw new ParlmeshError('QUESTION_UNKNOWN', 'Nobody is asked about this incident now', {
        hint: 'it was answered, has expired, or what it was about is gone: parlmesh incidents list',
      });
    }
    this.#healing.loop.answer(question.id, answer, by);
    return this.#names.inSentences(this.#find(id));
  }

  healing(): HealingView {
    const { loop } = this.#healing;
    const { phases, open, ignoredSignals, lostRecords } = loop.figures();
    const { mode, actionsPerNode, actionsPerSubject, stormActions } = this.#config;
    const now = this.#clock.wall();
    const begun = this.#healing.incidents().flatMap(({ steps }) => steps.map(({ startedAt }) => startedAt));
    const begunWithin = (time: Millis): number => begun.filter((at) => at >= now - time).length;
    return {
      ...{ mode, open, questions: this.#names.inSentences(loop.questions()), phases: phases.map(phaseInView) },
      budget: {
        ...{ actionsLastHour: begunWithin(60 * MINUTE), actionsLastMinute: begunWithin(MINUTE) },
        ...{ mostPerHour: actionsPerNode, mostPerSubject: actionsPerSubject, mostPerMinute: stormActions },
      },
      knowledge: loop.knowledge.summary().map(({ seconds, fault, ...of }) => ({
        ...{ fault: fault as HealingView['knowledge'][number]['fault'], ...of },
        ...(seconds !== undefined && { seconds }),
      })),
      ...{ ignoredSignals, lostRecords },
    };
  }

  /** By its id or the beginning of it. */
  #find(id: string): IncidentView {
    const exact = this.#healing.loop.incident(id);
    if (exact !== undefined) return exact;
    const found = id.length < 4 ? [] : this.#healing.incidents().filter((one) => one.id.startsWith(id));
    if (found.length === 1) return found[0]!;
    throw new ParlmeshError('INCIDENT_UNKNOWN', `There is no incident "${id.slice(0, 64)}"`, {
      hint: 'parlmesh incidents list shows those that are kept',
    });
  }

  #shown({ open, subject, limit = MOST_SHOWN }: IncidentQuery): IncidentView[] {
    return this.#healing
      .incidents()
      .filter(
        (one) => (open === undefined || open !== isOver(one)) && (subject === undefined || one.subject === subject),
      )
      .slice(0, limit);
  }
}

function phaseInView({ phase, counts, sum, count }: PhaseHistogram): HealingView['phases'][number] {
  const at = (share: number): number => {
    let seen = 0;
    const place = counts.findIndex((some) => {
      seen += some;
      return seen >= share * count;
    });
    return count === 0 ? 0 : (PHASE_BUCKETS[place] ?? -1);
  };
  return { phase, count, meanSeconds: count === 0 ? 0 : sum / count, p50Seconds: at(0.5), p99Seconds: at(0.99) };
}
