import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { Occasional } from '../../../vision/camera/occasional.ts';

function occasional() {
  const clock = new VirtualClock();
  const said: string[] = [];
  const news = new Occasional<string>(clock, 1000, (latest, others) => said.push(`${latest} +${others}`));
  return { clock, said, news };
}

describe('Occasional', () => {
  it('says the first at once, and later the latest of what followed with the number of the others', () => {
    const { clock, said, news } = occasional();
    for (const value of ['a', 'b', 'c', 'd']) news.offer('x', value);
    expect(said).toEqual(['a +0']);
    clock.advance(1000);
    expect(said).toEqual(['a +0', 'd +2']);
    news.offer('x', 'e');
    expect(said).toHaveLength(2);
    clock.advance(2000);
    expect(said.at(-1)).toBe('e +0');
    news.offer('x', 'f');
    expect(said.at(-1)).toBe('f +0');
  });

  it('holds back each kind for itself', () => {
    const { said, news } = occasional();
    news.offer('x', 'a');
    news.offer('y', 'b');
    expect(said).toEqual(['a +0', 'b +0']);
  });

  it('says what it holds back when flushed, and nothing after', () => {
    const { clock, said, news } = occasional();
    for (const value of ['a', 'b', 'c']) news.offer('x', value);
    news.flush();
    expect(said).toEqual(['a +0', 'c +1']);
    clock.advance(5000);
    expect(said).toHaveLength(2);
  });
});
