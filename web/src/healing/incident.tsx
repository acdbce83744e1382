// One incident as a story that opens: each step from what was seen to what was learned, and its report to save.

import './healing.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { IncidentView } from '../../../daemon/view/incident-schema.ts';
import { urlOf } from '../live/api.ts';
import { readable } from '../live/names.ts';
import { Mark } from '../parts/mark.tsx';
import { Time } from '../parts/time.tsx';
import { momentsOf, stateOf } from './story.ts';

interface IncidentProps {
  incident: IncidentView;
  /** Open at first. */
  open?: boolean;
  /** The address names it: it opens and comes into view. */
  isWanted?: boolean;
  children?: ComponentChildren;
}

export function Incident({ incident, open = false, isWanted = false, children }: IncidentProps) {
  const { tone, words } = stateOf(incident);
  const [isShown, setShown] = useState(open || isWanted);
  const summary = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isWanted) return;
    setShown(true);
    summary.current?.focus();
  }, [isWanted]);
  return (
    <li class="story">
      <details open={isShown} onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
        <summary ref={summary}>
          <Mark tone={tone} />
          <span class="story-cause">{incident.cause}</span>
          <span class="muted">
            <Time at={incident.beganAt} />, {words}
          </span>
        </summary>
        {isShown && (
          <div class="story-body">
            {children}
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
