import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { graphOf } from '../../../agents/swarm/job-spec.ts';
import { readJobText } from '../../../daemon/jobs/job-file.ts';
import { JOBS_FILE, withReference } from '../../../scripts/generate-job-docs.ts';

const EXAMPLES = join(import.meta.dirname, '../../../docs/examples/jobs');

describe('docs/jobs.md', () => {
  const page = readFileSync(JOBS_FILE, 'utf8');

  it('says of job files what the schema says: if this fails, run `node scripts/generate-job-docs.ts`', () => {
    expect(withReference(page)).toBe(page);
    expect(page).toContain('| `where.labels` |');
  });

  it('shows files that are right', () => {
    const files = [...page.matchAll(/```yaml\n(name: [\s\S]*?)```/g)].map(([, text]) => text!);
    expect(files.length).toBeGreaterThan(0);
    for (const text of files) expect(graphOf(readJobText(text, 'jobs.md')).tasks.length).toBeGreaterThan(0);
  });
});

describe('docs/examples/jobs', () => {
  it.each(readdirSync(EXAMPLES))('%s is a job', (name) => {
    const { tasks } = graphOf(readJobText(readFileSync(join(EXAMPLES, name), 'utf8'), name));
    expect(tasks.length).toBeGreaterThan(1);
  });
});
