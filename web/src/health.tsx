// The page's first line: a sentence. Below it, on the overview, what is wrong and since when.

import { node } from './live/live.ts';
import { readable } from './live/names.ts';
import { Mark } from './parts/mark.tsx';
import { Time } from './parts/time.tsx';
import { TONES } from './parts/tone.ts';
import { view } from './router.ts';

/** From this many characters on, the sentence is set smaller. */
const LONG_SENTENCE = 100;

export function Health() {
  const health = node.value?.health;
  const onOverview = view.value === 'overview';
  const long = health !== undefined && health.sentence.length > LONG_SENTENCE;
  // A problem that the sentence already tells in full is not said twice.
  const problems = (health?.problems ?? []).filter(({ cause }) => cause !== health?.sentence);
  return (
    <div class={`health${onOverview ? ' health-large' : ''}`}>
      <p class={`sentence${long ? ' sentence-long' : ''}`} role="status" aria-live="polite">
        {health !== undefined && (
          <>
            <Mark tone={TONES[health.state]} />
            <span>{health.sentence}</span>
          </>
        )}
      </p>
      {onOverview && problems.length > 0 && (
        <ul class="problems" aria-label="Problems">
          {problems.map(({ subject, cause, since }) => (
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
