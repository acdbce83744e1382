// `parlmesh job validate`, `import` and `result`: job files and what comes out of jobs.

import { InvalidArgumentError } from 'commander';
import { graphOf } from '../../../agents/swarm/job-spec.ts';
import { TASK_KINDS } from '../../../agents/swarm/task-kinds.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { duration, plural } from '../format.ts';
import { readInput, readJob } from '../job/read-job.ts';

export function registerJobFiles(job: CliCommand, cli: Cli): void {
  job
    .command('validate')
    .argument('<file>', 'YAML or JSON; - for standard input')
    .summary('say everything that is wrong with a job file')
    .description(
      'Checks a job file without a daemon, and names every fault by line, column and path; also kinds of tasks that this version does not know. What a node is set up for (commands, modules) is checked when the job is submitted.',
    )
    .common()
    .example('job validate report.yaml', 'is it right?')
    .action(async (file: string, options: CommonOptions) => {
      const graph = graphOf(await readJob(file, TASK_KINDS));
      const report = { ok: true, tasks: graph.tasks.length, workSeconds: graph.work, longestChainSeconds: graph.path };
      cli.show(options, report, ({ tasks, workSeconds, longestChainSeconds }) =>
        [
          `${file} is right: ${plural(tasks, 'task')}, ${duration(workSeconds)} of work.`,
          `No number of nodes takes less than ${duration(longestChainSeconds)}, its longest chain: at most ${(workSeconds / Math.max(1e-9, longestChainSeconds)).toFixed(1)} times faster than one after the other.`,
        ].join(' '),
      );
    });

  job
    .command('import')
    .argument('<file>', 'a WfCommons instance (JSON); - for standard input')
    .summary('turn a recorded workflow into a job')
    .description(
      'Reads a workflow as WfCommons records them (schema 1.4 or newer) and prints a job with the same dependencies, whose tasks wait as long as the recorded ones took and hand on as many bytes.',
    )
    .option('--time-scale <factor>', 'what recorded seconds and bytes are multiplied by', scaleOption, 1)
    .option('--compute', 'tasks compute for their time instead of waiting')
    .option('--name <text>', 'of the job (default: the name of the workflow)')
    .common()
    .example('job import montage.json --time-scale 0.01 > job.yaml', 'a hundred times faster than recorded')
    .example('job import montage.json --time-scale 0.01 | parlmesh job submit - --wait', 'replay it at once')
    .action(async (file: string, options: CommonOptions & { timeScale: number; compute?: true; name?: string }) => {
      const { jobOfWorkflow } = await import('../../../agents/swarm/wfcommons.ts');
      const spec = jobOfWorkflow(parseJson(await readInput(file), file), {
        timeScale: options.timeScale,
        kind: options.compute === true ? 'compute' : 'wait',
        ...(options.name !== undefined && { name: options.name }),
      });
      const { stringify } = await import('yaml');
      // Without line breaks inside values, so that a task reads as a task.
      cli.show(options, spec, () => stringify(spec, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd());
    });

  job
    .command('result')
    .argument('<id>', 'the job')
    .argument('<task>', 'one of its tasks that succeeded')
    .summary('what a task resolved to')
    .description('Prints the result of a task: JSON, or the bytes themselves where it is a blob.')
    .common()
    .example('job result j-7c2f61 count', 'the result as JSON')
    .example('job result j-7c2f61 picture > picture.jpg', 'the bytes of a large one')
    .action(async (id: string, task: string, options: CommonOptions) => {
      const resource = `jobs/${encodeURIComponent(id)}/results/${encodeURIComponent(task)}`;
      const response = await cli.client(options).open(resource, {}, cli.signal);
      if (options.output === 'json' || response.headers['content-type']?.startsWith('application/json')) {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        return cli.terminal.print(text);
      }
      for await (const chunk of response) await cli.terminal.bytes(chunk);
    });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ParlmeshError('WORKFLOW_INVALID', `${file} is no JSON`, { cause, hint: 'WfCommons instances are JSON' });
  }
}

function scaleOption(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 1000) return value;
  throw new InvalidArgumentError('Expected a number above 0 and up to 1000, e.g. 0.01.');
}
