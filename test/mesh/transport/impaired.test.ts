import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { Impairments } from '../../../mesh/impairments.ts';
import { ImpairedTransport } from '../../../mesh/transport/impaired.ts';
import { MemoryMedium, MemoryTransport } from '../../../mesh/transport/memory.ts';
import type { PeerTransportEvents } from '../../../mesh/transport/transport.ts';
import { itIsATransport } from './compliance.ts';

const never = new AbortController().signal;

function pair() {
  const clock = new VirtualClock();
  const medium = new MemoryMedium(clock, seededRandom(1));
  const impairments = new Impairments();
  const parts = { impairments, clock, random: seededRandom(2) };
  const a = new ImpairedTransport(new MemoryTransport('a', medium), { self: 'a', ...parts });
  const b = new MemoryTransport('b', medium);
  return { clock, impairments, a, b };
}

itIsATransport(
  'a transport that could be impaired',
  async () => {
    const { clock, a, b } = pair();
    return { a, b, settle: async () => clock.advance(10), close: async () => {} };
  },
  { connections: true },
);

function hearing() {
  const heard: string[] = [];
  const events: PeerTransportEvents = {
    frame: (frame) => heard.push(`frame ${Buffer.from(frame).toString()}`),
    message: (_peer, bytes) => heard.push(Buffer.from(bytes).toString()),
    connected: (peer) => heard.push(`+${peer}`),
    disconnected: (peer) => heard.push(`-${peer}`),
    ...{ ready: () => {}, lost: () => {}, drained: () => {}, discovered: () => {}, handshakeFailed: () => {} },
    admits: () => true,
  };
  return { heard, events };
}

async function joined() {
  const { clock, impairments, a, b } = pair();
  const [hearsA, hearsB] = [hearing(), hearing()];
  await a.start(hearsA.events, never);
  await b.start(hearsB.events);
  const dialled = a.dial(b.addresses(), 'b', never);
  clock.advance(10);
  await dialled;
  clock.advance(10);
  hearsA.heard.length = hearsB.heard.length = 0;
  return { clock, impairments, a, b, heardByA: hearsA.heard, heardByB: hearsB.heard };
}

const bytes = (text: string): Buffer => Buffer.from(text);

describe('an impaired link', () => {
  it('that is cut lets nothing pass either way, tells nobody, and carries again when it is mended', async () => {
    const { clock, impairments, a, b, heardByA, heardByB } = await joined();
    impairments.set('b', { cut: true });
    expect(a.send('b', bytes('lost'))).toBe(true);
    a.broadcast(bytes('lost'), 'topic', 'a');
    b.send('a', bytes('lost'));
    b.broadcast(bytes('lost'), 'topic', 'b');
    clock.advance(1_000);
    expect([heardByA, heardByB]).toEqual([[], []]);
    impairments.set('b', undefined);
    a.send('b', bytes('to b'));
    b.send('a', bytes('to a'));
    a.broadcast(bytes('all'), 'topic', 'a');
    clock.advance(10);
    expect([heardByA, heardByB]).toEqual([['to a'], ['to b', 'frame all']]);
  });

  it('that is lossy delivers all in order, later by a retransmission for each that was lost', async () => {
    const { clock, impairments, a, heardByB } = await joined();
    impairments.set('b', { loss: 1 });
    for (const text of ['1', '2', '3']) a.send('b', bytes(text));
    clock.advance(199);
    expect(heardByB).toEqual([]);
    clock.advance(20);
    expect(heardByB).toEqual(['1', '2', '3']);
  });

  it('of a node that forges has altered copies go along with its frames, and nothing else altered', async () => {
    const { clock, impairments, a, heardByB } = await joined();
    impairments.set('b', { forged: 3 });
    a.broadcast(bytes('frame'), 'topic', 'a');
    a.send('b', bytes('message'));
    clock.advance(10);
    expect(heardByB).toContain('message');
    expect(heardByB.filter((text) => text.startsWith('frame '))).toHaveLength(4);
    expect(heardByB.filter((text) => text === 'frame frame')).toHaveLength(1);
  });

  it('holds a bounded number of what is on its way', async () => {
    const { clock, impairments, a, heardByB } = await joined();
    impairments.set('b', { delay: 500 });
    for (let count = 0; count < 400; count++) a.send('b', bytes('x'));
    clock.advance(600);
    expect(heardByB).toHaveLength(256);
  });
});
