// Something fetched once when a part of the page appears, with its failure as a sentence.

import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError, get } from './api.ts';

export type Resource<T> = { kind: 'loading' } | { kind: 'ready'; value: T } | { kind: 'failed'; cause: string };

/** Fetches `path` when the component appears, when `stamp` (of what makes it outdated) moves, and whenever `again` is called. */
export function useResource<T>(path: string, stamp?: unknown): [Resource<T>, again: () => void] {
  const [resource, set] = useState<Resource<T>>({ kind: 'loading' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    get<T>(path, abort.signal).then(
      (value) => set({ kind: 'ready', value }),
      (error: unknown) => {
        if (!abort.signal.aborted)
          set({ kind: 'failed', cause: error instanceof ApiError ? error.message : String(error) });
      },
    );
    return () => abort.abort();
  }, [path, stamp, round]);
  return [resource, useCallback(() => setRound((n) => n + 1), [])];
}
