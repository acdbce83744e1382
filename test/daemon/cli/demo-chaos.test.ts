// What the demo prints of the faults that it injects.

import { expect, it } from 'vitest';
import { chaosUntil } from '../../../daemon/cli/demo-chaos.ts';

const SELF = `12D3KooW${'A'.repeat(44)}`;
const PEER = `12D3KooW${'B'.repeat(44)}`;

it.each([
  ['peer-silent', SELF, 'chaos: north: peer-silent at north for 1 s'],
  ['link-down', PEER, 'chaos: north: link-down at south for 1 s'],
  ['camera-lost', 'north-cam', 'chaos: north: camera-lost at north-cam for 1 s'],
])('The demo tells where it injects %s by the names of nodes', async (name, target, told) => {
  const answers: Record<string, unknown> = {
    chaos: { faults: [{ name, lastsSeconds: 1, targets: [target] }] },
    node: { id: SELF, name: 'north' },
    peers: [{ id: PEER, name: 'south' }],
  };
  const node = {
    name: 'north',
    get: async <T>(path: string): Promise<T> => answers[path] as T,
    post: async <T>(): Promise<T> => ({ name, target, startedAt: 0, endsAt: 1_000 }) as T,
  };
  const ended = new AbortController();
  const line = await new Promise<string>((write) => void chaosUntil(ended.signal, [node], 0.01, write));
  ended.abort();
  expect(line).toBe(told);
});
