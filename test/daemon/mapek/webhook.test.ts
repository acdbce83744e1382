// Questions that are posted, to a real server on this host; the address changes while the daemon runs.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { QuestionView } from '../../../agents/mapek/questions.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import type { MapekConfig } from '../../../daemon/mapek/config.ts';
import { Webhook } from '../../../daemon/mapek/webhook.ts';

async function receiver(): Promise<{ url: string; posted: string[] }> {
  const posted: string[] = [];
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { event, question } = JSON.parse(body) as { event: string; question: QuestionView };
      posted.push(`${event} ${question.id}`);
      answer.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, posted };
}

const question = (id: string): QuestionView => ({
  ...{ id, incident: 'i', key: 'camera-moved@camera/c', reason: 'it was moved', offers: [] },
  ...{ askedAt: 0, expiresAt: 1e15 },
});

describe('The webhook', () => {
  it('goes by what is in force: nothing without an address, then to the new one, and after quiet hours', async () => {
    const [first, second] = [await receiver(), await receiver()];
    const clock = new VirtualClock();
    const config: Pick<MapekConfig, 'webhook' | 'quietHours'> = {};
    const node = { id: 'n1', name: 'north' };
    const webhook = new Webhook({ config, node, clock, incident: () => undefined, logger: silentLogger });
    const ask = (id: string): void => {
      webhook.tell('question', question(id));
      clock.advance(1);
    };
    ask('a');
    config.webhook = first.url;
    ask('b');
    await expect.poll(() => first.posted).toEqual(['question b']);
    config.webhook = second.url;
    ask('c');
    await expect.poll(() => second.posted).toEqual(['question c']);

    const time = (ahead: number): string => {
      const at = new Date(clock.wall() + ahead);
      return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
    };
    config.quietHours = { from: time(-60_000), until: time(600_000) };
    ask('d');
    delete config.quietHours;
    ask('e');
    await expect.poll(() => second.posted).toEqual(['question c', 'question e']);
    clock.advance(600_000);
    await expect.poll(() => second.posted).toEqual(['question c', 'question e', 'question d']);
    webhook.stop();
    expect(first.posted).toEqual(['question b']);
  });
});
