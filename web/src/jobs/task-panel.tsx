// One task, or the tasks of a group: why it is where it is, each attempt, its last lines and its result.

import type { JobDetailView, TaskView } from '../../../agents/swarm/job-view.ts';
import { bytes, count } from '../format.ts';
import { urlOf } from '../live/api.ts';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { between, spell } from './seconds.ts';
import { JobMark } from './states.tsx';

/** Tasks of a group that are listed. */
const MOST_LISTED = 12;
const MOST_RESULT_LETTERS = 4_000;

const ATTEMPTS = [
  { title: 'Attempt' },
  { title: 'Node' },
  { title: 'Outcome' },
  { title: 'Waited there', number: true },
  { title: 'Took', number: true },
  { title: 'Why there' },
];

export function TaskPanel({ job, task }: { job: JobDetailView; task: TaskView }) {
  const { id, kind, state, needs, expectedSeconds, readyAt, startedAt, finishedAt, critical, attempts, log } = task;
  return (
    <section aria-label={`Task ${id}`}>
      <div class="heading">
        <h2>{id}</h2>
        <JobMark state={state} />
      </div>
      {task.cause !== undefined && (
        <p class={state === 'failed' || state === 'set-aside' ? 'cause' : 'muted'}>{task.cause}</p>
      )}
      <dl class="facts">
        <Fact name="Kind">{kind}</Fact>
        <Fact name="Needs">{needs.length === 0 ? 'nothing' : needs.slice(0, 12).join(', ')}</Fact>
        <Fact name="Ready">{readyAt === undefined ? 'not yet' : <Time at={readyAt} seconds />}</Fact>
        <Fact name="Waited for a place">{between(readyAt, startedAt)}</Fact>
        <Fact name="Took">
          {between(startedAt, finishedAt)}, expected {spell(expectedSeconds)}
        </Fact>
        {critical && <Fact name="Critical">It is on the longest chain: the job ends later if it does.</Fact>}
      </dl>
      <Table
        caption={`Attempts of ${id}`}
        columns={ATTEMPTS}
        rows={attempts.map((attempt) => ({
          key: String(attempt.number) + attempt.outcome,
          cells: [
            `#${attempt.number}`,
            attempt.node.name,
            <>
              <JobMark state={attempt.outcome} />
              {attempt.cause !== undefined && <p class="cause">{attempt.cause}</p>}
            </>,
            between(attempt.placedAt, attempt.startedAt),
            between(attempt.startedAt, attempt.endedAt),
            attempt.why,
          ],
        }))}
        empty="It has not been placed yet."
      />
      {log.length > 0 && (
        <>
          <h3>Log</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre class="log" tabIndex={0}>
            {log.join('\n')}
          </pre>
        </>
      )}
      {state === 'succeeded' && <Result job={job.id} task={task} />}
    </section>
  );
}

function Result({ job, task }: { job: string; task: TaskView }) {
  const { result } = task;
  const href = urlOf(`/jobs/${encodeURIComponent(job)}/results/${encodeURIComponent(task.id)}`);
  if (typeof result === 'object' && result !== null && '$blob' in result) {
    const size = 'bytes' in result && typeof result.bytes === 'number' ? bytes(result.bytes) : '';
    return (
      <>
        <h3>Result</h3>
        <p>
          <a href={href} download={task.id}>
            Download {size}
          </a>
        </p>
      </>
    );
  }
  const text = JSON.stringify(result ?? null, undefined, 2);
  return (
    <>
      <h3>Result</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre class="log" tabIndex={0}>
        {text.length > MOST_RESULT_LETTERS ? `${text.slice(0, MOST_RESULT_LETTERS)}…` : text}
      </pre>
      {text.length > MOST_RESULT_LETTERS && <a href={href}>All of it</a>}
    </>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The tasks of a group, those to look at first. */
export function GroupPanel(props: { title: string; tasks: readonly TaskView[]; onChoose: (task: string) => void }) {
  const { title, tasks, onChoose } = props;
  const order: readonly TaskView['state'][] = [
    'set-aside',
    'failed',
    'running',
    'ready',
    'waiting',
    'succeeded',
    'cancelled',
  ];
  const sorted = tasks.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return (
    <section aria-label={`Group ${title}`}>
      <h2>{title}</h2>
      <Table
        caption={`Tasks of ${title}`}
        columns={[{ title: 'Task' }, { title: 'State' }, { title: 'Node' }, { title: 'Took', number: true }]}
        rows={sorted.slice(0, MOST_LISTED).map(({ id, state, attempts, startedAt, finishedAt }) => ({
          key: id,
          cells: [
            <button key="name" type="button" class="link" onClick={() => onChoose(id)}>
              {id}
            </button>,
            <JobMark key="state" state={state} />,
            attempts.at(-1)?.node.name ?? '',
            between(startedAt, finishedAt),
          ],
        }))}
      />
      {tasks.length > MOST_LISTED && <p class="muted">and {count(tasks.length - MOST_LISTED, 'more', 'more')}</p>}
    </section>
  );
}
