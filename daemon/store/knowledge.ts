// The tables of self-healing: what was tried on which symptom and what came of it, the stories of incidents, and questions
// that people have not answered yet. Each is bounded with every put.

import type { IncidentStorage, IncidentView } from '../../agents/mapek/incident.ts';
import {
  addToSums,
  emptySums,
  type KnowledgeStorage,
  type RepairRecord,
  type RepairSums,
} from '../../agents/mapek/knowledge-storage.ts';
import type { QuestionStorage, QuestionView } from '../../agents/mapek/questions.ts';
import { requireShort, type StoreAccess } from './access.ts';
import type { Connection } from './database.ts';
import { parseJson } from './json.ts';
import { upsert } from './upsert.ts';

/** The keys are beside the documents, so that the writer's thread need not read these. */
export type HealingChange =
  | { kind: 'repair'; record: RepairRecord }
  | { kind: 'incident'; id: string; story: string }
  | { kind: 'question'; id: string; question: string }
  | { kind: 'drop-question'; id: string };

/** Rows that tables have more. */
interface Change {
  repairs?: number;
  repair_sums?: number;
  incidents?: number;
  questions?: number;
}

const MOST_REPAIRS = 10_000;
const MOST_READ = 4_096;
const MOST_INCIDENTS = 500;
const MOST_QUESTIONS = 64;
const MOST_CHARACTERS = 200_000;

/** Returns a function that carries a change out, whole or not at all. Twice is the same as once. */
export function healingWriter(db: Connection): (change: HealingChange) => Change {
  const putRepair = db.prepare('INSERT INTO repairs (repair, record) VALUES (?, ?) ON CONFLICT (repair) DO NOTHING');
  const trim = (table: string, most: number) => {
    const statement = db.prepare(
      `DELETE FROM ${table} WHERE number <= (SELECT number FROM ${table} ORDER BY number DESC LIMIT 1 OFFSET ${most})`,
    );
    return (): number => statement.run().changes;
  };
  const trimRepairs = trim('repairs', MOST_REPAIRS);
  const trimIncidents = trim('incidents', MOST_INCIDENTS);
  const trimQuestions = trim('questions', MOST_QUESTIONS);
  const sumsOf = db.prepare<[string, string], RepairSums>(`${SUMS} WHERE fault = ? AND action = ?`);
  const putSums = upsert(
    db,
    'repair_sums',
    ['fault', 'action'],
    ['helped', 'not_helped', 'log_seconds', 'log_seconds_squared'],
  );
  const putIncident = upsert(db, 'incidents', ['id'], ['story']);
  const putQuestion = upsert(db, 'questions', ['id'], ['question']);
  const dropQuestion = db.prepare('DELETE FROM questions WHERE id = ?');

  const repair = (record: RepairRecord): Change => {
    const { id, fault, action } = record;
    if (putRepair.run(id, JSON.stringify(record)).changes === 0) return {};
    const sums = sumsOf.get(fault, action) ?? emptySums(fault, action);
    addToSums(sums, record);
    const { helped, notHelped, logSeconds, logSecondsSquared } = sums;
    const added = putSums([fault, action], [helped, notHelped, logSeconds, logSecondsSquared]);
    return { repairs: 1 - trimRepairs(), repair_sums: added };
  };
  return db.transaction((change: HealingChange): Change => {
    switch (change.kind) {
      case 'repair':
        return repair(change.record);
      case 'incident':
        return { incidents: putIncident([change.id], [change.story]) - trimIncidents() };
      case 'question':
        return { questions: putQuestion([change.id], [change.question]) - trimQuestions() };
      case 'drop-question':
        return { questions: -dropQuestion.run(change.id).changes };
    }
  });
}

const SUMS = `SELECT fault, action, helped, not_helped AS notHelped, log_seconds AS logSeconds,
  log_seconds_squared AS logSecondsSquared FROM repair_sums`;

/** What the loop asks of the store. */
export class StoredHealing {
  readonly knowledge: KnowledgeStorage;
  readonly incidents: IncidentStorage;
  readonly questions: QuestionStorage;
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
    this.knowledge = {
      append: (record) => this.#put({ kind: 'repair', record }),
      recent: async (limit) =>
        this.#documents<RepairRecord>('SELECT record FROM repairs ORDER BY number DESC LIMIT ?', limit),
      statistics: async () => access.read((db) => db.prepare<[], RepairSums>(SUMS).all()),
    };
    this.incidents = {
      put: (incident: IncidentView) => this.#put({ kind: 'incident', id: incident.id, story: text(incident) }),
      recent: async (limit) => this.#documents('SELECT story FROM incidents ORDER BY number DESC LIMIT ?', limit),
    };
    this.questions = {
      put: (question: QuestionView) => this.#put({ kind: 'question', id: question.id, question: text(question) }),
      remove: (id) => this.#put({ kind: 'drop-question', id }),
      all: async () => this.#documents('SELECT question FROM questions ORDER BY number DESC LIMIT ?', MOST_QUESTIONS),
    };
  }

  async #put(change: HealingChange): Promise<void> {
    await this.#access.write({ table: 'healing', change });
  }

  /** Damaged ones are left out; whoever asked checks what the others say. */
  #documents<T>(query: string, limit: number): T[] {
    const most = Math.min(MOST_READ, Math.max(0, Math.floor(limit)));
    const rows = this.#access.read((db) => db.prepare<[number], string>(query).pluck().all(most));
    return rows.map((row) => parseJson(row) as T).filter((one) => one !== undefined);
  }
}

function text(value: IncidentView | QuestionView): string {
  const json = JSON.stringify(value);
  requireShort('the story of an incident', json, MOST_CHARACTERS);
  return json;
}
