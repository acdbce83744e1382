// Writes the reference of job files into docs/jobs.md, between its two marks, from the schema.
//
//   node scripts/generate-job-docs.ts

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TObject, type TSchema, Type } from 'typebox';
import { JobSpec, TaskSpec } from '../agents/swarm/job-spec.ts';
import { annotations, expectation } from '../daemon/config/settings.ts';

export const JOBS_FILE = path.join(import.meta.dirname, '../docs/jobs.md');
const BEGIN = '<!-- from the schema, by scripts/generate-job-docs.ts -->';
const END = '<!-- up to here -->';

/** The page with its reference as the schema has it now. */
export function withReference(page: string): string {
  const [before, rest = ''] = page.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  return `${before}${BEGIN}\n\n${reference()}\n\n${END}${after}`;
}

function reference(): string {
  return `**A job**\n\n${table(JobSpec, '')}\n\n**A task**\n\n${table(TaskSpec, '')}`;
}

function table(schema: TObject, prefix: string): string {
  return ['| key | value | meaning |', '| --- | --- | --- |', ...rows(schema, prefix)].join('\n');
}

function rows(schema: TObject, prefix: string): string[] {
  return Object.entries(schema.properties).flatMap(([key, property]) => {
    const name = `${prefix}${key}`;
    if (Type.IsObject(property)) return rows(property, `${name}.`);
    const needed = Type.IsOptional(property) ? '' : ' (needed)';
    return [`| \`${name}\`${needed} | ${accepted(property)} | ${annotations(property).description ?? ''} |`];
  });
}

function accepted(schema: TSchema): string {
  if (Type.IsUnknown(schema)) return 'anything';
  const { pattern } = annotations(schema);
  // A pattern says little to people; what it means is in the description.
  return pattern === undefined ? expectation(schema) : 'text';
}

if (process.argv[1] === import.meta.filename) writeFileSync(JOBS_FILE, withReference(readFileSync(JOBS_FILE, 'utf8')));
