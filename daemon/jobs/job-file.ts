// Reads a job as people write it, YAML or JSON, and names everything that is wrong with it by line, column and path.
// A right one is read the short way; only a wrong one is looked at closely.

import { Value } from 'typebox/value';
import { graphOf, JobSpec, MOST_TASKS, resultsIn } from '../../agents/swarm/job-spec.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { readDocument } from '../config/document.ts';
import { type ConfigProblem, describeProblem, nearest, type Source } from '../config/problem.ts';
import { isGroup, isSet } from '../config/tree.ts';
import { type Finding, type Vocabulary, validate } from '../config/validate.ts';

/** Bytes of a job's text that are read: ten thousand tasks take two to four. */
export const MOST_JOB_BYTES = 8_000_000;
/** Values in it, aliases counted each time they are used. */
const MOST_VALUES = 500_000;
const MOST_LISTED = 20;
const WORDS: Vocabulary = { unknown: 'is nothing that a job has', elsewhere: [] };

export type JobTextFormat = 'yaml' | 'json';

/**
 * Throws `JOB_INVALID`, naming every fault.
 * @param name of the file, for people: `report.yaml`
 * @param kinds of tasks that there are; left out, every kind will do
 */
export function readJobText(
  text: string,
  name: string,
  format: JobTextFormat = 'yaml',
  kinds?: readonly string[],
): JobSpec {
  if (text.length > MOST_JOB_BYTES) {
    throw invalid([{ path: '', message: `has more than ${MOST_JOB_BYTES} bytes`, source: placeIn(name) }]);
  }
  const quick = format === 'json' || text.trimStart().startsWith('{') ? parseJson(text) : undefined;
  if (quick !== undefined && kinds === undefined && isRight(quick)) return quick;
  const document = readDocument(text, name, MOST_VALUES);
  const value = withoutEmptyKeys(document.value);
  const sourceOf = (path: string): Source => around(path, document.positions) ?? placeIn(name);
  const findings = document.problems.length > 0 ? [] : findingsOf(value, kinds);
  const problems = [...document.problems, ...findings.map((one) => ({ ...one, source: sourceOf(one.path) }))];
  if (problems.length > 0) throw invalid(problems);
  if (Value.Check(JobSpec, value)) return value;
  throw invalid([{ path: '', message: 'does not fit the schema of a job', source: placeIn(name) }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Where it is no JSON is told by the reader of YAML, which knows lines.
    return undefined;
  }
}

function isRight(value: unknown): value is JobSpec {
  return Value.Check(JobSpec, value) && graphFindings(value).length === 0;
}

function findingsOf(value: unknown, kinds: readonly string[] | undefined): Finding[] {
  if (!isGroup(value)) {
    return [
      {
        path: '',
        message: 'is no job',
        expected: 'name and tasks',
        got: value === undefined ? 'nothing' : typeof value,
      },
    ];
  }
  const findings = validate(JobSpec, value, {}, '', WORDS);
  if (findings.length > 0) return findings;
  return Value.Check(JobSpec, value) ? [...kindFindings(value, kinds), ...graphFindings(value)] : [];
}

function kindFindings({ tasks }: JobSpec, kinds: readonly string[] | undefined): Finding[] {
  if (kinds === undefined) return [];
  return tasks.flatMap(({ kind }, index) =>
    kinds.includes(kind)
      ? []
      : {
          path: `tasks[${index}].kind`,
          message: `"${kind}" is no kind of task that this version of parlmesh carries out`,
          expected: kinds.join(', '),
          suggestion: nearest(kind, kinds),
        },
  );
}

/** What a schema cannot say: ids that occur twice, needs that are no tasks, tasks that wait for each other. */
function graphFindings(spec: JobSpec): Finding[] {
  const indexOf = new Map<string, number>();
  const findings: Finding[] = [];
  const ids = spec.tasks.map(({ id }) => id);
  for (const [index, { id }] of spec.tasks.entries()) {
    const first = indexOf.get(id);
    if (first === undefined) indexOf.set(id, index);
    else findings.push({ path: `tasks[${index}].id`, message: `"${id}" is the id of tasks[${first}] already` });
  }
  const missing = (path: string, need: string, by: string): void => {
    if (indexOf.has(need) || findings.length >= MOST_LISTED) return;
    const suggestion =
      indexOf.size > MOST_TASKS / 10
        ? undefined
        : nearest(
            need,
            ids.filter((id) => id !== by),
          );
    findings.push({ path, message: `"${need}" is no task of this job`, suggestion });
  };
  for (const [index, { id, needs = [], input }] of spec.tasks.entries()) {
    for (const [at, need] of needs.entries()) missing(`tasks[${index}].needs[${at}]`, need, id);
    for (const need of resultsIn(input)) missing(`tasks[${index}].input`, need, id);
  }
  if (findings.length > 0) return findings;
  try {
    graphOf(spec);
    return [];
  } catch (thrown) {
    const message = messageOf(thrown);
    const [, id = ''] = /"([^"]+)"/.exec(message) ?? [];
    const index = indexOf.get(id);
    return [{ path: index === undefined ? 'tasks' : `tasks[${index}]`, message }];
  }
}

/** `needs:` with nothing after it says nothing, in a job and in its tasks; what an input holds is its own matter. */
function withoutEmptyKeys(value: unknown): unknown {
  if (!isGroup(value)) return value;
  const stripped = strip(value);
  if (Array.isArray(stripped.tasks))
    stripped.tasks = stripped.tasks.map((task) => (isGroup(task) ? strip(task) : task));
  return stripped;
}

function strip(group: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(group).filter(([key]) => isSet(group, key)));
}

function placeIn(file: string): Source {
  return { kind: 'file', file, line: 1, column: 1 };
}

/** Where `path` stands, else where the nearest thing around it does. */
function around(path: string, places: ReadonlyMap<string, Source>): Source | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('.'), at.lastIndexOf('[')))) {
    const source = places.get(at);
    if (source !== undefined || at === '') return source;
  }
}

function invalid(problems: readonly ConfigProblem[]): ParlmeshError {
  const listed = problems.slice(0, MOST_LISTED).map((problem) => ({ ...problem, text: describeProblem(problem) }));
  const lines = listed.map(({ text }) => text);
  if (problems.length > listed.length) lines.push(`… and ${problems.length - listed.length} more`);
  return new ParlmeshError('JOB_INVALID', lines.join('\n'), {
    hint: 'docs/jobs.md lists what a job file may say',
    data: { problems: listed, count: problems.length },
  });
}
