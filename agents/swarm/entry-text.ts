// Entries of a job's log as text: results of tasks, of which a large job has thousands, are rows that name nodes and reasons
// once. A fifth of what the events would take, on the disk, at the deputy and on the way between threads.

import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { At, type Finished, JobEvent, LogLines, NodeId, TaskIndex, Text } from './job-event.ts';

const MOST_EVENTS = 10_000;
const Millis = Type.Number({ minimum: -1e15, maximum: 1e15 });
const Index = Type.Integer({ minimum: 0, maximum: MOST_EVENTS });

/** Task, attempt, node, reason; when it was placed, started and ended, after `at`. */
const Row = Type.Tuple([TaskIndex, Type.Integer({ minimum: 1, maximum: 1e6 }), Index, Index, Millis, Millis, Millis]);

const Results = Type.Object({
  kind: Type.Literal('results'),
  at: At,
  nodes: Type.Array(NodeId, { maxItems: MOST_EVENTS }),
  whys: Type.Array(Text, { maxItems: MOST_EVENTS }),
  rows: Type.Array(Row, { maxItems: MOST_EVENTS }),
  /** By the place of the row. Most tasks return nothing and say nothing. */
  results: Type.Optional(Type.Record(Type.String({ pattern: '^[0-9]{1,5}$' }), Type.Unknown())),
  logs: Type.Optional(Type.Record(Type.String({ pattern: '^[0-9]{1,5}$' }), LogLines)),
});
type Results = Static<typeof Results>;

const entry = Compile(Type.Array(Type.Union([Results, JobEvent]), { maxItems: MOST_EVENTS }));

/** @param events at most 10,000 */
export function writeEntry(events: readonly JobEvent[]): string {
  const parts: (JobEvent | Results)[] = [];
  let run: Finished[] = [];
  const end = (): void => {
    if (run.length > 0) parts.push(run.length === 1 ? run[0]! : packed(run));
    run = [];
  };
  for (const event of events) {
    if (event.kind === 'finished') {
      run.push(event);
      continue;
    }
    end();
    parts.push(event);
  }
  end();
  return JSON.stringify(parts);
}

/** The events of one entry; undefined when they are not as they should be. Never throws. */
export function readEntry(text: string): JobEvent[] | undefined {
  try {
    const parts: unknown = JSON.parse(text);
    return entry.Check(parts)
      ? parts.flatMap((part): JobEvent[] => (part.kind === 'results' ? unpacked(part) : [part]))
      : undefined;
  } catch {
    return undefined;
  }
}

function packed(run: readonly Finished[]): Results {
  const [nodes, whys] = [new Places(), new Places()];
  const at = run[0]!.placedAt;
  const results: Record<string, unknown> = {};
  const logs: Record<string, string[]> = {};
  const rows = run.map((event, index): Static<typeof Row> => {
    const { task, attempt, node, why, placedAt, startedAt, endedAt } = event;
    if ('result' in event) results[index] = event.result;
    if (event.log.length > 0) logs[index] = event.log;
    return [task, attempt, nodes.of(node), whys.of(why), placedAt - at, startedAt - at, endedAt - at];
  });
  return {
    ...{ kind: 'results', at, nodes: nodes.all, whys: whys.all, rows },
    ...(Object.keys(results).length > 0 && { results }),
    ...(Object.keys(logs).length > 0 && { logs }),
  };
}

/** Throws when a row names what is not there. */
function unpacked({ at, nodes, whys, rows, results = {}, logs = {} }: Results): Finished[] {
  return rows.map(([task, attempt, node, why, placed, started, ended], index) => {
    const [where, reason] = [nodes[node], whys[why]];
    if (where === undefined || reason === undefined) throw new Error(`row ${index} has no node or reason`);
    const times = { placedAt: at + placed, startedAt: at + started, endedAt: at + ended };
    if (Object.values(times).some((time) => time < 0)) throw new Error(`row ${index} is before 1970`);
    return {
      ...{ kind: 'finished', task, attempt, node: where, ...times, log: logs[index] ?? [], why: reason },
      ...(String(index) in results && { result: results[index] }),
    };
  });
}

/** Each value once, with its place. */
class Places {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  of(value: string): number {
    let place = this.#places.get(value);
    if (place === undefined) {
      place = this.all.push(value) - 1;
      this.#places.set(value, place);
    }
    return place;
  }
}
