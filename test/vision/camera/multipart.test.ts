import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, MultipartParser } from '../../../vision/camera/multipart.ts';

const part = (content: Uint8Array, header = `Content-Type: image/jpeg\r\nContent-Length: ${content.length}\r\n`) =>
  Buffer.concat([Buffer.from(`--frame\r\n${header}\r\n`), content, Buffer.from('\r\n')]);

describe('boundaryOf', () => {
  it.each([
    ['multipart/x-mixed-replace; boundary=frame', 'frame'],
    ['multipart/x-mixed-replace;boundary="two words"', 'two words'],
    ['Multipart/X-Mixed-Replace; charset=x; Boundary=--frame', 'frame'],
    ['image/jpeg', undefined],
    ['multipart/x-mixed-replace', undefined],
  ])('reads %s', (type, boundary) => {
    expect(boundaryOf(type)).toBe(boundary);
  });
});

describe('MultipartParser', () => {
  it('finds the same parts however the stream is cut, with and without lengths', () => {
    const content = fc
      .uint8Array({ minLength: 1, maxLength: 300 })
      .filter((bytes) => !Buffer.from(bytes).includes('--'));
    fc.assert(
      fc.property(
        fc.array(content, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 97 }),
        (contents, counted, cut) => {
          const header = counted ? undefined : 'X: y\r\n';
          // An uncounted part that ends in a line break cannot be told from one that does not.
          const exact = counted ? contents : contents.map((bytes) => Buffer.concat([bytes, Buffer.from('.')]));
          const stream = Buffer.concat([...exact.map((bytes) => part(bytes, header)), Buffer.from('--frame\r\n')]);
          const parser = new MultipartParser('frame');
          const found: Buffer[] = [];
          for (let at = 0; at < stream.length; at += cut) found.push(...parser.push(stream.subarray(at, at + cut)));
          expect(found.map((bytes) => bytes.toString('hex'))).toEqual(
            exact.map((bytes) => Buffer.from(bytes).toString('hex')),
          );
        },
      ),
    );
  });

  it('never throws anything but STREAM_INVALID on noise', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(Buffer.from('--frame\r\n\r\n'))), {
          maxLength: 40,
        }),
        (chunks) => {
          const parser = new MultipartParser('frame', { header: 256, content: 1000 });
          try {
            for (const chunk of chunks) parser.push(chunk);
          } catch (error) {
            expect(error).toMatchObject({ code: 'STREAM_INVALID' });
          }
        },
      ),
    );
  });

  it.each([
    ['a part that says it is too large', Buffer.from('--frame\r\nContent-Length: 1001\r\n\r\n')],
    ['a part that does not end', Buffer.concat([Buffer.from('--frame\r\n\r\n'), Buffer.alloc(1100)])],
    ['header lines that do not end', Buffer.concat([Buffer.from('--frame\r\n'), Buffer.alloc(300, 'a')])],
    ['a stream without a boundary', Buffer.alloc(300, 'x')],
  ])('refuses %s', (_what, stream) => {
    const parser = new MultipartParser('frame', { header: 256, content: 1000 });
    expect(() => parser.push(stream)).toThrow(expect.objectContaining({ code: 'STREAM_INVALID' }));
  });
});
