// The node's server-sent events, with a connection that comes back by itself: closed and opened anew with back-off,
// at once when the device is online again, and after a silence that a living node would not keep.

import { reconnectDelay } from './merge.ts';
import { CHANGE_TOPICS, type ChangeTopic } from './topics.ts';

/** A node sends hardware every few seconds; three missed quarters of a minute mean a dead connection. */
const SILENCE_MS = 45_000;

export interface StreamEvents {
  /** Open, for the first time or again: fetch what was missed. */
  opened(): void;
  changed(topic: ChangeTopic, value: unknown): void;
  lost(): void;
}

/** Follows `url` until the returned function is called. */
export function follow(url: string, events: StreamEvents): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;

  const connect = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(url);
    source.onopen = () => {
      attempt = 0;
      heard();
      events.opened();
    };
    source.onerror = drop;
    for (const topic of CHANGE_TOPICS) {
      source.addEventListener(topic, (message: MessageEvent<string>) => {
        heard();
        const value = parse(message.data);
        if (value !== undefined) events.changed(topic, value);
      });
    }
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(drop, SILENCE_MS);
  };
  const drop = () => {
    clearTimeout(silence);
    clearTimeout(retry);
    source?.close();
    events.lost();
    retry = setTimeout(connect, reconnectDelay(attempt, Math.random()));
    attempt += 1;
  };
  const wake = () => {
    if (source?.readyState === EventSource.CLOSED && document.visibilityState === 'visible') connect();
  };

  connect();
  window.addEventListener('online', wake);
  document.addEventListener('visibilitychange', wake);
  return () => {
    window.removeEventListener('online', wake);
    document.removeEventListener('visibilitychange', wake);
    clearTimeout(retry);
    clearTimeout(silence);
    source?.close();
  };
}

/** A message that is not JSON says nothing; the next snapshot will. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
