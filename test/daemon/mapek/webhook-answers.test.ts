// What a real HTTP server may answer to a posted question: that it is there, that it fails, nothing at all, or without end.

import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { QuestionView } from '../../../agents/mapek/questions.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { Webhook } from '../../../daemon/mapek/webhook.ts';

const question: QuestionView = {
  ...{ id: 'q', incident: 'i', key: 'camera-moved@camera/c', reason: 'Camera c was moved; nothing may be done' },
  ...{ offers: [{ action: 'camera.accept-view', inWords: 'take its view' }], askedAt: 0, expiresAt: 1e15 },
};

interface Posted {
  event: string;
  question: QuestionView;
  node: { name: string };
}

/** A webhook and its receiver, which answers by `answer`. `failed` resolves with the next failure that is logged. */
async function rig(answer: RequestListener, answerWithin?: number) {
  const posted: Posted[] = [];
  const happened = new EventEmitter();
  const server = createServer(async (request, response) => {
    expect([request.method, request.headers['content-type']]).toEqual(['POST', 'application/json']);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    posted.push(JSON.parse(Buffer.concat(parts).toString()) as Posted);
    happened.emit('posted');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = new VirtualClock();
  const logger = { ...silentLogger, warn: (data: object) => void happened.emit('failed', data) };
  const webhook = new Webhook({
    config: { webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` },
    node: { id: 'n1', name: 'north' },
    ...{ clock, logger, incident: () => undefined },
    ...(answerWithin !== undefined && { answerWithin }),
  });
  onTestFinished(() => {
    webhook.stop();
    server.closeAllConnections();
    server.close();
  });
  const failed = async (): Promise<{ error: string; again: boolean }> => (await once(happened, 'failed'))[0];
  const arrived = (): Promise<unknown> => once(happened, 'posted');
  const ask = (): void => {
    webhook.tell('question', question);
    clock.advance(1);
  };
  return { webhook, clock, posted, failed, arrived, ask, events: () => posted.map(({ event }) => event) };
}

describe('The webhook and its receiver', () => {
  it('posts the question once with its one-line reason, and its end', async () => {
    const { webhook, clock, posted, arrived, ask, events } = await rig((_, response) => void response.end());
    const first = arrived();
    ask();
    await first;
    expect(posted[0]).toEqual({ event: 'question', node: { id: 'n1', name: 'north' }, question });
    webhook.tell('question-closed', question);
    // The end waits for the answer to the question; virtual time must pass after it came.
    const eventsLater = (): string[] => {
      clock.advance(1);
      return events();
    };
    await expect.poll(eventsLater, { timeout: 10_000 }).toEqual(['question', 'question-closed']);
  });

  it('tries again after 5 s, a minute and ten, then gives up', async () => {
    const { clock, failed, ask, events } = await rig((_, response) => void response.writeHead(500).end());
    let failure = failed();
    ask();
    expect(await failure).toEqual({ error: 'it answers 500', again: true });
    for (const [wait, again] of [
      [5_000, true],
      [60_000, true],
      [600_000, false],
    ] as const) {
      const before = events().length;
      clock.advance(wait - 1);
      expect(events()).toHaveLength(before);
      failure = failed();
      clock.advance(1);
      expect(await failure).toEqual({ error: 'it answers 500', again });
    }
    clock.advance(3_600_000);
    expect(events()).toHaveLength(4);
  });

  it('gives up waiting for a server that never answers, and reaches it once it does', async () => {
    let isDumb = true;
    const { clock, failed, arrived, ask, events } = await rig((_, response) => {
      if (!isDumb) response.end();
    }, 1_000);
    const [first, failure] = [arrived(), failed()];
    ask();
    await first;
    expect((await failure).again).toBe(true);
    isDumb = false;
    const second = arrived();
    clock.advance(5_000);
    await second;
    expect(events()).toEqual(['question', 'question']);
  });

  it('does not read an answer without end', async () => {
    const ended = new EventEmitter();
    const { clock, ask, events } = await rig((_, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more).on('close', () => ended.emit('closed'));
      more();
    });
    const closed = once(ended, 'closed');
    ask();
    await closed;
    clock.advance(3_600_000);
    expect(events()).toEqual(['question']);
  });

  it('does not post a question again after its end', async () => {
    const { webhook, clock, failed, arrived, ask, events } = await rig((_, response) => {
      // Told of the end while the server still thinks about the question.
      if (events().length === 1) webhook.tell('question-closed', question);
      response.writeHead(events().length === 1 ? 503 : 200).end();
    });
    const failure = failed();
    ask();
    expect(await failure).toEqual({ error: 'it answers 503', again: false });
    const second = arrived();
    clock.advance(1);
    await second;
    clock.advance(3_600_000);
    expect(events()).toEqual(['question', 'question-closed']);
  });

  it('posts nothing after it was stopped', async () => {
    const { webhook, clock, arrived, ask, events } = await rig(() => {});
    const first = arrived();
    ask();
    await first;
    webhook.stop();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(3_600_000);
    expect(events()).toEqual(['question']);
  });
});
