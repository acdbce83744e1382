import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobGraph } from '../../../agents/swarm/job-graph.ts';
import { graphOf, readJobSpec } from '../../../agents/swarm/job-spec.ts';
import { isWfCommons, jobOfWorkflow, MOST_REPLAYED_BYTES, readWfCommons } from '../../../agents/swarm/wfcommons.ts';
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

  it('becomes a job that takes as long, writes as much and hands it on', (test) => {
    if (!existsSync(folder)) return test.skip('no test data; set PARLMESH_TEST_DATA');
    for (const file of readdirSync(folder)) {
      const document: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      const recorded = new JobGraph(readWfCommons(document, 0.01).tasks);
      const job = readJobSpec(jobOfWorkflow(document, { timeScale: 0.01, kind: 'wait' }));
      const graph = graphOf(job);
      expect(graph.work).toBeCloseTo(recorded.work, 3);
      expect(graph.path).toBeCloseTo(recorded.path, 3);
      expect(graph.parents.map((parents) => parents.length)).toEqual(recorded.parents.map((parents) => parents.length));
    }
  });

  it('replays ids, bytes and dependencies as a job can hold them', () => {
    const task = (id: string, parents: string[], outputFiles: string[]) => ({ id, parents, outputFiles });
    const document = {
      schemaVersion: '1.5',
      name: 'pair',
      workflow: {
        specification: {
          tasks: [task('a b', [], ['f']), task('a/b', ['a b'], []), task('c', ['a b', 'a/b'], [])],
          files: [{ id: 'f', sizeInBytes: 1e12 }],
        },
        execution: { tasks: [{ id: 'a b', runtimeInSeconds: 20 }] },
      },
    };
    const options = { timeScale: 0.1, kind: 'compute', name: 'again' } as const;
    expect(jobOfWorkflow(document, options)).toEqual({
      name: 'again',
      tasks: [
        {
          ...{ id: 'a_b', kind: 'compute', seconds: 2, bytes: MOST_REPLAYED_BYTES },
          input: { seconds: 2, bytes: MOST_REPLAYED_BYTES },
        },
        {
          id: 'a_b~2',
          kind: 'compute',
          input: { seconds: 0, inputs: [{ $result: 'a_b' }] },
          needs: ['a_b'],
          seconds: 0,
        },
        {
          ...{ id: 'c', kind: 'compute', needs: ['a_b', 'a_b~2'], seconds: 0 },
          input: { seconds: 0, inputs: [{ $result: 'a_b' }] },
        },
      ],
    });
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
