// Knowledge: everything that was tried, on which symptom, in which context, and what came of it. It teaches the bandit, is
// asked by the federation, and is shown to people. Without its store it goes on with what it has in memory.

import { Value } from 'typebox/value';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { RecoveryKnowledge, RecoveryOutcome, SharedRecovery } from '../federation/learners/recovery-source.ts';
import { ACTION_NAMES, type ActionName } from './action-catalogue.ts';
import { RepairBandit } from './bandit.ts';
import { countIn, type KnowledgeStorage, type RepairRecord, type RepairSums } from './knowledge-storage.ts';
import { RepairRecordSchema } from './repair-record-schema.ts';
import { FAULTS } from './symptom.ts';

export interface KnowledgeParts {
  storage: KnowledgeStorage;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** What is known of an action on a fault, for people. */
export interface RepairSummary {
  fault: string;
  action: ActionName;
  tries: number;
  helped: number;
  /** Geometric mean of the seconds until it had helped; undefined where it never did. */
  seconds: number | undefined;
}

/** Records in memory. */
const MOST_RECORDS = 4_096;
const MOST_SHARED = 1_024;

export class Knowledge implements RecoveryKnowledge {
  readonly bandit: RepairBandit;
  readonly #parts: KnowledgeParts;
  /** Oldest first. */
  #records: RepairRecord[] = [];
  readonly #sums = new Map<string, RepairSums>();
  #lost = 0;
  #isLoaded = false;

  constructor(parts: KnowledgeParts) {
    this.#parts = parts;
    this.bandit = new RepairBandit(parts);
  }

  /** Records that could not be written. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes up what the store has. A store that cannot be read is told, and the ladders serve until more is learned. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    try {
      const [recent, sums] = await Promise.all([
        this.#parts.storage.recent(MOST_RECORDS),
        this.#parts.storage.statistics(),
      ]);
      this.#records = recent
        .slice(0, MOST_RECORDS)
        .filter((record) => Value.Check(RepairRecordSchema, record))
        .reverse();
      for (const one of sums) {
        if (isSound(one)) this.#sums.set(`${one.fault} ${one.action}`, { ...one });
      }
      for (const record of this.#records) this.bandit.learn(record);
    } catch (error) {
      this.#parts.logger.warn(
        { error: messageOf(error) },
        'what was learned of repairs could not be read: the fixed ladders serve',
      );
    }
  }

  /** Never throws; what cannot be written counts until the restart. */
  note(record: RepairRecord): void {
    this.bandit.learn(record);
    this.#records.push(record);
    if (this.#records.length > MOST_RECORDS) this.#records.shift();
    countIn(this.#sums, record);
    void this.#write(record);
  }

  /** Newest first. */
  records(): RepairRecord[] {
    return this.#records.toReversed();
  }

  summary(): RepairSummary[] {
    return [...this.#sums.values()].map(({ fault, action, helped, notHelped, logSeconds }) => ({
      ...{ fault, action, tries: helped + notHelped, helped },
      seconds: helped === 0 ? undefined : Math.exp(logSeconds / helped),
    }));
  }

  /** See `RecoveryKnowledge`. What ran at once with others cannot be told apart and is not handed on. */
  outcomes(): RecoveryOutcome[] {
    return this.#records
      .filter(({ together }) => together === 1)
      .map(({ id, fault, action, outcome, seconds, at }) => {
        return { id, fault, action, recovered: outcome === 'helped', seconds, at };
      });
  }

  /** See `RecoveryKnowledge`. */
  async share(knowledge: readonly SharedRecovery[]): Promise<void> {
    const sound = knowledge
      .slice(0, MOST_SHARED)
      .filter(
        ({ tries, success, logSeconds, logDeviation }) =>
          [tries, logSeconds, logDeviation].every(Number.isFinite) && tries >= 0 && success >= 0 && success <= 1,
      );
    this.bandit.share(sound);
    for (const record of this.#records) this.bandit.learn(record);
  }

  async #write(record: RepairRecord): Promise<void> {
    try {
      await this.#parts.storage.append(record);
    } catch (error) {
      this.#lost++;
      if (this.#lost === 1) {
        this.#parts.logger.warn({ error: messageOf(error) }, 'what was learned of a repair could not be written');
      }
    }
  }
}

const isSound = ({ fault, action, ...numbers }: RepairSums): boolean =>
  FAULTS.includes(fault) && ACTION_NAMES.includes(action) && Object.values(numbers).every(Number.isFinite);
