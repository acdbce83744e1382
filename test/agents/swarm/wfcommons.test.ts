import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobGraph } from '../../../agents/swarm/job-graph.ts';
import { isWfCommons, readWfCommons } from '../../../agents/swarm/wfcommons.ts';
import { ParlmeshError } from '../../../core/errors.ts';

const folder = join(
  process.env.PARLMESH_TEST_DATA ?? resolve(import.meta.dirname, '../../../../shared/data'),
  'workflows/instances',
);

describe('a workflow of WfCommons', () => {
  it('becomes a graph of tasks with recorded times and sizes, scaled', (test) => {
    if (!existsSync(folder)) return test.skip('no test data; set PARLMESH_TEST_DATA');
    for (const file of readdirSync(folder)) {
      const document: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      expect(isWfCommons(document)).toBe(true);
      const graph = new JobGraph(readWfCommons(document, 0.01).tasks);
      expect(graph.tasks.length).toBeGreaterThan(9);
      expect(graph.path).toBeGreaterThan(0);
      expect(graph.work).toBeGreaterThanOrEqual(graph.path);
    }
    const small: unknown = JSON.parse(readFileSync(join(folder, 'helloworld-forkjoin-10-chameleon.json'), 'utf8'));
    const { tasks } = readWfCommons(small, 0.01);
    expect(tasks[0]).toMatchObject({ id: 'cpuhog_forkjoin_00000001', needs: [], bytes: 90_909 });
    expect(tasks[0]!.seconds).toBeCloseTo(1.00187, 9);
  });

  it('that is none says where it is wrong', () => {
    expect(() => readWfCommons({ workflow: { specification: { tasks: [] } } })).toThrow(/workflow/);
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        try {
          readWfCommons(document);
        } catch (error) {
          expect(error).toBeInstanceOf(ParlmeshError);
        }
      }),
    );
  });
});
