// Members that do harm: what each can do to a network, and what it cannot.

import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import type { Vice } from '../../../mesh/simulator/adversary.ts';
import type { SimulationReport } from '../../../mesh/simulator/scenario.ts';
import { simulate } from '../../../mesh/simulator/simulate.ts';
import { makeTopology } from '../../../mesh/simulator/topologies.ts';

async function siege(...byzantine: { vice: Vice; share: number }[]): Promise<SimulationReport> {
  const { report } = await simulate({
    seed: 1,
    wiring: makeTopology('grid', 16, seededRandom(1)),
    cold: false,
    delay: { kind: 'uniform', from: 1, to: 10 },
    jitter: 0,
    loss: 0,
    failLinks: 0.05,
    churn: 0,
    partition: false,
    skew: 0,
    byzantine,
    within: 20_000,
    computePeriod: 20,
  });
  return report;
}

describe('A network with members that do harm', () => {
  it('takes no forged, huge or foreign word, and counts each by reason', async () => {
    const report = await siege({ vice: 'forger', share: 0.07 }, { vice: 'replayer', share: 0.07 });
    expect(report.violated).toEqual([]);
    expect(report.drops).toMatchObject({
      forged: expect.any(Number),
      oversized: expect.any(Number),
      payload: expect.any(Number),
      stranger: expect.any(Number),
    });
  });

  it('cuts who floods to its rate', async () => {
    const report = await siege({ vice: 'flooder', share: 0.07 });
    expect(report.violated).toEqual([]);
    expect(report.drops.rate).toBeGreaterThan(1000);
  });

  it('hears around who passes no gossip on', async () => {
    expect((await siege({ vice: 'mute', share: 0.13 })).violated).toEqual([]);
  });

  it('goes around who passes no frames on', async () => {
    const report = await siege({ vice: 'blackhole', share: 0.07 });
    expect(report.violated).toEqual([]);
  });

  it('names it when the frames of some are swallowed', async () => {
    const { violated } = await siege({ vice: 'dropper', share: 0.13 });
    expect(violated).toEqual(['frames-arrive']);
  });

  it('names it when false costs draw routes, and when two invent a link', async () => {
    const liar = await siege({ vice: 'liar', share: 0.07 });
    expect(liar.assertions.find(({ name }) => name === 'no-forged-state')).toMatchObject({ holds: true });
    const colluders = await siege({ vice: 'colluder', share: 0.13 });
    expect(colluders.violated).toContain('no-forged-state');
  });
});
