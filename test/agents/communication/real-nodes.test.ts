// Letters between two real nodes: real mesh on loopback, real relay, system time.

import { afterEach, expect, it, vi } from 'vitest';
import { Agent } from '../../../agents/agent.ts';
import { Communication } from '../../../agents/communication/communication.ts';
import type { Letter } from '../../../agents/communication/letter.ts';
import { seededRandom } from '../../../core/random.ts';
import { MeshAgentNetwork } from '../../../daemon/agent-network.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { relayPolicy } from '../../../daemon/remote-nodes.ts';
import { realNode, started, stopAll } from '../../mesh/real-nodes.ts';
import { supervise } from '../scripted-agent.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await stopAll();
});

class Reader extends Agent {
  readonly #handle: (letter: Letter) => unknown;

  constructor(id: string, handle: (letter: Letter) => unknown) {
    super({ id, kind: 'reader', version: '1', capabilities: [] }, systemClock);
    this.#handle = handle;
  }

  protected async onStart(): Promise<void> {
    this.heartbeat(Number.POSITIVE_INFINITY);
  }

  protected override onLetter(letter: Letter): unknown {
    return this.#handle(letter);
  }
}

async function withAgents(name: string, readers: Record<string, (letter: Letter) => unknown>) {
  const node = realNode(name, { authorize: relayPolicy([]) });
  const network = new MeshAgentNetwork(node.mesh, systemClock);
  const { supervisor } = supervise({ clock: systemClock });
  const communication = new Communication({
    ...{ recipients: supervisor, network, clock: systemClock, random: seededRandom(1) },
    authorizer: { authorize: async () => {} },
  });
  await started(node);
  const { signal } = new AbortController();
  await supervisor.start(signal);
  for (const [id, handle] of Object.entries(readers)) {
    await supervisor.add({ id, create: () => new Reader(id, handle) });
  }
  await communication.start(signal);
  stops.push(async () => {
    await communication.stop();
    await supervisor.stop();
  });
  return { node, id: node.mesh.id, communication, post: communication.of('tester') };
}

it('agents of two real nodes write to each other, and are told of silence and of a node that went', {
  timeout: 120_000,
}, async () => {
  const read: unknown[] = [];
  const one = await withAgents('one', { listener: ({ body }) => void read.push(['one', body]) });
  const asked = Promise.withResolvers<void>();
  const two = await withAgents('two', {
    adder: ({ body }) => {
      if (!Array.isArray(body)) return void read.push(['two', body]);
      return body.reduce((sum: number, each: number) => sum + each, 0);
    },
    silent: ({ body }) => (body === 'hello?' ? new Promise(() => {}) : undefined),
    busy: ({ body }) => {
      if (body !== 'are you there?') return undefined;
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const { token } = await one.node.mesh.createInvite({ expiresIn: 60_000 });
  await two.node.mesh.joinNetwork(token);

  // Directly, with a reply and without. Until there is a way there, an agent of this node would be meant.
  await vi.waitFor(async () => expect(await one.post.request(`${two.id}/adder`, [1, 2, 3])).toBe(6), 60_000);
  await one.post.send(`${two.id}/adder`, 'by address');
  await vi.waitFor(() => expect(read).toEqual([['two', 'by address']]), 10_000);

  // To one of a kind, wherever it is: the kinds of the other node are known once it has told them.
  const network = { scope: 'network' } as const;
  await vi.waitFor(
    async () => expect(await two.post.broadcast('reader', 'hello', network)).toEqual({ delivered: 4, refused: 0 }),
    {
      timeout: 60_000,
      interval: 500,
    },
  );
  expect(read).toContainEqual(['one', 'hello']);
  read.length = 0;
  await one.post.sendToKind('reader', 'to one of you', network);
  expect(read).toEqual([['one', 'to one of you']]);
  // What the newcomer told before it joined is told again: each of two nodes has its turn.
  await vi.waitFor(
    async () => {
      read.length = 0;
      for (let turn = 0; turn < 4; turn++) {
        await one.post.sendToKind('reader', 'in turn', { ...network, pick: 'round-robin' });
      }
      expect(read.filter((each) => Array.isArray(each) && each[0] === 'one')).toHaveLength(2);
    },
    { timeout: 30_000, interval: 500 },
  );

  // No reply in time: the asker waits no longer than it said.
  const began = performance.now();
  await expect(one.post.request(`${two.id}/silent`, 'hello?', { deadline: 300 })).rejects.toMatchObject({
    code: expect.stringMatching(/^(LETTER_UNANSWERED|RELAY_UNANSWERED)$/),
  });
  expect(performance.now() - began).toBeGreaterThanOrEqual(299);

  // The node goes while it is asked.
  const lost = one.post.request(`${two.id}/busy`, 'are you there?', { deadline: 3_000 });
  const outcome = expect(lost).rejects.toMatchObject({ code: expect.stringMatching(/UNANSWERED$|^RELAY_/) });
  await asked.promise;
  await two.node.mesh.stop();
  await outcome;
  await vi.waitFor(
    () => expect(one.post.send(`${two.id}/adder`, 'gone')).rejects.toMatchObject({ code: 'RELAY_NO_ROUTE' }),
    30_000,
  );
  expect(await one.post.broadcast('reader', 'who is left?', network)).toEqual({ delivered: 1, refused: 0 });
  expect(one.communication.counters().refused).toMatchObject({ RELAY_NO_ROUTE: expect.any(Number) });
});
