// Incidents as stories: those that are not over first, each stepped through from what was seen to what was learned, and the
// question with its buttons where people are asked.

import './healing.css';
import { useState } from 'preact/hooks';
import type { IncidentDetailView, IncidentView } from '../../../daemon/view/incident-schema.ts';
import { capital } from '../format.ts';
import { may } from '../live/access.ts';
import { post, urlOf } from '../live/api.ts';
import { incidents } from '../live/live.ts';
import { readable } from '../live/names.ts';
import { useResource } from '../live/resource.ts';
import { useChanges } from '../parts/changes.tsx';
import { Mark } from '../parts/mark.tsx';
import { Time } from '../parts/time.tsx';
import { momentsOf, stateOf } from './story.ts';

/** Of those that are over, so many at first; the rest on request. */
const ROWS = 3;

export function Incidents() {
  const [rows, setRows] = useState(ROWS);
  const list = (incidents.value ?? []).filter(({ state }) => state !== 'explained');
  if (list.length === 0) return null;
  const open = list.filter(({ closedAt }) => closedAt === undefined);
  const over = list.filter(({ closedAt }) => closedAt !== undefined);
  return (
    <section>
      <div class="heading">
        <h2>{open.length === 0 ? 'What was repaired' : 'What is wrong, and what is done about it'}</h2>
      </div>
      <ol class="stories">
        {[...open, ...over.slice(0, rows)].map((incident) => (
          <Story key={incident.id} incident={incident} />
        ))}
      </ol>
      {rows < over.length && (
        <button type="button" class="quiet" onClick={() => setRows(rows + 20)}>
          Older ones
        </button>
      )}
    </section>
  );
}

function Story({ incident }: { incident: IncidentView }) {
  const { tone, words } = stateOf(incident);
  const [isShown, setShown] = useState(incident.state === 'asked');
  return (
    <li class="story">
      <details open={isShown} onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
        <summary>
          <Mark tone={tone} />
          <span class="story-cause">{incident.cause}</span>
          <span class="muted">
            <Time at={incident.beganAt} />, {words}
          </span>
        </summary>
        {isShown && (
          <div class="story-body">
            {incident.question !== undefined && <Question key={incident.question} incident={incident} />}
            <ol class="moments">
              {momentsOf(incident, readable).map(({ title, text, tone: of, at, why }, index) => (
                <li key={`${index} ${title}`}>
                  <Mark tone={of} />
                  <span class="moment-title">{title}</span>
                  <span>
                    {text}
                    {why !== undefined && <span class="muted"> Why: {why}.</span>}
                  </span>
                  <span class="muted">{at !== undefined && <Time at={at} seconds />}</span>
                </li>
              ))}
            </ol>
            <p>
              <a
                href={urlOf(`/incidents/${encodeURIComponent(incident.id)}/post-mortem`)}
                download={`${incident.id}.md`}
              >
                Save as a report
              </a>
            </p>
          </div>
        )}
      </details>
    </li>
  );
}

function Question({ incident }: { incident: IncidentView }) {
  const path = `/incidents/${encodeURIComponent(incident.id)}`;
  const [resource] = useResource<IncidentDetailView>(path);
  const [isTaken, setTaken] = useState(false);
  const { run, said } = useChanges();
  const question = resource.kind === 'ready' ? resource.value.question : undefined;
  if (question === undefined) return null;
  const answer = (body: Record<string, unknown>) => run(() => post(`${path}/answer`, body).then(() => setTaken(true)));
  return (
    <div class="question">
      <p>{question.reason}.</p>
      {may('act') && (
        <div class="buttons">
          {question.offers.map(({ action, inWords }) => (
            <button type="button" class="primary" key={action} onClick={() => answer({ kind: 'approve', action })}>
              {capital(inWords)}
            </button>
          ))}
          <button type="button" class="quiet" onClick={() => answer({ kind: 'refuse' })}>
            Leave it to me
          </button>
        </div>
      )}
      <span role="status">{isTaken && 'Your answer was taken.'}</span>
      {said}
    </div>
  );
}
