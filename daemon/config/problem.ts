// What is wrong with a configuration and where: one problem is one line for people and one record for programs.

import { distance } from 'fastest-levenshtein';
import { ParlmeshError } from '../../core/errors.ts';

/** Where a value was set. */
export type Source =
  | { kind: 'file'; file: string; line: number; column: number }
  | { kind: 'environment'; variable: string }
  | { kind: 'flag'; flag: string };

export interface ConfigProblem {
  /** `cameras[1].zones[0].points`; empty for the document as a whole. */
  path: string;
  /** `"http.prot" is not a setting`. */
  message: string;
  /** Undefined when nobody set it: a default or something missing. */
  source: Source | undefined;
  expected?: string | undefined;
  got?: string | undefined;
  suggestion?: string | undefined;
}

/** Past this many, the rest is counted only. */
const MOST_LISTED = 50;

export function describeSource(source: Source): string {
  switch (source.kind) {
    case 'file':
      return `${source.file}:${source.line}:${source.column}`;
    case 'environment':
      return `environment ${source.variable}`;
    case 'flag':
      return `flag ${source.flag}`;
  }
}

/** `/etc/parlmesh/config.yaml:4:3: http.port: is out of place, expected …, got …. Did you mean "…"?` */
export function describeProblem(problem: ConfigProblem): string {
  const where = [problem.source && describeSource(problem.source), problem.path].filter(Boolean).join(': ');
  const facts = [problem.message];
  if (problem.expected !== undefined) facts.push(`expected ${problem.expected}`);
  if (problem.got !== undefined) facts.push(`got ${problem.got}`);
  const question = problem.suggestion === undefined ? '' : `. Did you mean "${problem.suggestion}"?`;
  return `${where === '' ? '' : `${where}: `}${facts.join(', ')}${question}`;
}

/** All problems at once, as the one error that loading throws. */
export function configInvalid(problems: readonly ConfigProblem[]): ParlmeshError {
  const listed = problems.slice(0, MOST_LISTED);
  const lines = listed.map(describeProblem);
  if (problems.length > listed.length) lines.push(`… and ${problems.length - listed.length} more`);
  return new ParlmeshError('CONFIG_INVALID', lines.join('\n'), {
    hint: '`parlmesh config schema` prints every setting; docs/configuration.md explains them.',
    data: { problems: listed.map((problem) => ({ ...problem })), count: problems.length },
  });
}

/**
 * The candidate that `word` was probably meant to be; undefined when none is near. Letter case does not count, and of
 * equally near ones the first with the same first letter is taken: people seldom mistype that.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.slice(0, 100).toLowerCase();
  let best: string | undefined;
  /** More than two slips, or two in five letters, make another word. */
  let least = Math.max(2, Math.floor(lower.length * 0.4)) + 0.75;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const steps = distance(lower, other) + (lower[0] === other[0] ? 0 : 0.5);
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}
