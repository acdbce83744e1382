// Commands by MQTT. Only with `mqtt.commands`; anything but a job, an answer about an incident or a known command for a known
// agent is refused, and said so.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { MqttActions, View } from '../view/view.ts';
import { readAnswer } from './incident-answers.ts';
import { type JobAnswer, JobSubmissions } from './job-submissions.ts';
import type { Topics } from './topics.ts';

/** The one payload on `…/agents/<id>/command`. */
export const RESTART = 'restart';

/** Refusals journalled at most once in this time: whoever floods the topic must not flood the journal. */
const REFUSAL_PAUSE: Millis = 10_000;

export interface CommandsOptions {
  view: View;
  actions: MqttActions;
  journal: Journal;
  clock: Clock;
}

export class Commands {
  readonly #options: CommandsOptions;
  /** Agents whose restart is under way; pressing twice is one restart. */
  readonly #restarting = new Set<string>();
  readonly #submissions: JobSubmissions;
  #refusedAt: Millis | undefined;
  #refusedSince = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#submissions = new JobSubmissions(options.actions);
  }

  /** Never throws. */
  async handle(
    topics: Topics,
    topic: string,
    payload: Uint8Array,
    retained: boolean,
    answer: (answer: JobAnswer) => void,
  ): Promise<void> {
    if (topic === topics.submissions) {
      if (retained) return this.#refuse('a job must not be retained');
      const reply = await this.#submissions.take(payload);
      if (reply === undefined) return this.#refuse('a job needs "id" (a-z, 0-9 and -, 4 to 64 of them) and "job"');
      return answer(reply);
    }
    if (topic === topics.incidentAnswers) {
      return retained ? this.#refuse('an answer must not be retained') : this.#answerIncident(payload);
    }
    const agent = this.#options.view.agents().find(({ id }) => topics.agentCommand(id) === topic);
    if (agent === undefined) return this.#refuse('there is no such agent');
    // A retained command would be carried out again at every reconnect.
    if (retained) return this.#refuse('a command must not be retained');
    if (!isText(payload, RESTART)) {
      return this.#refuse(`the only command is "${RESTART}"`);
    }
    if (this.#restarting.has(agent.id)) return;
    this.#restarting.add(agent.id);
    try {
      await this.#options.actions.restartAgent(agent.id);
    } catch (thrown) {
      this.#options.journal.record({
        severity: 'warning',
        kind: 'mqtt.command.failed',
        subject: `agent/${agent.id}`,
        message: `Restart of agent ${agent.id}, asked for by MQTT, failed: ${messageOf(thrown)}`,
      });
    } finally {
      this.#restarting.delete(agent.id);
    }
  }

  async #answerIncident(payload: Uint8Array): Promise<void> {
    const read = readAnswer(payload);
    if (read === undefined) {
      return this.#refuse(
        'an answer needs "incident" and either "approve" with the name of an action or "refuse": true',
      );
    }
    const { incident, answer } = read;
    try {
      await this.#options.actions.answerIncident(incident, answer, 'somebody over MQTT');
    } catch (thrown) {
      this.#options.journal.record({
        ...{ severity: 'warning', kind: 'mqtt.command.failed', subject: `incident/${incident}` },
        message: `The answer about incident ${incident} by MQTT was not taken: ${messageOf(thrown)}`,
      });
    }
  }

  #refuse(why: string): void {
    const now = this.#options.clock.now();
    if (this.#refusedAt !== undefined && now - this.#refusedAt < REFUSAL_PAUSE) {
      this.#refusedSince++;
      return;
    }
    const more = this.#refusedSince > 0 ? ` (and ${this.#refusedSince} others since the last such entry)` : '';
    this.#refusedAt = now;
    this.#refusedSince = 0;
    this.#options.journal.record({
      severity: 'warning',
      kind: 'mqtt.command.refused',
      subject: 'service/mqtt',
      message: `A command by MQTT was refused: ${why}${more}`,
    });
  }
}

/** Whether a payload, however long, is exactly this ASCII text. */
export function isText(payload: Uint8Array, text: string): boolean {
  return payload.length === text.length && Buffer.from(payload).toString('latin1') === text;
}
