// One job: how it stands, its figures, its graph, who worked when, and whatever is chosen in them.

import { useState } from 'preact/hooks';
import type { JobDetailView, JobView } from '../../../agents/swarm/job-view.ts';
import { may } from '../live/access.ts';
import { ApiError, post } from '../live/api.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Time } from '../parts/time.tsx';
import { Dag } from './dag.tsx';
import { Figures } from './figures.tsx';
import { Gantt } from './gantt.tsx';
import { JobProgress } from './job-list.tsx';
import { useJob } from './load-job.ts';
import { JobMark } from './states.tsx';
import { GroupPanel, TaskPanel } from './task-panel.tsx';

export function JobPage({ id }: { id: string }) {
  const job = useJob(id);
  return (
    <>
      <p>
        <a href="#/jobs">All jobs</a>
      </p>
      {job.kind === 'ready' ? <h1>{job.value.name}</h1> : <h1>Job {id}</h1>}
      <Loaded resource={job}>{(known) => <Known job={known} />}</Loaded>
    </>
  );
}

type Choice = { kind: 'task'; id: string } | { kind: 'group'; title: string; ids: readonly string[] };

function Known({ job }: { job: JobDetailView }) {
  const [choice, choose] = useState<Choice>();
  const toTask = (id: string) => choose({ kind: 'task', id });
  const ids = choice?.kind === 'group' ? new Set(choice.ids) : undefined;
  const task = choice?.kind === 'task' ? job.tasks.find(({ id }) => id === choice.id) : undefined;
  const chosen = choice?.kind === 'task' ? choice.id : choice?.ids[0];
  return (
    <>
      <p class="identity">
        <JobMark state={job.state} />
        <span>{job.id}</span>
        <span>
          submitted <Time at={job.submittedAt} seconds /> by {job.submittedBy}
        </span>
        <span>priority {job.priority}</span>
        {job.deadlineAt !== undefined && (
          <span>
            due <Time at={job.deadlineAt} />
          </span>
        )}
        <span>
          kept on {job.home.name}
          {job.deputy === undefined ? ' alone' : ` and ${job.deputy.name}`}
        </span>
        <span>placed by {job.scheduler}</span>
      </p>
      {job.cause !== undefined && <p class={job.state === 'failed' ? 'cause' : 'muted'}>{job.cause}</p>}
      <JobProgress job={job} />
      <Changes job={job} />
      <section>
        <Figures job={job} />
      </section>
      <section>
        <h2>Graph</h2>
        <Dag
          tasks={job.tasks}
          chosen={chosen}
          onChoose={({ title, tasks }) =>
            choose(
              tasks.length === 1
                ? { kind: 'task', id: tasks[0]!.id }
                : { kind: 'group', title, ids: tasks.map(({ id }) => id) },
            )
          }
        />
      </section>
      <div aria-live="polite" class="after-drawing">
        {task !== undefined && <TaskPanel job={job} task={task} />}
        {choice?.kind === 'group' && (
          <GroupPanel title={choice.title} tasks={job.tasks.filter(({ id }) => ids?.has(id))} onChoose={toTask} />
        )}
        {choice === undefined && (
          <p class="muted">Choose a task to see why it was placed where it is, its attempts, log and result.</p>
        )}
      </div>
      <section>
        <h2>By node</h2>
        <Gantt job={job} chosen={chosen} onChoose={toTask} />
      </section>
    </>
  );
}

const QUESTIONS = {
  cancel: { action: 'Cancel the job', text: 'What runs is stopped and what waits is not begun. Results so far stay.' },
  retry: { action: 'Try again', text: 'What failed, was set aside or cancelled runs again; what succeeded stays.' },
} as const;

/** Cancel while it runs, try again when it did not succeed; both ask first. */
function Changes({ job }: { job: JobView }) {
  const [asked, ask] = useState<keyof typeof QUESTIONS>();
  const [told, tell] = useState('');
  if (!may('act') || job.state === 'succeeded') return null;
  const what = job.state === 'running' ? 'cancel' : 'retry';
  const change = async () => {
    try {
      await post(`/jobs/${encodeURIComponent(job.id)}/${what}`);
      tell('');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(error.message);
    }
  };
  return (
    <div class="action-line">
      <button type="button" class="quiet" onClick={() => ask(what)}>
        {QUESTIONS[what].action}
      </button>
      <span role="status" class="cause">
        {told}
      </span>
      {asked !== undefined && (
        <Confirm
          title={`${QUESTIONS[asked].action}: ${job.name}?`}
          action={QUESTIONS[asked].action}
          onConfirm={() => void change()}
          onClose={() => ask(undefined)}
        >
          <p>{QUESTIONS[asked].text}</p>
        </Confirm>
      )}
    </div>
  );
}
