// Events as lines, newest first; each can be asked why, and answers with the data that was journalled with it.

import type { EventView } from '../../../daemon/view/schema.ts';
import { readable } from '../live/names.ts';
import { Mark } from './mark.tsx';
import { Time } from './time.tsx';
import { SEVERITY_TONES } from './tone.ts';

export function EventList({ events, label }: { events: readonly EventView[]; label: string }) {
  return (
    <ol class="events" aria-label={label}>
      {events.map((event) => (
        <EventLine key={event.id} event={event} />
      ))}
    </ol>
  );
}

function EventLine({ event }: { event: EventView }) {
  const why = Object.entries(event.data ?? {});
  return (
    <li class={`event severity-${event.severity}`}>
      <span class="event-time">
        <Time at={event.at} seconds />
      </span>
      <span class="event-mark">
        <Mark tone={SEVERITY_TONES[event.severity]} />
        <span class="unseen">{event.severity}</span>
      </span>
      <div class="event-text">
        <p>{event.message}</p>
        {why.length > 0 && (
          <details>
            <summary>{event.severity === 'info' ? 'Details' : 'Why'}</summary>
            <dl class="why">
              {why.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
      <span class="event-kind">
        {event.kind} <span class="event-subject">{readable(event.subject)}</span>
      </span>
    </li>
  );
}
