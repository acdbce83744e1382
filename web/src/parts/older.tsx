// The button under a list that fetches what is older, until there is no more.

import { useState } from 'preact/hooks';
import { ApiError } from '../live/api.ts';

interface OlderProps {
  /** What is listed: "events". */
  what: string;
  /** Resolves with false when nothing older was found. */
  load: () => Promise<boolean>;
}

export function Older({ what, load }: OlderProps) {
  const [state, setState] = useState<'idle' | 'busy' | 'end'>('idle');
  const [problem, setProblem] = useState<string>();
  const more = async () => {
    setState('busy');
    setProblem(undefined);
    try {
      setState((await load()) ? 'idle' : 'end');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState('idle');
      setProblem(error.message);
    }
  };
  return (
    <p class="older" role="status">
      {state === 'end' ? (
        <span class="muted">That is all that the node remembers.</span>
      ) : (
        <button
          type="button"
          class="quiet"
          aria-disabled={state === 'busy'}
          onClick={() => state === 'idle' && void more()}
        >
          {state === 'busy' ? 'Loading…' : `Older ${what}`}
        </button>
      )}
      {problem}
    </p>
  );
}
