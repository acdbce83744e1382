// What the loop keeps, in memory: for tests, benchmarks, and a node whose store does not open.

import { copyOf, type IncidentStorage, type IncidentView } from './incident.ts';
import { countIn, type KnowledgeStorage, type RepairRecord, type RepairSums } from './knowledge-storage.ts';
import type { QuestionStorage, QuestionView } from './questions.ts';

const MOST_RECORDS = 10_000;
const MOST_INCIDENTS = 500;

export class MemoryKnowledge implements KnowledgeStorage {
  readonly records: RepairRecord[] = [];
  readonly #sums = new Map<string, RepairSums>();

  async append(record: RepairRecord): Promise<void> {
    this.records.push(structuredClone(record));
    if (this.records.length > MOST_RECORDS) this.records.shift();
    countIn(this.#sums, record);
  }

  async recent(limit: number): Promise<RepairRecord[]> {
    return structuredClone(this.records.slice(-limit).reverse());
  }

  async statistics(): Promise<RepairSums[]> {
    return structuredClone([...this.#sums.values()]);
  }
}

export class MemoryIncidents implements IncidentStorage {
  readonly #incidents = new Map<string, IncidentView>();

  async put(incident: IncidentView): Promise<void> {
    this.#incidents.delete(incident.id);
    this.#incidents.set(incident.id, copyOf(incident));
    if (this.#incidents.size > MOST_INCIDENTS) this.#incidents.delete(this.#incidents.keys().next().value!);
  }

  async recent(limit: number): Promise<unknown[]> {
    return structuredClone([...this.#incidents.values()].reverse().slice(0, limit));
  }
}

export class MemoryQuestions implements QuestionStorage {
  readonly #questions = new Map<string, QuestionView>();

  async put(question: QuestionView): Promise<void> {
    this.#questions.set(question.id, structuredClone(question));
  }

  async remove(id: string): Promise<void> {
    this.#questions.delete(id);
  }

  async all(): Promise<unknown[]> {
    return structuredClone([...this.#questions.values()]);
  }
}
