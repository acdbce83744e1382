// On the overview: incidents as stories, those that are not over first, with the question where people are asked.

import { useState } from 'preact/hooks';
import type { IncidentDetailView, IncidentView } from '../../../daemon/view/incident-schema.ts';
import { incidents } from '../live/live.ts';
import { useResource } from '../live/resource.ts';
import { Incident } from './incident.tsx';
import { Question } from './question.tsx';

/** Of those that are over, so many; all are in the view Healing. */
const ROWS = 3;

export function Incidents() {
  const list = (incidents.value ?? []).filter(({ state }) => state !== 'explained');
  if (list.length === 0) return null;
  const open = list.filter(({ closedAt }) => closedAt === undefined);
  const over = list.filter(({ closedAt }) => closedAt !== undefined);
  return (
    <section>
      <div class="heading">
        <h2>{open.length === 0 ? 'What was repaired' : 'What is wrong, and what is done about it'}</h2>
        <a href="#/healing">Healing</a>
      </div>
      <ol class="stories">
        {[...open, ...over.slice(0, ROWS)].map((incident) => (
          <Incident key={incident.id} incident={incident} open={incident.state === 'asked'}>
            {incident.question !== undefined && <Asked key={incident.question} incident={incident} />}
          </Incident>
        ))}
      </ol>
    </section>
  );
}

/** The question stands with its incident, which tells only that there is one. */
function Asked({ incident }: { incident: IncidentView }) {
  const [resource] = useResource<IncidentDetailView>(`/incidents/${encodeURIComponent(incident.id)}`);
  const [isTaken, setTaken] = useState(false);
  const question = resource.kind === 'ready' ? resource.value.question : undefined;
  return (
    <>
      {question !== undefined && <Question question={question} onAnswered={() => setTaken(true)} />}
      <span role="status">{isTaken && 'Your answer was taken.'}</span>
    </>
  );
}
