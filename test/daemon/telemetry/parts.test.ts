// The small parts of telemetry on their own: topic names, the outbox, the ledger, the packet limit.

import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../daemon/telemetry/ledger.ts';
import { Outbox, type Outgoing } from '../../../daemon/telemetry/outbox.ts';
import { PacketLimit } from '../../../daemon/telemetry/packet-limit.ts';
import { topicLevel } from '../../../daemon/telemetry/topics.ts';

describe('topicLevel', () => {
  it('is a legal level for MQTT and Home Assistant, and different for different ids', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), (a, b) => {
        expect(topicLevel(a)).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        if (a !== b) expect(topicLevel(a)).not.toBe(topicLevel(b));
      }),
    );
  });

  it('leaves ordinary names as they are', () => {
    expect(topicLevel('north-gate_2')).toBe('north-gate_2');
  });
});

describe('Outbox', () => {
  function held() {
    const sent: string[] = [];
    const waiting: (() => void)[] = [];
    const send = ({ topic, payload }: Outgoing): Promise<void> => {
      sent.push(`${topic}=${payload}`);
      return new Promise((resolve) => waiting.push(resolve));
    };
    const acknowledge = async (): Promise<void> => {
      for (const resolve of waiting.splice(0)) resolve();
      await Promise.resolve();
    };
    return { sent, send, acknowledge };
  }

  it('sends the latest of what waits for a topic', async () => {
    const { sent, send, acknowledge } = held();
    const outbox = new Outbox({ send, maxInFlight: 1 });
    for (let i = 0; i < 1000; i++) outbox.put({ topic: 't', payload: `${i}`, retain: true });
    await acknowledge();
    expect(sent).toEqual(['t=0', 't=999']);
    await acknowledge();
    await outbox.idle();
  });

  it('sends only the latest of what waits under one key of a stream', async () => {
    const { sent, send, acknowledge } = held();
    const outbox = new Outbox({ send, maxInFlight: 1 });
    for (let i = 0; i < 1000; i++) outbox.append('o1/update', { topic: 't', payload: `${i}`, retain: false });
    outbox.append('o1/end', { topic: 't', payload: 'end', retain: false });
    for (let i = 0; i < 2; i++) await acknowledge();
    expect(sent).toEqual(['t=0', 't=999', 't=end']);
  });

  it('sheds the oldest of a stream above its bound', async () => {
    const { sent, send, acknowledge } = held();
    const outbox = new Outbox({ send, maxInFlight: 1, maxStream: 2 });
    for (const key of ['a', 'b', 'c', 'd']) outbox.append(key, { topic: key, payload: '', retain: false });
    expect(outbox.shed).toBe(1);
    for (let i = 0; i < 3; i++) await acknowledge();
    expect(sent).toEqual(['a=', 'c=', 'd=']);
  });

  it('tells of delivery only what was delivered, and lets go of who waits when it closes', async () => {
    const told: string[] = [];
    const outbox = new Outbox({
      send: ({ topic }) => (topic === 'lost' ? Promise.reject(new Error('closed')) : Promise.resolve()),
    });
    for (const topic of ['kept', 'lost'])
      outbox.put({ topic, payload: '', retain: true, sent: () => told.push(topic) });
    await outbox.idle();
    expect(told).toEqual(['kept']);
    const stuck = new Outbox({ send: () => new Promise(() => {}) });
    stuck.put({ topic: 't', payload: '', retain: true });
    const idle = stuck.idle();
    stuck.close();
    await idle;
  });
});

describe('Ledger', () => {
  function memory(entries: string[] = []) {
    return {
      entries,
      saves: 0,
      load() {
        return this.entries;
      },
      save(saved: string[]) {
        this.entries = saved;
        this.saves++;
      },
    };
  }

  it('remembers topics and components for each broker, and saves only changes', () => {
    const kept = memory();
    const ledger = new Ledger(kept, ['a:1883', 'b:1883']);
    ledger.add('a:1883', 'x/state');
    ledger.add('b:1883', 'x/config', new Map([['cpu', 'sensor']]));
    ledger.save();
    ledger.add('a:1883', 'x/state');
    ledger.save();
    expect(kept.saves).toBe(1);
    const again = new Ledger(kept, ['a:1883', 'b:1883']);
    expect(again.topics('a:1883')).toEqual(['x/state']);
    expect(again.gone('b:1883', 'x/config', new Map())).toEqual(new Map([['cpu', 'sensor']]));
    expect(again.gone('b:1883', 'x/config', new Map([['cpu', 'sensor']]))).toEqual(new Map());
  });

  it('forgets brokers that are no longer configured, and what is no entry', () => {
    const kept = memory(['old:1883 x/state', 'a:1883 y/state', '', 'nonsense', 'a:1883 ', 'a:1883 t#bad']);
    const ledger = new Ledger(kept, ['a:1883']);
    expect(ledger.topics('a:1883')).toEqual(['y/state']);
    ledger.save();
    expect(kept.entries).toEqual(['a:1883 y/state']);
  });

  it('drops what was cleared', () => {
    const kept = memory(['a:1883 x', 'a:1883 x#sensor.cpu', 'a:1883 y']);
    const ledger = new Ledger(kept, ['a:1883']);
    ledger.settle('a:1883', 'x', new Map([['cpu', 'sensor']]));
    ledger.drop('a:1883', 'y');
    ledger.save();
    expect(kept.entries).toEqual(['a:1883 x']);
  });
});

describe('PacketLimit', () => {
  /** A packet of type PUBLISH with a body of `length` zeros. */
  function packet(length: number): Buffer {
    const header = [0x30];
    let rest = length;
    do {
      header.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
      rest = Math.floor(rest / 128);
    } while (rest > 0);
    return Buffer.concat([Buffer.from(header), Buffer.alloc(length)]);
  }

  it('passes packets up to the limit unchanged, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (lengths, step) => {
          const bytes = Buffer.concat(lengths.map(packet));
          const limit = new PacketLimit(300);
          const passed: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += step) {
            limit._transform(bytes.subarray(at, at + step), 'binary', (error, chunk) => {
              expect(error).toBeNull();
              passed.push(chunk);
            });
          }
          expect(Buffer.concat(passed).equals(bytes)).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['a packet one byte longer', packet(301)],
    ['a length without an end', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01])],
  ])('fails on %s', async (_what, bytes) => {
    const limit = new PacketLimit(300);
    limit.write(bytes);
    const [error] = await once(limit, 'error');
    expect(error).toMatchObject({ code: 'MQTT_PACKET_TOO_LARGE' });
  });
});
