// What people are asked, in one line, with a button for each thing that they may approve.

import { useState } from 'preact/hooks';
import type { IncidentAnswer, QuestionView } from '../../../daemon/view/incident-schema.ts';
import { capital } from '../format.ts';
import { may } from '../live/access.ts';
import { post } from '../live/api.ts';
import { useChanges } from '../parts/changes.tsx';

interface QuestionProps {
  question: QuestionView;
  onAnswered: () => void;
}

export function Question({ question: { incident, reason, offers }, onAnswered }: QuestionProps) {
  const [isSending, setSending] = useState(false);
  const { run, said } = useChanges();
  const answer = (body: IncidentAnswer): void => {
    // An answer counts once: a second press would only be told that nobody is asked any more.
    if (isSending) return;
    setSending(true);
    run(() =>
      post(`/incidents/${encodeURIComponent(incident)}/answer`, body)
        .then(onAnswered)
        .finally(() => setSending(false)),
    );
  };
  return (
    <div class="question">
      <p>{reason}.</p>
      {may('act') ? (
        <div class="buttons">
          {offers.map(({ action, inWords }) => (
            <button
              type="button"
              class="primary"
              key={action}
              aria-disabled={isSending}
              onClick={() => answer({ kind: 'approve', action })}
            >
              {capital(inWords)}
            </button>
          ))}
          <button type="button" class="quiet" aria-disabled={isSending} onClick={() => answer({ kind: 'refuse' })}>
            Leave it to me
          </button>
        </div>
      ) : (
        <p class="muted">To answer takes a token with the scope act.</p>
      )}
      {said}
    </div>
  );
}
