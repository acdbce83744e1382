// Asks a web address and compares the answer with what is expected of it.

import { messageOf } from '../../core/errors.ts';
import type { HttpCheckConfig } from './check-config.ts';
import type { Probe } from './checker.ts';

const MOST_BYTES = 1_000_000;

export function httpProbe({ url, expectStatus, expectText }: HttpCheckConfig): Probe {
  return async (signal) => {
    const response = await fetch(url, { signal, headers: { 'user-agent': 'parlmesh' } }).catch((error: unknown) => {
      // fetch hides what happened in the cause of its error.
      throw error instanceof TypeError && error.cause !== undefined ? new Error(messageOf(error.cause)) : error;
    });
    const right = expectStatus.length === 0 ? response.ok : expectStatus.includes(response.status);
    if (!right || expectText === undefined) {
      await response.body?.cancel();
      if (!right) throw new Error(`it answers with status ${response.status}`);
      return;
    }
    if (!(await textOf(response)).includes(expectText)) throw new Error(`"${expectText}" is not in its answer`);
  };
}

async function textOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the rest.
    if (bytes >= MOST_BYTES) break;
  }
  return text;
}
