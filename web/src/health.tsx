// The page's first line: a sentence. Below it, on the overview, what is wrong and since when.

import { node } from './live/live.ts';
import { readable } from './live/names.ts';
import { Mark } from './parts/mark.tsx';
import { Time } from './parts/time.tsx';
import { TONES } from './parts/tone.ts';
import { view } from './router.ts';

export function Health() {
  const health = node.value?.health;
  const onOverview = view.value === 'overview';
  return (
    <div class={`health${onOverview ? ' health-large' : ''}`}>
      <p class="sentence" role="status" aria-live="polite">
        {health !== undefined && (
          <>
            <Mark tone={TONES[health.state]} />
            {health.sentence}
          </>
        )}
      </p>
      {onOverview && health !== undefined && health.problems.length > 0 && (
        <ul class="problems" aria-label="Problems">
          {health.problems.map(({ subject, cause, since }) => (
            <li key={subject}>
              <strong>{readable(subject)}</strong> {cause}{' '}
              <span class="muted">
                since <Time at={since} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
