import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { bearer, type Started, startServer } from './harness.ts';

interface Message {
  event?: string;
  id?: string;
  data: unknown;
}

/** A listener that keeps everything it was sent. */
class Listener {
  readonly messages: Message[] = [];
  text = '';
  ended = false;
  readonly request: ClientRequest;

  constructor(started: Started, query = '', headers: Record<string, string> = {}) {
    this.request = get({
      host: '127.0.0.1',
      port: started.port,
      path: `/api/v3/stream${query}`,
      headers,
      agent: false,
    });
    this.request.on('error', () => {
      this.ended = true;
    });
    this.request.on('response', (response) => this.#read(response));
    onTestFinished(() => void this.request.destroy());
  }

  of(event: string): Message[] {
    return this.messages.filter((message) => message.event === event);
  }

  /** Waits for the first `count` messages of a topic. */
  async wait(event: string, count = 1): Promise<Message[]> {
    await expect.poll(() => this.of(event).length, { timeout: 5000 }).toBeGreaterThanOrEqual(count);
    return this.of(event);
  }

  #read(response: IncomingMessage): void {
    expect(response.headers['content-type']).toBe('text/event-stream');
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
      rest += chunk;
      const parts = rest.split('\n\n');
      rest = parts.pop()!;
      for (const part of parts) this.#take(part);
    });
    response.on('end', () => {
      this.ended = true;
    });
  }

  #take(part: string): void {
    const fields = new Map(
      part.split('\n').map((line) => [line.split(': ', 1)[0]!, line.slice(line.indexOf(': ') + 2)]),
    );
    const data = fields.get('data');
    if (data === undefined) return;
    const [event, id] = [fields.get('event'), fields.get('id')];
    this.messages.push({
      data: JSON.parse(data),
      ...(event === undefined ? {} : { event }),
      ...(id === undefined ? {} : { id }),
    });
  }
}

const note = (message: string) => ({ severity: 'info', kind: 'test.note', subject: 'node', message }) as const;

describe('the stream', () => {
  it('begins with the present state of every topic and goes on with changes', async () => {
    const started = await startServer();
    const listener = new Listener(started);
    await listener.wait('cameras');
    const topics = [
      'node',
      'hardware',
      'peers',
      'links',
      'routes',
      'routeLog',
      'topology',
      'agents',
      'cameras',
      'swarm',
      'policy',
      'federation',
      'incidents',
      'anomalies',
      'observation',
      'job',
    ];
    expect([...new Set(listener.messages.map(({ event }) => event))]).toEqual(topics);
    expect(listener.of('store')).toEqual([]);
    const before = listener.of('hardware').length;
    started.node.advance();
    const [, second] = await listener.wait('hardware', before + 1);
    expect(second!.data).toEqual(started.node.hardware());
  });

  it('sends only the topics asked for, and knows them', async () => {
    const started = await startServer();
    const listener = new Listener(started, '?topics=links,%20event');
    await listener.wait('links');
    started.node.advance();
    await listener.wait('links', 2);
    expect(new Set(listener.messages.map(({ event }) => event))).toEqual(new Set(['links']));
    const wrong = await started.call('/api/v3/stream?topics=links,rumours');
    expect(wrong.json()).toMatchObject({ status: 400, code: 'HTTP_INVALID' });
  });

  it('numbers journal events and resumes after the last one that the client has', async () => {
    const started = await startServer();
    const first = new Listener(started, '?topics=event,node');
    await first.wait('node');
    expect(first.of('event')).toEqual([]);
    started.node.record(note('one'));
    const [one] = await first.wait('event');
    expect(one).toMatchObject({ id: String((one!.data as { id: number }).id), data: { message: 'one' } });
    first.request.destroy();
    await expect.poll(() => started.node.followers).toBe(0);

    started.node.record(note('two'));
    started.node.record(note('three'));
    const second = new Listener(started, '?topics=event', { 'last-event-id': one!.id! });
    await second.wait('event', 2);
    started.node.record(note('four'));
    const events = await second.wait('event', 3);
    expect(events.map(({ data }) => (data as { message: string }).message)).toEqual(['two', 'three', 'four']);

    const third = new Listener(started, `?topics=event&after=${one!.id}`);
    expect(await third.wait('event', 3)).toHaveLength(3);
  });

  it('never repeats or misses an event, in whatever order it is told and stored', async () => {
    const started = await startServer();
    const listener = new Listener(started, '?topics=event,node');
    await listener.wait('node');
    for (let i = 0; i < 50; i++) started.node.record(note(String(i)));
    started.node.tell({ topic: 'event', value: started.node.events({ limit: 1 })[0] });
    started.node.tell({ topic: 'event', value: { nonsense: true } });
    started.node.record(note('end'));
    await expect.poll(() => listener.of('event').at(-1)?.data).toMatchObject({ message: 'end' });
    const ids = listener.of('event').map(({ id }) => Number(id));
    expect(ids).toEqual(Array.from({ length: 51 }, (_, i) => ids[0]! + i));
  });

  it('beats while nothing changes', async () => {
    const clock = new VirtualClock();
    const started = await startServer({ clock });
    const listener = new Listener(started, '?topics=node');
    await listener.wait('node');
    clock.advance(15_000);
    await expect.poll(() => listener.text).toContain(': alive\n\n');
  });

  it('ends with the token it was opened with', async () => {
    const started = await startServer();
    const text = await started.token('read');
    await started.token('read');
    const listener = new Listener(started, '?topics=node', bearer(text));
    await listener.wait('node');
    await started.tokens.revoke(started.tokens.list()[0]!.id);
    await expect.poll(() => listener.ended).toBe(true);
  });

  it('ends for who had none, once a token exists', async () => {
    const started = await startServer();
    const listener = new Listener(started, '?topics=node');
    await listener.wait('node');
    await started.token('read');
    await expect.poll(() => listener.ended).toBe(true);
  });

  it('ends, and goes on for others, when the node cannot be read', async () => {
    const started = await startServer();
    const [peers, links] = [new Listener(started, '?topics=links,event'), new Listener(started, '?topics=links')];
    await Promise.all([peers.wait('links'), links.wait('links')]);
    started.node.record(note('one'));
    await peers.wait('event');
    const events = started.node.events.bind(started.node);
    Object.defineProperty(started.node, 'events', {
      value: () => {
        throw new Error('the store is being restored');
      },
      configurable: true,
    });
    const [last] = events({ limit: 1 });
    started.node.tell({ topic: 'event', value: { ...last, id: last!.id + 5 } });
    await expect.poll(() => peers.ended).toBe(true);
    started.node.tell({ topic: 'links', value: [] });
    await links.wait('links', 2);
    expect((await started.call('/api/v3/stream?topics=event')).status).toBe(500);
  });

  it('follows the node only while somebody listens, and turns away the sixty-fifth', async () => {
    const started = await startServer();
    expect(started.node.followers).toBe(0);
    const listeners = Array.from({ length: 64 }, () => new Listener(started, '?topics=node'));
    await Promise.all(listeners.map((listener) => listener.wait('node')));
    expect(started.node.followers).toBe(1);
    const refused = await started.call('/api/v3/stream');
    expect(refused.json()).toMatchObject({ status: 503, code: 'HTTP_STREAM_FULL' });
    for (const { request } of listeners) request.destroy();
    await expect.poll(() => started.node.followers).toBe(0);
  });

  it('queues nothing for a slow listener, which gets the present state when it reads again', async () => {
    const started = await startServer();
    const socket = connect(started.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write('GET /api/v3/stream?topics=peers,event HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    const filler = 'x'.repeat(500_000);
    for (let i = 0; i < 200; i++) {
      started.node.tell({ topic: 'peers', value: { i, filler } });
      // Lets the socket take what it can, as time between changes would.
      await new Promise(setImmediate);
    }
    for (let i = 0; i < 20; i++) started.node.record(note(`missed ${i}`));
    let received = 0;
    let tail = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk.length;
      tail = (tail + chunk).slice(-50_000);
    });
    await expect.poll(() => tail, { timeout: 10_000 }).toContain('missed 19');
    expect(tail).toContain('"name":"bravo"');
    expect(tail).toContain('missed 0');
    expect(received).toBeLessThan(200 * filler.length * 0.3);
  });
});
