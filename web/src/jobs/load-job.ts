// One job with its tasks, kept up to date: fetched whole once, then only the tasks that changed, more rarely the larger
// the job is.

import { useEffect, useState } from 'preact/hooks';
import type { JobDetailView } from '../../../agents/swarm/job-view.ts';
import { ApiError, get } from '../live/api.ts';
import { jobs } from '../live/live.ts';
import { mergeTasks } from '../live/merge.ts';
import type { Resource } from '../live/resource.ts';

/** A look each second, and for ten thousand tasks every five. */
const LEAST_PAUSE_MS = 1_000;
const PAUSE_A_TASK_MS = 0.5;
/** Clocks within a node do not run apart, but answers take a moment. */
const OVERLAP_MS = 2_000;

export function useJob(id: string): Resource<JobDetailView> {
  const [resource, set] = useState<Resource<JobDetailView>>({ kind: 'loading' });
  /** Moves when the job ends, is cancelled or goes on. */
  const state = jobs.value?.find((job) => job.id === id)?.state;
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let known: JobDetailView | undefined;
    const look = async (): Promise<void> => {
      try {
        const path = `/jobs/${encodeURIComponent(id)}`;
        const answer = await get<JobDetailView>(
          known === undefined ? path : `${path}?since=${momentOf(known) - OVERLAP_MS}`,
          abort.signal,
        );
        known = mergeTasks(known, answer);
        set({ kind: 'ready', value: known });
      } catch (error) {
        if (abort.signal.aborted) return;
        const cause = error instanceof ApiError ? error.message : String(error);
        if (known === undefined) set({ kind: 'failed', cause });
      }
      if (known !== undefined && known.state !== 'running') return;
      const pause = Math.max(LEAST_PAUSE_MS, (known?.tasks.length ?? 0) * PAUSE_A_TASK_MS);
      timer = setTimeout(() => (document.visibilityState === 'visible' ? void look() : void wait()), pause);
    };
    const wait = (): void => {
      timer = setTimeout(() => (document.visibilityState === 'visible' ? void look() : wait()), LEAST_PAUSE_MS);
    };
    void look();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [id, state]);
  return resource;
}

/** The node's time at which the job was read, milliseconds since 1970. */
function momentOf({ submittedAt, figures }: JobDetailView): number {
  return Math.floor(submittedAt + figures.seconds * 1000);
}
