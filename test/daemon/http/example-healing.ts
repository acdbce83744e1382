// The self-healing of the example node: a camera that was restarted and works, and a moved one about which somebody is asked.

import { ParlmeshError } from '../../../core/errors.ts';
import type {
  HealingView,
  IncidentAnswer,
  IncidentDetailView,
  IncidentView,
  QuestionView,
} from '../../../daemon/view/incident-schema.ts';
import type { HealingActions, HealingWindow, IncidentQuery } from '../../../daemon/view/view.ts';

const NODE = '12D3KooWalpha';

export class ExampleHealing implements HealingWindow, HealingActions {
  /** What was answered, and by whom. */
  readonly answered: { answer: IncidentAnswer; by: string }[] = [];
  readonly #moved: IncidentView;
  readonly #frozen: IncidentView;
  readonly #question: QuestionView;

  constructor(at: number) {
    this.#moved = {
      ...{ id: 'moved-1', node: NODE, fault: 'camera-moved', subject: 'camera/yard', state: 'asked', confidence: 0.9 },
      ...{ severity: 0.5, cause: 'Camera yard was turned or moved', evidence: ['The view is turned by 12 degrees'] },
      ...{ explains: [], beganAt: at - 60_000, seenAt: at - 57_000, relapses: 0, question: 'question-1', steps: [] },
    };
    this.#frozen = {
      ...{ id: 'frozen-1', node: NODE, fault: 'camera-frozen', subject: 'camera/north', state: 'recovered' },
      ...{ confidence: 0.9, severity: 0.5, cause: 'Camera north sends the same picture again and again: it hangs' },
      ...{ evidence: ['The picture has not changed for 31 s'], explains: ['agent/camera/north'], relapses: 0 },
      ...{ beganAt: at - 600_000, seenAt: at - 599_000, actedAt: at - 598_900, recoveredAt: at - 595_000 },
      ...{ closedAt: at - 535_000, outcome: 'Gone after: restart camera north' },
      learned: 'camera.restart helps against camera-frozen here',
      steps: [
        {
          ...{
            action: 'camera.restart',
            inWords: 'restart camera north',
            startedAt: at - 598_900,
            endedAt: at - 595_000,
          },
          ...{ by: 'loop', reason: 'the first step of the ladder', said: 'Camera north was closed and opened again' },
          outcome: 'helped',
        },
      ],
    };
    this.#question = {
      ...{ id: 'question-1', incident: 'moved-1', key: 'camera-moved@camera/yard', askedAt: at - 57_000 },
      reason: 'Camera yard was turned or moved; what is left may not be done without you',
      offers: [{ action: 'camera.accept-view', inWords: 'take the present view of camera yard for the right one' }],
      expiresAt: at + 86_000_000,
    };
  }

  incidents({ open, subject, limit = 50 }: IncidentQuery = {}): IncidentView[] {
    return [this.#moved, this.#frozen]
      .filter((one) => open === undefined || open === (one.closedAt === undefined))
      .filter((one) => subject === undefined || one.subject === subject)
      .slice(0, limit);
  }

  incident(id: string): IncidentDetailView {
    const incident = this.incidents().find((one) => one.id === id);
    if (incident === undefined) throw new ParlmeshError('INCIDENT_UNKNOWN', `There is no incident "${id}"`);
    return { incident, ...(incident.question !== undefined && { question: this.#question }) };
  }

  answerIncident(id: string, answer: IncidentAnswer, by: string): IncidentView {
    const { incident, question } = this.incident(id);
    if (question === undefined) throw new ParlmeshError('QUESTION_UNKNOWN', 'Nobody is asked about this incident now');
    if (answer.kind === 'approve' && !question.offers.some(({ action }) => action === answer.action)) {
      throw new ParlmeshError('OFFER_UNKNOWN', `${answer.action} is not offered`);
    }
    this.answered.push({ answer, by });
    incident.state = answer.kind === 'approve' ? 'repairing' : 'escalated';
    delete incident.question;
    return incident;
  }

  healing(): HealingView {
    return {
      ...{ mode: 'repair', open: 1, ignoredSignals: { 'too-old': 2 }, lostRecords: 0 },
      questions: this.#moved.question === undefined ? [] : [this.#question],
      phases: [{ phase: 'cycle', count: 2, meanSeconds: 0.004, p50Seconds: 0.003, p99Seconds: 0.01 }],
      budget: { actionsLastHour: 1, mostPerHour: 60, mostPerSubject: 6, actionsLastMinute: 0, mostPerMinute: 20 },
      knowledge: [{ fault: 'camera-frozen', action: 'camera.restart', tries: 1, helped: 1, seconds: 3.9 }],
    };
  }
}
