import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SecureMessage } from '../../../../agents/federation/secure/messages.ts';
import {
  askSecurely,
  decodeAnswer,
  encodeAnswer,
  SECURE_SERVICE,
  type SecureAnswer,
  serveSecurely,
} from '../../../../agents/federation/secure/secure-wire.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { seededRandom } from '../../../../core/random.ts';
import { Exchange, runUntil } from '../../exchange.ts';

const question: SecureMessage = {
  signed: { body: '{"kind":"masked"}', signature: 'A'.repeat(88) },
  data: new Uint8Array(300_000).fill(7),
};

describe('messages as bytes', () => {
  test('come back as they were, with their data', () => {
    const message = {
      signed: { body: '{"kind":"masked"}', signature: 'A'.repeat(88) },
      data: Uint8Array.from([1, 2, 3, 4, 5]),
    };
    expect(decodeAnswer(encodeAnswer({ message }).subarray(4))).toEqual({ message });
    const stopped = { reason: 'denied', sentence: 'no', again: false };
    expect(decodeAnswer(encodeAnswer({ stopped }).subarray(4))).toEqual({ stopped });
  });

  test('that are none are refused: cut short, lengths that lie, other JSON', () => {
    const message = { signed: { body: 'x', signature: 'A'.repeat(88) }, data: new Uint8Array(0) };
    const frame = encodeAnswer({ message }).subarray(4);
    for (let length = 0; length < frame.length; length++)
      expect(decodeAnswer(frame.subarray(0, length))).toBeUndefined();
    const lying = Buffer.from(frame);
    lying.writeUInt32BE(0xffff_ffff);
    expect(decodeAnswer(lying)).toBeUndefined();
    expect(decodeAnswer(Buffer.from('\0\0\0\x02{}'))).toBeUndefined();
  });
});

function twoNodes(answer: (origin: string, message: SecureMessage) => Promise<SecureAnswer>) {
  const clock = new VirtualClock();
  const exchange = new Exchange({ clock, random: seededRandom(1) });
  const [coordinator, node] = [exchange.join('coordinator'), exchange.join('node')];
  serveSecurely(node, clock, 1000, answer);
  return { clock, coordinator };
}

describe('questions over streams', () => {
  test('carry what no message of the relay could, both ways', async () => {
    const { clock, coordinator } = twoNodes(async (origin, message) => {
      expect(origin).toBe('coordinator');
      return { message: { ...message, data: message.data.map((byte) => byte + 1) } };
    });
    const answer = await askSecurely(coordinator, clock, 'node', question, 1000);
    expect('message' in answer && answer.message.data).toEqual(new Uint8Array(300_000).fill(8));
  });

  test('to a node that does not answer end at the deadline', async () => {
    const { clock, coordinator } = twoNodes(() => new Promise(() => {}));
    let failure: unknown;
    askSecurely(coordinator, clock, 'node', question, 500).catch((thrown: unknown) => {
      failure = thrown;
    });
    await runUntil(clock, () => failure !== undefined, 600, 10);
    expect(failure).toMatchObject({ code: 'SECURE_NO_ANSWER', message: expect.stringContaining('500 ms') });
    await expect(askSecurely(coordinator, clock, 'nobody', question, 500)).rejects.toThrow('no way');
  });

  test.each([
    ['a frame that says it is 4 GB', Buffer.from('ffffffff00000002', 'hex')],
    ['JSON that is none', Buffer.from('00000006000000027878', 'hex')],
    ['an answer in place of a question', encodeAnswer({ stopped: { reason: 'no', sentence: '', again: false } })],
  ])('with %s are hung up, and nobody is asked', async (_, bytes) => {
    let asked = 0;
    const { coordinator } = twoNodes(async () => {
      asked++;
      return { stopped: { reason: 'no', sentence: '', again: false } };
    });
    const stream = await coordinator.openStream('node', SECURE_SERVICE, '');
    stream.on('error', () => {});
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.resume();
    stream.write(bytes);
    await closed;
    expect(asked).toBe(0);
  });

  test('that never end are hung up after the node’s patience', async () => {
    const { clock, coordinator } = twoNodes(async () => ({ message: question }));
    const stream = await coordinator.openStream('node', SECURE_SERVICE, '');
    stream.on('error', () => {});
    let isClosed = false;
    stream.on('close', () => {
      isClosed = true;
    });
    stream.resume();
    stream.write(Buffer.from('00000100', 'hex'));
    await runUntil(clock, () => isClosed, 1200, 10);
  });

  test('nothing that arrives makes the reader throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeAnswer(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });
});
