import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { FederationNews } from '../../../daemon/view/federation-news.ts';
import type { FederationView } from '../../../daemon/view/federation-schema.ts';

const view = (term: number): FederationView => ({
  ...{ enabled: true, candidates: [], duties: [], privacy: [], held: [] },
  coordinator: { id: 'a', name: 'alpha', term, self: true },
});

function stage() {
  const clock = new VirtualClock();
  const told: FederationView[] = [];
  const asked: PromiseWithResolvers<FederationView>[] = [];
  const followed = { yes: true };
  const news = new FederationNews({
    read: () => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)!.promise;
    },
    tell: (one) => told.push(one),
    isWanted: () => followed.yes,
    ...{ clock, logger: silentLogger },
  });
  /** Lets what waits for an answer go on. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { clock, told, asked, followed, news, settle };
}

describe('news of the federation', () => {
  it('is read once for all that happens within a second', async () => {
    const { clock, told, asked, news, settle } = stage();
    for (let i = 0; i < 50; i += 1) {
      news.changed();
      clock.advance(10);
    }
    expect(asked).toHaveLength(0);
    clock.advance(500);
    expect(asked).toHaveLength(1);
    asked[0]!.resolve(view(1));
    await settle();
    expect(told).toEqual([view(1)]);
    expect(news.last).toEqual(view(1));
  });

  it('is read again for what changed while another node was asked, and never twice at once', async () => {
    const { clock, told, asked, news, settle } = stage();
    news.changed();
    clock.advance(1_000);
    news.changed();
    clock.advance(5_000);
    expect(asked).toHaveLength(1);
    asked[0]!.resolve(view(1));
    await settle();
    clock.advance(1_000);
    expect(asked).toHaveLength(2);
    asked[1]!.resolve(view(2));
    await settle();
    expect(told.map(({ coordinator }) => coordinator?.term)).toEqual([1, 2]);
  });

  it('goes on after a failure, looks again every half minute, and reads nothing for nobody', async () => {
    const { clock, told, asked, followed, news, settle } = stage();
    news.changed();
    clock.advance(1_000);
    asked[0]!.reject(new Error('the store is being restored'));
    await settle();
    expect(told).toEqual([]);
    clock.advance(30_000);
    expect(asked).toHaveLength(2);
    asked[1]!.resolve(view(1));
    await settle();
    followed.yes = false;
    clock.advance(120_000);
    expect(asked).toHaveLength(2);
  });
});
