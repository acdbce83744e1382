import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { agree, newKeyShare } from '../../../mesh/link/probe-keys.ts';
import { Forwarder, type ForwarderParts } from '../../../mesh/relay/forwarder.ts';
import { makeFrame } from '../../../mesh/relay/frame.ts';
import { OUTBOX_BYTES, Outbox } from '../../../mesh/relay/outbox.ts';
import { Session } from '../../../mesh/relay/session.ts';
import { type RelayFrame, RelayFrameSchema } from '../../../mesh/wire/generated/parlmesh_pb.ts';

function frameOf(
  origin: string,
  options: { destination?: string; control?: boolean; ttl?: number; bytes?: number } = {},
) {
  const { destination = 'far', control = false, ttl, bytes = 1000 } = options;
  return makeFrame(
    { origin, destination, control, ...(ttl !== undefined && { ttl }) },
    {
      case: 'sealed',
      value: {
        $typeName: 'parlmesh.v1.RelaySealed',
        session: new Uint8Array(16),
        sequence: 1n,
        box: new Uint8Array(bytes),
      },
    },
  );
}

/** A forwarder at node "self" whose way to everywhere is the neighbour "next". */
function forwarder(parts: Partial<ForwarderParts> = {}) {
  const sent: { to: string; frame: RelayFrame }[] = [];
  const delivered: RelayFrame[] = [];
  const made = new Forwarder({
    self: 'self',
    clock: new VirtualClock(),
    send: (to, frame) => {
      sent.push({ to, frame });
      return true;
    },
    isClear: () => true,
    isUp: () => true,
    nextHop: () => ({ kind: 'primary', nextHop: 'next', path: ['next', 'far'], carry: false }),
    deliver: (frame) => delivered.push(frame),
    room: () => {},
    ...parts,
  });
  return { forwarder: made, sent, delivered };
}

describe('The queue to a neighbour', () => {
  it('hands out control before bulk that came earlier', () => {
    const outbox = new Outbox();
    outbox.add(frameOf('a'), undefined);
    outbox.add(frameOf('b', { control: true }), undefined);
    const order: string[] = [];
    const take = (frame: RelayFrame): boolean => order.push(frame.origin) > 0;
    outbox.flush(take, () => true);
    expect(order).toEqual(['b', 'a']);
    expect([outbox.frames, outbox.bytes]).toEqual([0, 0]);
  });

  it('is bounded, and leaves room for others when one origin floods', () => {
    const outbox = new Outbox();
    while (outbox.add(frameOf('flood', { bytes: 16_384 }), undefined));
    expect(outbox.bytes).toBeLessThanOrEqual(OUTBOX_BYTES.bulk / 2);
    expect(outbox.add(frameOf('other', { bytes: 16_384 }), undefined)).toBe(true);
    for (let origin = 0; origin < 1000; origin++) outbox.add(frameOf(`origin ${origin}`, { bytes: 16_384 }), undefined);
    expect(outbox.bytes).toBeLessThanOrEqual(OUTBOX_BYTES.bulk);
  });
});

describe('Forwarding', () => {
  it('counts the hops down and ends a frame that has none left', () => {
    const { forwarder: node, sent } = forwarder();
    node.receive('before', frameOf('origin', { ttl: 2 }));
    node.receive('before', frameOf('origin', { ttl: 1 }));
    expect(sent.map(({ frame }) => frame.ttl)).toEqual([1]);
    expect(node.counts().drops.ttl).toBe(1);
  });

  it('does not send a frame back to where it came from, nor one of its own on', () => {
    const { forwarder: node, sent } = forwarder();
    node.receive('next', frameOf('origin'));
    node.receive('before', frameOf('self'));
    expect(sent).toEqual([]);
    expect(node.counts().drops.loop).toBe(2);
  });

  it('keeps bulk while the neighbour is not clear, lets control pass, and goes on when it drains', () => {
    let clear = false;
    let room = 0;
    const { forwarder: node, sent } = forwarder({ isClear: () => clear, room: () => room++ });
    node.receive('before', frameOf('bulk'));
    node.receive('before', frameOf('control', { control: true }));
    expect(sent.map(({ frame }) => frame.origin)).toEqual(['control']);
    clear = true;
    node.drained('next');
    expect(sent.map(({ frame }) => frame.origin)).toEqual(['control', 'bulk']);
    expect(room).toBe(1);
  });

  it('tells the local sender when there is no room, and counts what it must drop of others', () => {
    const { forwarder: node } = forwarder({ isClear: () => false });
    let took = 0;
    while (node.send(frameOf('self', { bytes: 16_384 }))) took++;
    expect(took).toBeGreaterThan(10);
    expect(node.counts().drops.queue).toBe(0);
    for (let at = 0; at < 100; at++) node.receive('before', frameOf('origin', { bytes: 16_384 }));
    expect(node.counts().drops.queue).toBeGreaterThan(0);
    expect(node.counts().queuedBytes).toBeLessThanOrEqual(OUTBOX_BYTES.bulk);
    node.linkDown('next');
    expect(node.counts()).toMatchObject({ queuedFrames: 0, queuedBytes: 0 });
  });

  it('sends what waited for a neighbour over another way when the link goes down, each frame once, control first', () => {
    let next = 'next';
    const { forwarder: node, sent } = forwarder({
      isClear: (neighbour) => neighbour !== 'next',
      nextHop: () => ({ kind: 'primary', nextHop: next, path: [next, 'far'], carry: false }),
    });
    for (const origin of ['one', 'two']) node.receive('before', frameOf(origin));
    next = 'other';
    node.linkDown('next');
    node.drained('next');
    expect(sent.map(({ to, frame }) => [to, frame.origin])).toEqual([
      ['other', 'one'],
      ['other', 'two'],
    ]);
    expect(node.counts()).toMatchObject({ rescuedFrames: 2, queuedFrames: 0, queuedBytes: 0 });
    expect(node.counts().drops.link).toBe(0);
  });

  it('sends no frame back where it came from when a link goes down, unless along a path, and counts what has no way', () => {
    const ways = new Map([['far', 'next']]);
    const { forwarder: node, sent } = forwarder({
      isClear: (neighbour) => neighbour !== 'next',
      nextHop: (destination) => {
        const to = ways.get(destination);
        return to === undefined ? undefined : { kind: 'primary', nextHop: to, path: [to, 'far'], carry: false };
      },
    });
    node.receive('before', frameOf('one'));
    node.receive('elsewhere', frameOf('two'));
    ways.set('far', 'before');
    node.linkDown('next');
    expect(sent.map(({ frame }) => frame.origin)).toEqual(['two']);
    expect(node.counts().drops.link).toBe(1);
    ways.delete('far');
    node.linkDown('before');
    expect(sent).toHaveLength(1);
  });

  it('bounds the control frames of one origin', () => {
    const { forwarder: node, sent } = forwarder();
    for (let at = 0; at < 10_000; at++) node.receive('before', frameOf('flood', { control: true, bytes: 10 }));
    expect(sent.length).toBeLessThanOrEqual(4000);
    expect(node.counts().drops.rate).toBeGreaterThanOrEqual(6000);
    node.receive('before', frameOf('other', { control: true }));
    expect(sent.at(-1)?.frame.origin).toBe('other');
  });

  it('takes any bytes that decode as a frame without throwing', () => {
    const { forwarder: node } = forwarder();
    const valid = toBinary(RelayFrameSchema, frameOf('origin', { bytes: 40 }));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 }).map((changes) => {
            const bytes = Uint8Array.from(valid);
            for (const [at, value] of changes) bytes[at] = value;
            return bytes;
          }),
        ),
        (bytes) => {
          let frame: RelayFrame;
          try {
            frame = fromBinary(RelayFrameSchema, bytes);
          } catch {
            return;
          }
          node.receive('before', frame);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('A session', () => {
  function ends(): [Session, Session] {
    const [a, b] = [newKeyShare(), newKeyShare()];
    const id = new Uint8Array(16).fill(7);
    return [
      new Session(id, 'b', agree(a, 'a', b.share, 'b', 'relay'), 0),
      new Session(id, 'a', agree(b, 'b', a.share, 'a', 'relay'), 0),
    ];
  }

  it('opens what the other end sealed, once, in any order', () => {
    const [a, b] = ends();
    const sealed = ['one', 'two', 'three'].map((text) => a.seal(Buffer.from(text)));
    const open = (at: number) => {
      const plain = b.open(sealed[at]!);
      return typeof plain === 'string' ? plain : Buffer.from(plain).toString();
    };
    expect([open(2), open(0), open(1), open(1)]).toEqual(['three', 'one', 'two', 'replay']);
  });

  it('opens nothing that was changed on the way', () => {
    const [a, b] = ends();
    const sealed = a.seal(Buffer.from('hello'));
    fc.assert(
      fc.property(fc.nat(sealed.box.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const box = Uint8Array.from(sealed.box);
        box[at]! ^= flip;
        expect(b.open({ ...sealed, box })).toBe('unsealed');
      }),
    );
    expect(b.open({ ...sealed, sequence: sealed.sequence + 1n })).toBe('unsealed');
    expect(typeof b.open(sealed)).toBe('object');
  });
});
