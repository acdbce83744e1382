// Follows one job to its end: by the daemon's stream, with a look of its own now and then, over restarts of the daemon.

import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView } from '../../../agents/swarm/job-view.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import { type ApiClient, NO_DAEMON } from '../client.ts';
import { serverSentEvents } from '../server-sent-events.ts';
import type { Terminal } from '../terminal.ts';

/** A job that the stream does not tell of (its home is another node) is looked at so often. */
const LOOK_EVERY_MS = 3_000;
const RETRY_MS = 1_000;

/** What following needs of the command line. */
export interface Watching {
  terminal: Terminal;
  /** Ends the watching, not the job. */
  signal: AbortSignal;
}

/** Calls `onChange` with each state; resolves to the last, or to undefined when the command is to end before. */
export async function followJob(
  cli: Watching,
  client: ApiClient,
  id: string,
  onChange: (job: JobView) => void,
): Promise<JobView | undefined> {
  let isAway = false;
  while (!cli.signal.aborted) {
    try {
      const job = await headOf(client, id);
      isAway = false;
      onChange(job);
      if (job.state !== 'running') return job;
      const ended = await listen(cli, client, id, onChange);
      if (ended !== undefined) return ended;
    } catch (error) {
      if (cli.signal.aborted) return undefined;
      if (!isPassing(error)) throw error;
      if (!isAway) cli.terminal.note(`${messageOf(error)}; trying again until it is back …`);
      isAway = true;
      await sleep(RETRY_MS, undefined, { signal: cli.signal }).catch(() => {});
    }
  }
  return undefined;
}

/** The job without its tasks. */
export function headOf(client: ApiClient, id: string): Promise<JobView> {
  return client.get<JobView>(`jobs/${encodeURIComponent(id)}`, { since: Number.MAX_SAFE_INTEGER });
}

/** Until the job ends, the stream does, or it is time for a look. */
async function listen(
  cli: Watching,
  client: ApiClient,
  id: string,
  onChange: (job: JobView) => void,
): Promise<JobView | undefined> {
  const looking = new AbortController();
  const timer = setTimeout(() => looking.abort(), LOOK_EVERY_MS);
  const signal = AbortSignal.any([cli.signal, looking.signal]);
  try {
    const response = await client.open('stream', { topics: 'job' }, signal);
    for await (const { data } of serverSentEvents(response)) {
      const job = JSON.parse(data) as JobView;
      if (job.id !== id) continue;
      onChange(job);
      if (job.state !== 'running') {
        response.destroy();
        return job;
      }
    }
  } catch (error) {
    if (!looking.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    looking.abort();
  }
  return undefined;
}

/** Whether it may be over in a while: the daemon restarts, or took too long. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ParlmeshError)) return true;
  const { code } = error;
  return code === NO_DAEMON || code === 'CLI_CONNECTION_LOST' || code === 'CLI_TIMEOUT' || code.startsWith('HTTP_');
}
