import { describe, expect, it } from 'vitest';
import { FrameHelp, type Helper } from '../../../agents/swarm/frame-help.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { Exchange } from '../exchange.ts';

const helper = (node: string, more: Partial<Helper> = {}): Helper => ({
  ...{ node, reachable: true, stress: 0, busy: 0, kinds: ['vision.detect'] },
  ...more,
});
const found = { label: 'person', confidence: 0.9, box: { x: 0.1, y: 0.1, width: 0.2, height: 0.2 } };
const jpeg = Buffer.from('a picture');

function nodes(helpers: Helper[], pressure = 0) {
  const clock = new VirtualClock();
  const exchange = new Exchange({ clock, random: seededRandom(1) });
  const asked: { node: string; picture: string; minConfidence: number }[] = [];
  const helpOf = (id: string) =>
    new FrameHelp({
      network: exchange.join(id),
      search: {
        detect: async (picture, minConfidence) => {
          asked.push({ node: id, picture: Buffer.from(picture).toString(), minConfidence });
          return { model: 'm', detections: [found] };
        },
      },
      helpers: () => helpers,
      pressure: () => (id === 'b' ? pressure : 0),
      clock,
    });
  const [a, b] = [helpOf('a'), helpOf('b')];
  clock.advance(10);
  /** Lets time pass until it is settled. */
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false;
    void work.finally(() => {
      isOver = true;
    });
    for (let i = 0; i < 10_000 && !isOver; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
    return work;
  };
  return { a, b, asked, settled, exchange, clock };
}

describe('frames for a neighbour', () => {
  it('are searched by the idlest one that can', async () => {
    const { a, b, asked, settled } = nodes([
      helper('a'),
      helper('b', { stress: 0.1 }),
      helper('c', { kinds: ['wait'] }),
    ]);
    expect(await settled(a.detect(jpeg, 0.5))).toEqual([found]);
    expect(asked).toEqual([{ node: 'b', picture: 'a picture', minConfidence: 0.5 }]);
    expect([a.figures().handedOn, b.figures().taken]).toEqual([1, 1]);
  });

  it.each([
    ['is hot', { stress: 0.5 }],
    ['is busy', { busy: 0.9 }],
    ['is not reached', { reachable: false }],
  ])('stay here where the only one %s', async (_what, more) => {
    const { a, asked, settled } = nodes([helper('b', more)]);
    expect(await settled(a.detect(jpeg, 0.5))).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('stay here for a while after one said no', async () => {
    const { a, asked, settled, clock } = nodes([helper('b')], 0.9);
    expect(await settled(a.detect(jpeg, 0.5))).toBeUndefined();
    expect(await settled(a.detect(jpeg, 0.5))).toBeUndefined();
    expect(a.figures()).toEqual({ handedOn: 0, taken: 0, failed: 1 });
    clock.advance(10_000);
    await settled(a.detect(jpeg, 0.5));
    expect(a.figures().failed).toBe(2);
    expect(asked).toEqual([]);
  });

  it('stay here where the other is cut off, after two seconds at most', async () => {
    const { a, settled, exchange, clock } = nodes([helper('b')]);
    exchange.cut('a', 'b');
    const from = clock.now();
    expect(await settled(a.detect(jpeg, 0.5))).toBeUndefined();
    expect(clock.now() - from).toBeLessThanOrEqual(2_100);
  });
});
