// Reads what schedulers are compared on: a folder of jobs, recorded or written, and a file that says which nodes there are.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { type GraphTask, JobGraph } from '../swarm/job-graph.ts';
import { graphOf, readJobSpec } from '../swarm/job-spec.ts';
import { isWfCommons, readWfCommons } from '../swarm/wfcommons.ts';
import type { SimulatedNode } from './environment/cluster-simulation.ts';

const MOST_FILES = 1000;
const MOST_BYTES = 64_000_000;

/** A transfer's limits where a file names none: Fast Ethernet. */
const NETWORK = { bandwidth: 12.5e6, latency: 0.001 };

export const NodesFile = Type.Object(
  {
    nodes: Type.Array(
      Type.Object(
        {
          name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
          speed: Type.Number({
            minimum: 0.001,
            maximum: 1000,
            description: 'Of a processor on which a task takes its `seconds`: 2 is twice as fast.',
          }),
          slots: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 256, description: 'Tasks that it runs at once; 1 when left out.' }),
          ),
          bandwidth: Type.Optional(Type.Number({ minimum: 1, maximum: 1e12, description: 'Bytes a second.' })),
          latency: Type.Optional(
            Type.Number({ minimum: 0, maximum: 3600, description: 'Seconds that a transfer takes at least.' }),
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 1000 },
    ),
  },
  { additionalProperties: false },
);
export type NodesFile = Static<typeof NodesFile>;

/** Throws `NODES_INVALID`, naming the file and where it is wrong. */
export async function readNodes(file: string): Promise<SimulatedNode[]> {
  const invalid = (why: string): ParlmeshError =>
    new ParlmeshError('NODES_INVALID', `${file}: ${why}`, {
      hint: 'Expected e.g. {"nodes": [{"name": "pi", "speed": 1, "slots": 4}]}, as YAML or JSON',
    });
  const document = await documentIn(file, invalid);
  if (!Value.Check(NodesFile, document)) {
    const [problem] = Value.Errors(NodesFile, document);
    throw invalid(`${problem?.instancePath || '/'} ${problem?.message ?? 'is wrong'}`);
  }
  const nodes = document.nodes.map(({ name, slots = 1, ...node }, index) => ({
    ...{ ...NETWORK, ...node, slots },
    name: name ?? `node-${index + 1}`,
  }));
  const names = nodes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw invalid(`two nodes are called "${twice}"`);
  return nodes;
}

/**
 * The tasks of every job in the folder's .json, .yaml and .yml files: workflows of WfCommons, and job files.
 * Throws `JOBS_MISSING` where there is none, and `JOB_INVALID` or `WORKFLOW_INVALID` with the file's name.
 */
export async function readJobs(folder: string): Promise<GraphTask[][]> {
  const missing = (why: string): ParlmeshError =>
    new ParlmeshError('JOBS_MISSING', `${folder}: ${why}`, {
      hint: 'Name a folder of WfCommons workflows or job files (.json, .yaml, .yml)',
    });
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    throw missing(messageOf(error));
  }
  const files = entries.filter((name) => /\.(json|ya?ml)$/.test(name)).sort();
  if (files.length === 0) throw missing('there are no job files in it');
  if (files.length > MOST_FILES) throw missing(`there are more than ${MOST_FILES} job files in it`);
  const jobs: GraphTask[][] = [];
  for (const name of files) jobs.push(await readJob(join(folder, name)));
  return jobs;
}

async function readJob(file: string): Promise<GraphTask[]> {
  const invalid = (why: string): ParlmeshError => new ParlmeshError('JOB_INVALID', `${file}: ${why}`);
  const document = await documentIn(file, invalid);
  try {
    const tasks = isWfCommons(document) ? readWfCommons(document).tasks : [...graphOf(readJobSpec(document)).tasks];
    // Nothing takes no time: ratios of times are told.
    const timed = tasks.map((task) => ({ ...task, seconds: Math.max(1e-3, task.seconds) }));
    return [...new JobGraph(timed).tasks];
  } catch (error) {
    if (!(error instanceof ParlmeshError)) throw error;
    throw new ParlmeshError(
      error.code,
      `${file}: ${error.message}`,
      error.hint === undefined ? {} : { hint: error.hint },
    );
  }
}

async function documentIn(file: string, invalid: (why: string) => ParlmeshError): Promise<unknown> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, more than ${MOST_BYTES}`);
    const text = await readFile(file, 'utf8');
    return file.endsWith('.json') ? (JSON.parse(text) as unknown) : (parse(text, { maxAliasCount: 100 }) as unknown);
  } catch (error) {
    throw invalid(messageOf(error));
  }
}
