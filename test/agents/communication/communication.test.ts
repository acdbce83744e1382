import { afterEach, describe, expect, it } from 'vitest';
import { Agent } from '../../../agents/agent.ts';
import type { Authorizer, ProposedAction } from '../../../agents/authorizer.ts';
import { Communication } from '../../../agents/communication/communication.ts';
import type { Correspondence } from '../../../agents/communication/correspondence.ts';
import { encode, type Letter, MOST_HOPS } from '../../../agents/communication/letter.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { seededRandom } from '../../../core/random.ts';
import { Exchange, type MemoryNetwork } from '../exchange.ts';
import { settle, supervise } from '../scripted-agent.ts';

type Handler = (letter: Letter, post: Correspondence) => unknown;

class Reader extends Agent {
  readonly #handle: (letter: Letter) => unknown;

  constructor(id: string, kind: string, handle: (letter: Letter) => unknown, clock: VirtualClock) {
    super({ id, kind, version: '1', capabilities: [] }, clock);
    this.#handle = handle;
  }

  protected async onStart(): Promise<void> {
    this.heartbeat(Number.POSITIVE_INFINITY);
  }

  protected override onLetter(letter: Letter): unknown {
    return this.#handle(letter);
  }
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const ALLOW: Authorizer = { authorize: async () => {} };

async function node(network: MemoryNetwork, clock: VirtualClock, authorizer = ALLOW) {
  const { supervisor, kinds, stateOf, spec } = supervise({ clock });
  const parts = { recipients: supervisor, network, authorizer, clock, random: seededRandom(1) };
  const communication = new Communication(parts);
  await supervisor.start(new AbortController().signal);
  await communication.start(new AbortController().signal);
  stops.push(async () => {
    await communication.stop();
    await supervisor.stop();
  });
  const reader = async (id: string, handle: Handler, kind = 'reader'): Promise<void> => {
    const post = communication.of(id);
    await supervisor.add({ id, create: () => new Reader(id, kind, (letter) => handle(letter, post), clock) });
  };
  return { supervisor, communication, reader, kinds, stateOf, spec, post: communication.of('tester') };
}

async function alone() {
  const clock = new VirtualClock();
  const exchange = new Exchange({ clock, random: seededRandom(1) });
  return { clock, ...(await node(exchange.join('one'), clock)) };
}

async function pair(authorizer = ALLOW) {
  const clock = new VirtualClock();
  const exchange = new Exchange({ clock, random: seededRandom(1) });
  const one = await node(exchange.join('one'), clock, authorizer);
  const two = await node(exchange.join('two'), clock);
  const pass = async (ms = 10): Promise<void> => {
    for (let at = 0; at < ms; at++) {
      clock.advance(1);
      await settle();
    }
  };
  return { clock, exchange, one, two, pass };
}

const refused = (code: string) => expect.objectContaining({ code });

describe('agents of one node', () => {
  it('send letters, ask and reply', async () => {
    const { reader, post } = await alone();
    const read: Letter[] = [];
    await reader('adder', (letter) => {
      read.push(letter);
      return (letter.body as number[]).reduce((sum, each) => sum + each, 0);
    });
    await post.send('adder', [1]);
    expect(await post.request('one/adder', [1, 2, 3])).toBe(6);
    expect(read).toMatchObject([
      { from: 'one/tester', body: [1], wantsReply: false, hops: 0 },
      { from: 'one/tester', body: [1, 2, 3], wantsReply: true, hops: 0 },
    ]);
  });

  it('read a copy of their own', async () => {
    const { reader, post } = await alone();
    const body = { list: [1] };
    await reader('spoiler', (letter) => (letter.body as typeof body).list.push(2));
    await post.request('spoiler', body);
    expect(body).toEqual({ list: [1] });
  });

  it('are told why a letter was refused', async () => {
    const { reader, post, supervisor, spec, communication } = await alone();
    await expect(post.send('nobody', 1)).rejects.toEqual(refused('AGENT_UNKNOWN'));
    await supervisor.add(spec('deaf', {}));
    await expect(post.send('deaf', 1)).rejects.toEqual(refused('AGENT_DEAF'));
    await reader('sensitive', () => {
      throw new ParlmeshError('NOT_TODAY', 'closed');
    });
    await expect(post.request('sensitive', 1)).rejects.toEqual(refused('NOT_TODAY'));
    await expect(post.send('sensitive', 'x'.repeat(70_000))).rejects.toEqual(refused('LETTER_TOO_LARGE'));
    expect(communication.counters().refused).toEqual({
      AGENT_UNKNOWN: 1,
      AGENT_DEAF: 1,
      NOT_TODAY: 1,
      LETTER_TOO_LARGE: 1,
    });
  });

  it('cannot fill a mailbox beyond its bound, and the sender is told', async () => {
    const { reader, post } = await alone();
    await reader('busy', () => new Promise(() => {}));
    for (let sent = 0; sent < 65; sent++) await post.send('busy', sent);
    await expect(post.send('busy', 'one too many')).rejects.toEqual(refused('AGENT_MAILBOX_FULL'));
  });

  it('hear at once that the agent they asked has died, whether it read the letter or not', async () => {
    const { reader, post, stateOf } = await alone();
    const crash = Promise.withResolvers<void>();
    await reader('frail', () => crash.promise);
    const asked = [post.request('frail', 1), post.request('frail', 2)];
    const outcomes = Promise.allSettled(asked);
    await settle();
    crash.reject(new Error('boom'));
    expect(await outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'AGENT_GONE', message: expect.stringContaining('boom') } },
      { status: 'rejected', reason: { code: 'AGENT_GONE' } },
    ]);
    await settle();
    expect(stateOf('frail')).toBe('ready');
  });

  it('wait for a reply until the deadline only', async () => {
    const { reader, post, clock } = await alone();
    await reader('silent', () => new Promise(() => {}));
    const asked = expect(post.request('silent', 1, { deadline: 200 })).rejects.toEqual(refused('LETTER_UNANSWERED'));
    await settle();
    clock.advance(201);
    await asked;
  });

  it('are not bothered with letters whose time is over', async () => {
    const { reader, post, clock } = await alone();
    const first = Promise.withResolvers<void>();
    const read: unknown[] = [];
    await reader('slow', ({ body }) => {
      read.push(body);
      return first.promise;
    });
    const asked = [post.request('slow', 'a', { deadline: 1_000 }), post.request('slow', 'b', { deadline: 100 })];
    const outcomes = Promise.allSettled(asked);
    await settle();
    clock.advance(200);
    first.resolve();
    await outcomes;
    expect(read).toEqual(['a']);
  });

  it('cannot write to each other for ever', async () => {
    const { reader, post, communication } = await alone();
    let letters = 0;
    const ended = Promise.withResolvers<unknown>();
    const answerWith =
      (other: string): Handler =>
      async (_letter, own) => {
        letters++;
        await own.send(other, 'ping').catch(ended.resolve);
      };
    await reader('ping', answerWith('pong'));
    await reader('pong', answerWith('ping'));
    await post.send('ping', 'go');
    expect(await ended.promise).toEqual(refused('LETTER_LOOP'));
    expect(letters).toBe(MOST_HOPS + 1);
    expect(communication.counters().refused).toEqual({ LETTER_LOOP: 1 });
  });

  it('are slowed down when they send too much', async () => {
    const { reader, post, clock } = await alone();
    await reader('patient', () => {});
    for (let sent = 0; sent < 400; sent++) {
      await post.send('patient', sent);
      await settle();
    }
    await expect(post.send('patient', 'more')).rejects.toEqual(refused('LETTERS_TOO_MANY'));
    clock.advance(1_000);
    await post.send('patient', 'later');
  });

  it('reach one of a kind, the least loaded or each in turn, and all of a kind', async () => {
    const { reader, post } = await alone();
    const read: string[] = [];
    for (const id of ['a', 'b', 'c']) {
      await reader(id, ({ body }) => {
        read.push(`${id}${body}`);
        return body === 'stay' ? new Promise(() => {}) : id;
      });
    }
    const turns = [];
    for (let turn = 0; turn < 4; turn++) {
      turns.push(await post.requestOfKind('reader', turn, { pick: 'round-robin' }));
    }
    expect(turns).toEqual(['a', 'b', 'c', 'a']);
    await post.send('a', 'stay');
    await post.send('a', 'waits');
    await post.send('b', 'stay');
    await post.send('b', 'waits');
    expect(await post.requestOfKind('reader', 'x')).toBe('c');
    expect(await post.broadcast('reader', '!')).toEqual({ delivered: 3, refused: 0 });
    await expect(post.sendToKind('unheard-of', 1)).rejects.toEqual(refused('KIND_UNKNOWN'));
  });
});

describe('agents of two nodes', () => {
  it('send, ask and reply by address', async () => {
    const { one, two, pass } = await pair();
    await two.reader('camera/north', ({ body, from }) => ({ body, from }));
    await pass();
    const asked = one.post.request('two/camera/north', { take: 1 });
    await pass();
    expect(await asked).toEqual({ body: { take: 1 }, from: 'one/tester' });
  });

  it('are told what the other node refused, and when it cannot be reached', async () => {
    const { one, exchange, pass } = await pair();
    const unknown = expect(one.post.send('two/nobody', 1)).rejects.toEqual(refused('AGENT_UNKNOWN'));
    await pass();
    await unknown;
    exchange.isolate('two');
    await pass();
    const lost = expect(one.post.send('two/nobody', 1)).rejects.toEqual(refused('RELAY_NO_ROUTE'));
    await pass();
    await lost;
  });

  it('hear at once that the agent they asked on the other node has died', async () => {
    const { one, two, pass } = await pair();
    const crash = Promise.withResolvers<void>();
    await two.reader('frail', () => crash.promise);
    await pass();
    const asked = expect(one.post.request('two/frail', 1)).rejects.toEqual(refused('AGENT_GONE'));
    await pass();
    crash.reject(new Error('boom'));
    await pass();
    await asked;
  });

  it('find a kind on another node, and go on to the next node when one does not take it', async () => {
    const { one, two, pass } = await pair();
    await one.reader('full', () => new Promise(() => {}), 'printer');
    await two.reader('free', ({ body }) => `printed ${body}`, 'printer');
    await pass(2_001);
    for (let sent = 0; sent < 65; sent++) await one.post.send('full', sent);
    const asked = one.post.requestOfKind('printer', 7, { scope: 'network' });
    await pass();
    expect(await asked).toBe('printed 7');
  });

  it('are all reached by a broadcast to the network', async () => {
    const { one, two, pass } = await pair();
    const read: string[] = [];
    for (const [each, id] of [
      [one, 'a'],
      [two, 'b'],
      [two, 'c'],
    ] as const) {
      await each.reader(id, () => void read.push(id), 'lamp');
    }
    await pass(2_001);
    const sent = one.post.broadcast('lamp', 'off', { scope: 'network' });
    await pass();
    expect(await sent).toEqual({ delivered: 3, refused: 0 });
    expect(read.sort()).toEqual(['a', 'b', 'c']);
  });

  it('send nothing to another node that the authorizer does not allow', async () => {
    const asked: ProposedAction[] = [];
    const authorizer: Authorizer = {
      authorize: async (action) => {
        asked.push(action);
        throw new ParlmeshError('NOT_AUTHORIZED', 'no capability names agent.message');
      },
    };
    const { one, two, pass } = await pair(authorizer);
    let read = 0;
    await two.reader('target', () => read++);
    await expect(one.post.send('two/target', 1)).rejects.toEqual(refused('NOT_AUTHORIZED'));
    await pass();
    expect(read).toBe(0);
    expect(asked).toEqual([
      {
        action: 'agent.message',
        actor: { kind: 'agent', id: 'tester' },
        scope: 'network',
        nodes: ['two'],
        subject: 'agent/two/target',
      },
    ]);
  });

  it('cannot write to each other for ever across nodes either', async () => {
    const { one, two, pass } = await pair();
    let letters = 0;
    const answerWith =
      (other: string): Handler =>
      (_letter, own) => {
        letters++;
        own.send(other, 'ping').catch(() => {});
      };
    await one.reader('ping', answerWith('two/pong'));
    await two.reader('pong', answerWith('one/ping'));
    await pass();
    await one.post.send('ping', 'go');
    await pass(100);
    expect(letters).toBe(MOST_HOPS + 1);
  });

  it('answer what is no letter with a refusal, and count it', async () => {
    const { two, exchange, pass } = await pair();
    const stranger = exchange.join('three');
    await pass();
    const asked = stranger.request('two', 'letters', Buffer.from('nonsense'));
    const huge = stranger.request('two', 'letters', Buffer.alloc(70_000, 32));
    await pass();
    expect(JSON.parse(Buffer.from(await asked).toString())).toMatchObject({ ok: false, code: 'LETTER_REFUSED' });
    expect(JSON.parse(Buffer.from(await huge).toString())).toMatchObject({ message: 'the letter is too-large' });
    expect(two.communication.counters().refused).toEqual({ LETTER_REFUSED: 2 });
  });

  it('take no more letters of one node than its share', async () => {
    const { two, exchange, pass } = await pair();
    await two.reader('target', () => {});
    const stranger = exchange.join('three');
    await pass();
    const envelope = { id: 'x', from: 'a', wantsReply: false, hops: 0, lifetime: 1_000, to: { agent: 'target' } };
    const all = Promise.all(Array.from({ length: 500 }, () => stranger.request('two', 'letters', encode(envelope))));
    await pass();
    const replies = (await all).map((reply) => JSON.parse(Buffer.from(reply).toString()));
    expect(replies.filter(({ code }) => code === 'LETTERS_TOO_MANY').length).toBeGreaterThanOrEqual(90);
  });
});
