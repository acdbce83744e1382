// Submits a job from the page: written or pasted, from a file, or one of the examples.

import { useState } from 'preact/hooks';
import type { JobView } from '../../../agents/swarm/job-view.ts';
import { may } from '../live/access.ts';
import { ApiError, postText } from '../live/api.ts';
import { EXAMPLES } from './examples.ts';

export function Submit() {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  if (!may('act'))
    return <p class="muted">This page may submit jobs when it is logged in with a token of scope act.</p>;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || text.trim() === '') return;
    setBusy(true);
    setProblem('');
    try {
      const job = await postText<JobView>('/jobs', text, 'application/yaml');
      location.hash = `#/jobs/${encodeURIComponent(job.id)}`;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="submit" onSubmit={(event) => void submit(event)}>
      <div class="filters">
        <label>
          Begin with
          <select
            onChange={(event) => {
              setText(EXAMPLES.find(({ title }) => title === event.currentTarget.value)?.text ?? text);
              setProblem('');
            }}
          >
            <option value="">an example…</option>
            {EXAMPLES.map(({ title }) => (
              <option key={title}>{title}</option>
            ))}
          </select>
        </label>
        <label class="grow">
          or a file
          <input
            type="file"
            accept=".yaml,.yml,.json"
            onChange={(event) => void event.currentTarget.files?.[0]?.text().then(setText)}
          />
        </label>
      </div>
      <label>
        Job, as YAML or JSON
        <textarea
          value={text}
          rows={10}
          spellcheck={false}
          placeholder={'name: My job\ntasks:\n  - id: first\n    kind: wait\n    input: { seconds: 1 }'}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div class="action-line">
        <button type="submit" class="primary" aria-disabled={busy || text.trim() === ''}>
          Submit job
        </button>
      </div>
      <pre class="cause faults" role="status">
        {problem}
      </pre>
    </form>
  );
}
