// `parlmesh job`: submit work that spreads over the nodes, follow it, and see where it ran and why.

import { Option } from 'commander';
import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import type { JobDetailView, JobView, SwarmView } from '../../../agents/swarm/job-view.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { ApiClient } from '../client.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { plural } from '../format.ts';
import { followJob } from '../job/follow.ts';
import { Progress } from '../job/progress.ts';
import { renderEnd, renderJob, renderJobs, renderWorkers } from '../job/render.ts';
import { registerJobFiles } from './job-files.ts';

const SUBMIT_WITHIN = 60_000;
const CHANGE_WITHIN = 30_000;
const STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;

interface SubmitOptions extends CommonOptions {
  wait?: true;
  name?: string;
  priority?: number;
  id?: string;
}

export function registerJob(program: CliCommand, cli: Cli): void {
  const job = program
    .command('job')
    .summary('submit work that spreads over the nodes, and follow it')
    .description(
      'A job is a graph of tasks in a YAML or JSON file. Any node takes it; its tasks run on all that can, and it survives the death of any one of them.',
    )
    .example('job submit report.yaml --wait', 'run a job and see how it fares')
    .example('job list', 'what runs, what ran?');
  registerSubmit(job, cli);
  registerLooks(job, cli);
  registerChanges(job, cli);
  registerJobFiles(job, cli);
}

function registerSubmit(job: CliCommand, cli: Cli): void {
  job
    .command('submit')
    .argument('<file>', 'YAML or JSON; - for standard input')
    .summary('submit a job')
    .description(
      'Checks the file and hands the job to this node, which keeps it on another node too before it answers. With --wait, exit code 0 means that the job succeeded; Ctrl-C leaves it running.',
    )
    .option('-w, --wait', 'follow it to its end')
    .option('--name <text>', 'another name than the file says')
    .option('--priority <0-9>', 'another priority than the file says: 0 background to 9 urgent', integerOption(0, 9))
    .option('--id <id>', 'its id, so that the same submission twice is one job: a-z, 0-9 and -, 4 to 64 of them')
    .common()
    .example('job submit report.yaml', 'start it and go on')
    .example('job submit report.yaml --wait', 'start it and see how it fares')
    .example('job submit report.yaml --wait -o json | jq .figures', 'for a script: state, results and timings')
    .example('job import montage.json | parlmesh job submit - --wait', 'replay a recorded workflow')
    .action(async (file: string, options: SubmitOptions) => {
      const { readJob } = await import('../job/read-job.ts');
      const spec: JobSpec = await readJob(file);
      if (options.name !== undefined) spec.name = options.name;
      if (options.priority !== undefined) spec.priority = options.priority;
      const client = cli.client(options);
      const query = options.id === undefined ? '' : `?id=${encodeURIComponent(options.id)}`;
      const job = await client.post<JobView>(`jobs${query}`, spec, SUBMIT_WITHIN);
      if (options.wait === true) return waitFor(cli, client, job.id, options);
      cli.show(
        options,
        job,
        () =>
          `Job ${job.id} is accepted: ${plural(spec.tasks.length, 'task')}. \`parlmesh job watch ${job.id}\` follows it.`,
      );
    });

  job
    .command('watch')
    .argument('<id>', 'the job, as `parlmesh job list` shows it')
    .summary('follow a job to its end')
    .description('Shows how a job fares until it has ended. Exit code 0: it succeeded. Ctrl-C leaves it running.')
    .common()
    .example('job watch j-7c2f61', 'how far is it?')
    .action((id: string, options: CommonOptions) => waitFor(cli, cli.client(options), id, options));
}

function registerLooks(job: CliCommand, cli: Cli): void {
  job
    .command('list')
    .summary('the jobs that this node knows')
    .description('Lists jobs, newest first, with how far they are and how much faster than one after the other.')
    .addOption(new Option('--state <state>', 'only those').choices(STATES))
    .option('-n, --limit <count>', 'most jobs to show', integerOption(1, 1000), 20)
    .common()
    .example('job list', 'what runs, what ran?')
    .example('job list --state failed -o json', 'what failed, for a script')
    .action(async (options: CommonOptions & { state?: string; limit: number }) => {
      const jobs = await cli.client(options).list<JobView>('jobs', { state: options.state, limit: options.limit });
      cli.show(options, jobs, (rows) => renderJobs(rows, cli.terminal, Date.now()));
    });

  job
    .command('workers')
    .summary('the nodes that carry out tasks, and which scheduler places them')
    .description(
      'Lists the nodes that carry out tasks as this node sees them: how busy, how fast, how stressed, what they carry out; and which scheduler places tasks, and why that one.',
    )
    .common()
    .example('job workers', 'who works, and how much?')
    .action(async (options: CommonOptions) => {
      const swarm = await cli.client(options).get<SwarmView>('swarm');
      cli.show(options, swarm, () => renderWorkers(swarm, cli.terminal));
    });

  job
    .command('show')
    .argument('<id>', 'the job, as `parlmesh job list` shows it')
    .summary('a job with its tasks: where they ran, why there, and what held it up')
    .description(
      'Shows the tasks of a job with their attempts and nodes, why each was placed where it is, the critical path, and the speed-up beside the best that the job allows.',
    )
    .option('--all', 'every task; else those of interest first, at most 60')
    .common()
    .example('job show j-7c2f61', 'where did it run, and why there?')
    .example("job show j-7c2f61 -o json | jq '.tasks[] | {id, result}'", 'the results')
    .action(async (id: string, options: CommonOptions & { all?: true }) => {
      const detail = await cli.client(options).get<JobDetailView>(`jobs/${encodeURIComponent(id)}`);
      cli.show(options, detail, () => renderJob(detail, cli.terminal, options.all === true));
    });
}

function registerChanges(job: CliCommand, cli: Cli): void {
  const change = (name: 'cancel' | 'retry', summary: string, description: string, done: (job: JobView) => string) =>
    job
      .command(name)
      .argument('<id>', 'the job, as `parlmesh job list` shows it')
      .summary(summary)
      .description(description)
      .common()
      .example(`job ${name} j-7c2f61`, summary)
      .action(async (id: string, options: CommonOptions) => {
        const resource = `jobs/${encodeURIComponent(id)}/${name}`;
        const changed = await cli.client(options).post<JobView>(resource, undefined, CHANGE_WITHIN);
        cli.show(options, changed, done);
      });
  change(
    'cancel',
    'end a job',
    'Ends a job: what runs is stopped, what waits is not begun; results so far are kept.',
    ({ id, counts }) => `Job ${id} is cancelled; ${plural(counts.succeeded, 'task')} had succeeded.`,
  );
  change(
    'retry',
    'run again what failed',
    'Runs the tasks again that failed, were set aside or cancelled, and what needs them; what succeeded stays.',
    ({ id }) => `Job ${id} goes on. \`parlmesh job watch ${id}\` follows it.`,
  );
}

async function waitFor(cli: Cli, client: ApiClient, id: string, options: CommonOptions): Promise<void> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const progress = new Progress(cli.terminal, Date.now);
  const watching = { terminal: cli.terminal, signal: AbortSignal.any([cli.signal, interrupt.signal]) };
  try {
    const ended = await followJob(watching, client, id, (job) => {
      if (options.output === 'table') progress.show(job);
    });
    progress.end();
    cli.exitCode = ended?.state === 'succeeded' ? 0 : 1;
    if (ended === undefined) {
      cli.terminal.note(
        `Job ${id} goes on; \`parlmesh job watch ${id}\` follows it, \`parlmesh job cancel ${id}\` ends it.`,
      );
      return;
    }
    if (options.output === 'table') {
      cli.terminal.print(renderEnd(ended));
      if (ended.state !== 'succeeded') cli.terminal.note(`\`parlmesh job show ${id}\` tells which tasks, and why`);
      return;
    }
    cli.show(options, await client.get<JobDetailView>(`jobs/${encodeURIComponent(id)}`), () => '');
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
