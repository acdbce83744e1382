// Calm word of a lost connection: what is shown stays, and is told to be of the past.

import { time } from './format.ts';
import { loginNeeded } from './live/api.ts';
import { connection, node } from './live/live.ts';
import { now } from './live/now.ts';

export function Banner() {
  const state = connection.value;
  const lost = state.kind === 'lost' && node.value !== undefined && !loginNeeded.value;
  return (
    <div role="status" class="banner-place">
      {lost && (
        <p class="banner">
          Connection lost{state.heardAt !== undefined && <>, showing the state of {time(state.heardAt, now.value)}</>}.
          Reconnecting by itself.
        </p>
      )}
    </div>
  );
}
