import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, duration, milliseconds, parseDuration, percent, shortId, tally } from '../../../daemon/cli/format.ts';
import { type ServerSentEvent, serverSentEvents } from '../../../daemon/cli/server-sent-events.ts';

describe('quantities', () => {
  it.each([
    [0.25, '250 ms'],
    [1, '1 s'],
    [89, '89 s'],
    [90, '2 min'],
    [7_200, '2 h'],
    [3 * 86_400, '3 d'],
  ])('%s seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('are short and have a unit', () => {
    expect([0, 999, 1_000, 12_345, 1.5e6, 2e9, 3e12].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '12 kB',
      '1.5 MB',
      '2.0 GB',
      '3.0 TB',
    ]);
    expect([0, 0.004, 0.12, undefined].map(percent)).toEqual(['0 %', '0.4 %', '12 %', '']);
    expect([0.0042, 0.0421, 0.421].map(milliseconds)).toEqual(['4.20 ms', '42.1 ms', '421 ms']);
    expect(shortId('12D3KooWEyoppNCUx8')).toBe('…oppNCUx8');
    expect(tally(['up', 'down', 'up'])).toBe('2 up, 1 down');
  });

  it.each([
    ['90s', 90],
    ['15min', 900],
    ['2h', 7_200],
    ['1.5h', 5_400],
    ['7d', 604_800],
    ['30', 30],
    ['soon', undefined],
    ['-1h', undefined],
    ['1y', undefined],
  ])('the duration %s is %s seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));
});

describe('server-sent events', () => {
  const collect = async (chunks: (Buffer | string)[]): Promise<ServerSentEvent[]> => {
    const events: ServerSentEvent[] = [];
    for await (const each of serverSentEvents(toAsync(chunks))) events.push(each);
    return events;
  };
  async function* toAsync<T>(items: T[]): AsyncGenerator<T> {
    yield* items;
  }

  it('are the same however the bytes arrive', async () => {
    const text =
      'retry: 2000\n\n: alive\n\nid: 7\nevent: event\ndata: {"a":\ndata: "ü"}\n\ndata: plain\r\n\r\nevent: cut\ndata: x';
    const expected = [
      { event: 'event', data: '{"a":\n"ü"}', id: '7' },
      { event: 'message', data: 'plain', id: '7' },
    ];
    const bytesOf = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytesOf.length), { maxLength: 10 }), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytesOf.length];
        const chunks = at.slice(1).map((end, index) => bytesOf.subarray(at[index]!, end));
        expect(await collect(chunks)).toEqual(expected);
      }),
    );
  });

  it('do not fill the memory when a line never ends', async () => {
    await expect(collect(Array(50).fill('x'.repeat(100_000)))).rejects.toThrow('too long');
  });
});
