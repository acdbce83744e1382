import { describe, expect, it } from 'vitest';
import type { AnomalySummary } from '../../../agents/anomaly/summary.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { FleetWatch } from '../../../daemon/anomaly/fleet-watch.ts';

const summary = (temperature: number, score = 0): AnomalySummary => ({
  ...{ profile: 'raspberry-pi-4', score, raised: [] },
  readings: [{ metric: 'cpu.temperature', value: temperature }],
});

const LIKE = ['a', 'b', 'c', 'd', 'e', 'f'];

function fleet() {
  const clock = new VirtualClock();
  const watch = new FleetWatch(clock);
  /** One word of each, and a look. */
  const round = (odd: Record<string, AnomalySummary> = {}, silent: readonly string[] = []) => {
    for (const [index, node] of LIKE.entries()) {
      if (!silent.includes(node)) watch.hear(node, odd[node] ?? summary(50 + index / 2));
    }
    clock.advance(15_000);
    return watch.look().map((event) => [event.kind, event.kind === 'raised' ? event.member.node : event.node]);
  };
  return { clock, watch, round };
}

describe('FleetWatch', () => {
  it('raises a node that is unlike for ten minutes, and clears it after three words in a row', () => {
    const { round } = fleet();
    const hot = { c: summary(85) };
    const told = Array.from({ length: 40 }, () => round(hot));
    expect([told.slice(0, 39).flat(), told[39]]).toEqual([[], [['raised', 'c']]]);
    expect([round(hot), round(), round(), round()]).toEqual([[], [], [], [['cleared', 'c']]]);
  });

  it('takes no notice of what differs by nothing to look at, however alike the others are', () => {
    const { clock, watch } = fleet();
    const disk = (value: number): AnomalySummary => ({ ...summary(50), readings: [{ metric: 'disk.used', value }] });
    const told = Array.from({ length: 50 }, () => {
      for (const node of LIKE) watch.hear(node, disk(node === 'c' ? 0.0153 : 0.00908));
      clock.advance(15_000);
      return watch.look();
    });
    expect(told.flat()).toEqual([]);
  });

  it('takes no notice of one odd word', () => {
    const { round } = fleet();
    const hot = { c: summary(85) };
    const most = Array.from({ length: 39 }, () => hot);
    expect([...most, {}, ...most, {}].flatMap((odd) => round(odd))).toEqual([]);
  });

  it('does not believe a node that says of itself that it is anomalous, nor let two liars of six make the others look odd', () => {
    const { round } = fleet();
    const lies = { a: summary(1e300, 1), b: summary(-1e300, 1) };
    const raised = Array.from({ length: 45 }, () => round(lies)).flat();
    expect(raised).toEqual([
      ['raised', 'a'],
      ['raised', 'b'],
    ]);
    const { round: again } = fleet();
    expect(Array.from({ length: 45 }, () => again({ a: summary(51, 1) })).flat()).toEqual([]);
  });

  it('counts many words between two looks as one', () => {
    const { watch, round } = fleet();
    for (let i = 0; i < 100; i++) watch.hear('c', summary(85));
    expect(round({ c: summary(85) })).toEqual([]);
    // A look without news changes nothing.
    expect(watch.look()).toEqual([]);
  });

  it('clears who falls silent, and says nothing of fewer than five', () => {
    const { round } = fleet();
    const hot = { c: summary(85) };
    for (let i = 0; i < 40; i++) round(hot);
    expect([round({}, ['c']), round({}, ['c']), round({}, ['c'])].flat()).toEqual([['cleared', 'c']]);
    const { round: few } = fleet();
    expect(Array.from({ length: 45 }, () => few(hot, ['a', 'b'])).flat()).toEqual([]);
  });
});
