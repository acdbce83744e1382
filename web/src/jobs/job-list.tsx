// All jobs that the node knows, newest first, with how far they are.

import { useState } from 'preact/hooks';
import type { JobView } from '../../../agents/swarm/job-view.ts';
import { get } from '../live/api.ts';
import { jobs } from '../live/live.ts';
import { Empty } from '../parts/empty.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { spell } from './seconds.ts';
import { JobMark } from './states.tsx';

const PAGE = 50;
const COLUMNS = [
  { title: 'Job' },
  { title: 'State' },
  { title: 'Progress' },
  { title: 'Took', number: true },
  { title: 'Speed-up', number: true },
  { title: 'Submitted', number: true },
];

export function JobList() {
  const [older, setOlder] = useState<JobView[]>([]);
  const [isAll, setIsAll] = useState(false);
  const list = [...(jobs.value ?? [])];
  const known = new Set(list.map(({ id }) => id));
  const shown = [...list, ...older.filter(({ id }) => !known.has(id))];
  if (shown.length === 0) {
    return (
      <Empty title="No job has run here yet.">
        <p>Submit one of the examples below, or on the command line: parlmesh job submit FILE --wait</p>
      </Empty>
    );
  }
  const fetchOlder = async () => {
    const more = await get<JobView[]>(`/jobs?before=${shown.at(-1)!.submittedAt}&limit=${PAGE}`);
    setOlder([...older, ...more]);
    setIsAll(more.length < PAGE);
  };
  return (
    <>
      <Table
        caption="Jobs, newest first"
        columns={COLUMNS}
        rows={shown.map((job) => ({ key: job.id, cells: cellsOf(job) }))}
      />
      {shown.length >= PAGE && !isAll && (
        <p class="older">
          <button type="button" class="quiet" onClick={() => void fetchOlder()}>
            Older jobs
          </button>
        </p>
      )}
    </>
  );
}

function cellsOf(job: JobView) {
  const { id, name, state, cause, figures, submittedAt, submittedBy } = job;
  return [
    <>
      <a href={`#/jobs/${encodeURIComponent(id)}`}>{name}</a>
      <span class="muted under">{id}</span>
    </>,
    <>
      <JobMark state={state} />
      {cause !== undefined && <p class={state === 'failed' ? 'cause' : 'muted under'}>{cause}</p>}
    </>,
    <JobProgress key="progress" job={job} />,
    spell(figures.seconds),
    figures.steps === 0 ? '' : `${figures.speedUp.toFixed(2)}×`,
    <>
      <Time at={submittedAt} />
      <span class="muted under">by {submittedBy}</span>
    </>,
  ];
}

/** A bar and its words. */
export function JobProgress({ job }: { job: JobView }) {
  const { counts } = job;
  const wrong = counts.failed + counts['set-aside'];
  const done = counts.succeeded + counts.cancelled + wrong;
  const all = done + counts.running + counts.ready + counts.waiting;
  const share = (number: number) => ({ width: `${(100 * number) / Math.max(1, all)}%` });
  return (
    <div class="progress">
      <div class="progress-bar" aria-hidden="true">
        <span class="share-succeeded" style={share(counts.succeeded)} />
        <span class="share-failed" style={share(wrong)} />
        <span class="share-cancelled" style={share(counts.cancelled)} />
        <span class="share-running" style={share(counts.running)} />
      </div>
      <span class="muted under">
        {done} of {all}
        {counts.running > 0 && `, ${counts.running} running`}
        {wrong > 0 && `, ${wrong} failed`}
      </span>
    </div>
  );
}
