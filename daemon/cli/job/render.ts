// A job for people: what became of it, where its tasks ran and why there, what held it up.

import type { JobDetailView, JobView, SwarmView, TaskView } from '../../../agents/swarm/job-view.ts';
import { ago, duration, fixed, percent, plural, timestamp } from '../format.ts';
import { facts, table } from '../table.ts';
import { plain, type Style, type Terminal } from '../terminal.ts';
import { doneOf } from './progress.ts';

/** Tasks that are listed unless all are asked for. */
const MOST_TASKS = 60;
const MOST_CRITICAL = 12;
/** What one looks for comes first. */
const ORDER: readonly TaskView['state'][] = [
  'set-aside',
  'failed',
  'running',
  'ready',
  'waiting',
  'cancelled',
  'succeeded',
];

export function renderJobs(jobs: readonly JobView[], terminal: Terminal, now: number): string {
  if (jobs.length === 0) return 'No jobs. `parlmesh job submit FILE` starts one.';
  return table(terminal, jobs, [
    { title: 'id', value: (job) => job.id },
    { title: 'name', value: (job) => job.name },
    { title: 'state', value: (job) => job.state, style: ({ state }) => styleOf(state) },
    { title: 'tasks', align: 'right', value: (job) => `${doneOf(job).done}/${doneOf(job).all}` },
    { title: 'running', align: 'right', value: ({ counts }) => (counts.running > 0 ? String(counts.running) : '') },
    { title: 'took', align: 'right', value: ({ figures }) => duration(figures.seconds) },
    { title: 'speed-up', align: 'right', value: ({ figures }) => speedUp(figures) },
    { title: 'submitted', align: 'right', value: (job) => ago(job.submittedAt, now) },
    { title: 'by', value: (job) => job.submittedBy },
    { title: 'home', value: (job) => job.home.name },
    { title: 'cause', value: (job) => job.cause ?? '' },
  ]);
}

export function renderWorkers({ workers, scheduler, why, running, ready }: SwarmView, terminal: Terminal): string {
  const head = `${plural(running, 'job')} of this node run, ${plural(ready, 'task')} wait for a place. Placed by ${scheduler}: ${plain(why)}`;
  if (workers.length === 0) return `${head}\nNo node carries out tasks.`;
  const rows = table(terminal, workers, [
    { title: 'node', value: ({ node }) => node.name },
    {
      title: 'state',
      value: ({ reachable }) => (reachable ? 'reachable' : 'not reachable'),
      style: ({ reachable }) => (reachable ? undefined : 'red'),
    },
    { title: 'busy', align: 'right', value: (worker) => `${worker.running}/${worker.slots}` },
    { title: 'queued', align: 'right', value: ({ queued }) => String(queued) },
    { title: 'speed', align: 'right', value: ({ speed }) => fixed(speed, 2) },
    { title: 'stress', align: 'right', value: ({ stress }) => percent(stress) },
    { title: 'failures', align: 'right', value: ({ failures }) => percent(failures) },
    { title: 'carries out', value: ({ kinds }) => kinds.join(' ') },
    {
      title: 'labels',
      value: ({ labels }) =>
        Object.entries(labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
    },
  ]);
  return `${head}\n\n${rows}`;
}

export function renderJob(job: JobDetailView, terminal: Terminal, all: boolean): string {
  const { figures, deputy, tasks } = job;
  const { done, all: many, wrong } = doneOf(job);
  const head = facts([
    ['job', `${job.id}  ${job.name}`],
    ['state', `${job.state}${job.cause === undefined ? '' : `: ${job.cause}`}`],
    ['tasks', `${done} of ${many} ended${wrong > 0 ? `, ${wrong} of them failed` : ''}`],
    ['submitted', `${timestamp(job.submittedAt)} by ${job.submittedBy}, priority ${job.priority}`],
    ['ended', job.finishedAt === undefined ? undefined : timestamp(job.finishedAt)],
    ['deadline', job.deadlineAt === undefined ? undefined : timestamp(job.deadlineAt)],
    ['kept on', `${job.home.name}${deputy === undefined ? ', no other node' : ` and ${deputy.name}`}`],
    ['scheduler', job.scheduler],
    ['took', `${seconds(figures.seconds)} for ${seconds(figures.workSeconds)} of work`],
    ['speed-up', `${speedUp(figures)} (at best ${fixed(figures.bound, 2)}), ${figures.mostParallel} tasks at once`],
    [
      'longest chain',
      `${plural(figures.criticalSteps, 'task')} of ${plural(figures.steps, 'step')}, ${seconds(figures.criticalSeconds)}`,
    ],
    ['critical path', criticalPath(tasks)],
  ]);
  return [head, nodesTable(tasks, terminal), tasksTable(tasks, terminal, all), attemptsTable(tasks, terminal)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The end of a job that was waited for, in a line. */
export function renderEnd(job: JobView): string {
  const { figures, counts } = job;
  const why = job.cause === undefined ? '' : `: ${plain(job.cause)}`;
  return (
    `Job ${job.id} (${plain(job.name)}) ${job.state} after ${seconds(figures.seconds)}${why}. ` +
    `${plural(counts.succeeded, 'task')} succeeded, speed-up ${speedUp(figures)} of at best ${fixed(figures.bound, 2)}.`
  );
}

function criticalPath(tasks: readonly TaskView[]): string {
  const chain = tasks.filter(({ critical }) => critical).map(({ id }) => id);
  const shown =
    chain.length > MOST_CRITICAL ? [...chain.slice(0, MOST_CRITICAL), `… ${chain.length - MOST_CRITICAL} more`] : chain;
  return shown.join(' > ');
}

function nodesTable(tasks: readonly TaskView[], terminal: Terminal): string {
  const nodes = new Map<string, { name: string; succeeded: number; seconds: number; other: number }>();
  for (const { attempts } of tasks)
    for (const { node, outcome, startedAt, endedAt } of attempts) {
      const row = nodes.get(node.id) ?? { name: node.name, succeeded: 0, seconds: 0, other: 0 };
      if (outcome === 'succeeded') {
        row.succeeded++;
        row.seconds += ((endedAt ?? 0) - (startedAt ?? 0)) / 1000;
      } else if (outcome !== 'running') row.other++;
      nodes.set(node.id, row);
    }
  if (nodes.size === 0) return '';
  return table(
    terminal,
    [...nodes.values()],
    [
      { title: 'node', value: ({ name }) => name },
      { title: 'tasks done', align: 'right', value: ({ succeeded }) => String(succeeded) },
      { title: 'busy', align: 'right', value: (row) => seconds(row.seconds) },
      { title: 'lost or failed', align: 'right', value: ({ other }) => (other > 0 ? String(other) : '') },
    ],
  );
}

function tasksTable(tasks: readonly TaskView[], terminal: Terminal, all: boolean): string {
  const sorted = tasks.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const shown = all ? tasks : sorted.slice(0, MOST_TASKS);
  const text = table(terminal, shown, [
    { title: 'task', value: ({ id, critical }) => `${id}${critical ? ' *' : ''}` },
    { title: 'kind', value: ({ kind }) => kind },
    { title: 'state', value: ({ state }) => state, style: ({ state }) => styleOf(state) },
    { title: 'node', value: ({ attempts }) => attempts.at(-1)?.node.name ?? '' },
    { title: 'tries', align: 'right', value: ({ attempts }) => (attempts.length > 1 ? String(attempts.length) : '') },
    { title: 'waited', align: 'right', value: ({ readyAt, startedAt }) => between(readyAt, startedAt) },
    { title: 'took', align: 'right', value: ({ startedAt, finishedAt }) => between(startedAt, finishedAt) },
    { title: 'why', value: (task) => task.cause ?? task.attempts.at(-1)?.why ?? '' },
  ]);
  const rest = tasks.length - shown.length;
  return `${text}\n* on the critical path${rest > 0 ? `; ${rest} more tasks with --all` : ''}`;
}

/** What did not go well at first: who lost, failed or gave back a task. */
function attemptsTable(tasks: readonly TaskView[], terminal: Terminal): string {
  const rows = tasks.flatMap(({ id, attempts }) =>
    attempts
      .filter(({ outcome }) => outcome !== 'succeeded' && outcome !== 'running')
      .map((attempt) => ({ id, ...attempt })),
  );
  if (rows.length === 0) return '';
  return table(terminal, rows.slice(0, MOST_TASKS), [
    { title: 'attempt', value: ({ id, number }) => `${id} #${number}` },
    { title: 'node', value: ({ node }) => node.name },
    { title: 'outcome', value: ({ outcome }) => outcome },
    { title: 'after', align: 'right', value: ({ placedAt, endedAt }) => between(placedAt, endedAt) },
    { title: 'cause', value: ({ cause }) => cause ?? '' },
  ]);
}

function styleOf(state: string): Style | undefined {
  if (state === 'failed' || state === 'set-aside') return 'red';
  if (state === 'succeeded') return 'green';
  return state === 'cancelled' ? 'yellow' : undefined;
}

function speedUp({ speedUp: value, steps }: JobView['figures']): string {
  return steps === 0 ? '' : value.toFixed(2);
}

function between(from: number | undefined, to: number | undefined): string {
  return from === undefined || to === undefined ? '' : seconds(Math.max(0, to - from) / 1000);
}

/** Where half a second counts: 0.42 s, 12.3 s, 5 min 4 s. */
function seconds(value: number): string {
  if (value < 0.1 || value >= 3_600) return duration(value);
  if (value < 120) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  return `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
}
