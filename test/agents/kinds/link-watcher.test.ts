import { afterEach, describe, expect, it } from 'vitest';
import type { LinkSample } from '../../../agents/kinds/link-symptoms.ts';
import { LinkWatcher } from '../../../agents/kinds/link-watcher.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { settle, supervise } from '../scripted-agent.ts';

const UP: LinkSample = { peer: '12D3b', peerName: 'barn', state: 'up', loss: 0, roundTripSeconds: 0.01 };

let supervisor: Supervisor;
afterEach(() => supervisor.stop());

async function watching() {
  const clock = new VirtualClock();
  const parts = supervise({ clock });
  supervisor = parts.supervisor;
  let publish: (links: readonly LinkSample[]) => void = () => {};
  await supervisor.start(new AbortController().signal);
  await supervisor.add({
    id: 'links',
    create: () =>
      new LinkWatcher({
        id: 'links',
        source: {
          onLinks: (listener) => {
            publish = listener;
            return () => {
              publish = () => {};
            };
          },
        },
        journal: { record: (entry) => parts.journal.push(entry) },
        clock,
      }),
  });
  const see = async (...changes: Partial<LinkSample>[]): Promise<void> => {
    for (const change of changes) {
      publish([{ ...UP, ...change }]);
      await settle();
      clock.advance(1_000);
    }
    await settle();
  };
  return { ...parts, clock, see };
}

describe('the link watcher', () => {
  it('tells that a link became lossy and recovered, once each, although the loss hovers', async () => {
    const { see, kinds, journal } = await watching();
    await see(...[0.2, 0.02, 0.2, 0.2, 0.12, 0.05, 0.2, 0.05].map((loss) => ({ loss })));
    expect(kinds()).toEqual(['link.lossy']);
    expect(journal[0]).toMatchObject({
      severity: 'warning',
      subject: 'peer/12D3b',
      message: 'The link to barn is lossy: 12 % of packets are lost',
    });
    await see(...Array(5).fill({ loss: 0.01 }));
    expect(kinds()).toEqual(['link.lossy', 'link.lossy.cleared']);
  });

  it('tells that a link is slow', async () => {
    const { see, journal } = await watching();
    await see(...Array(3).fill({ roundTripSeconds: 0.4 }));
    expect(journal.map((entry) => entry.message)).toEqual(['The link to barn is slow: a round trip takes 400 ms']);
  });

  it('tells that a link flaps, and that it has calmed down when nothing more happens', async () => {
    const { see, kinds, clock } = await watching();
    const fall = [{ state: 'down' as const }, {}];
    await see({}, ...fall, ...fall);
    expect(kinds()).toEqual([]);
    await see(...fall);
    expect(kinds()).toEqual(['link.flapping']);
    for (let second = 0; second < 70; second += 5) {
      clock.advance(5_000);
      await settle();
    }
    expect(kinds()).toEqual(['link.flapping', 'link.flapping.cleared']);
  });

  it('does not take a suspicion for a fall, nor the loss of a dead link for a lossy one', async () => {
    const { see, kinds } = await watching();
    await see(
      ...Array(10)
        .fill([{ state: 'suspect' }, {}])
        .flat(),
    );
    await see(...Array(10).fill({ state: 'down', loss: 1 }));
    expect(kinds()).toEqual([]);
  });
});
