import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, frame } from '../../../mesh/transport/framing.ts';

describe('framing', () => {
  it('gives back the messages whole, however the bytes were cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 50 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(messages.map(frame));
          const reader = new FrameReader(200);
          const read: Uint8Array[] = [];
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const length = cuts[cut % cuts.length]!;
            read.push(...reader.push(bytes.subarray(at, at + length)));
            at += length;
          }
          expect(read.map((message) => [...message])).toEqual(messages.map((message) => [...message]));
        },
      ),
    );
  });

  it('refuses a message that is announced longer than allowed, before it comes', () => {
    expect(() => new FrameReader(10).push(Buffer.from([0, 0, 0, 11]))).toThrow(
      expect.objectContaining({ code: 'FRAME_TOO_LONG' }),
    );
    const reader = new FrameReader(10);
    reader.push(Buffer.from([0xff]));
    reader.push(Buffer.from([0xff]));
    expect(() => reader.push(Buffer.from([0xff, 0xff]))).toThrow(expect.objectContaining({ code: 'FRAME_TOO_LONG' }));
  });
});
