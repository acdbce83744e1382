import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { readBaselines } from '../../../agents/anomaly/baseline-document.ts';
import { BoardReadings } from '../../../agents/anomaly/board-readings.ts';
import { ReadingsDocument } from '../../../agents/anomaly/readings-document.ts';
import { AnomalySummary, summaryOf } from '../../../agents/anomaly/summary.ts';
import { AnomalyView } from '../../../agents/anomaly/view.ts';
import { type AnomalyEvent, AnomalyWatch, type AnomalyWatchParts } from '../../../agents/anomaly/watch.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { noise, START } from './series.ts';

const STEP = 5_000;

/** A node whose temperature and load are read every five seconds, and a counter of messages. */
function node(parts: Partial<AnomalyWatchParts> = {}) {
  const clock = new VirtualClock();
  const watch = new AnomalyWatch({ clock, ...parts });
  const [temperature, load] = [noise(1), noise(2)];
  let sent = 0;
  const read = (count: number, extra: { temperature?: number; load?: number } = {}): AnomalyEvent[] => {
    const events: AnomalyEvent[] = [];
    for (let n = 0; n < count; n++) {
      clock.advance(STEP);
      sent += 50;
      const values = {
        temperature: 50 + temperature() + (extra.temperature ?? 0),
        load: 0.3 + 0.02 * load() + (extra.load ?? 0),
      };
      for (const [metric, value] of Object.entries(values))
        events.push(...watch.observe({ subject: 'node', metric, kind: 'gauge', value }));
      events.push(...watch.observe({ subject: 'link/barn', metric: 'messages', kind: 'counter', value: sent }));
    }
    return events;
  };
  return {
    clock,
    watch,
    read,
    restart: () => {
      sent = 0;
    },
  };
}

describe('a node that is watched', () => {
  it('raises once what lasts, explains it, and clears it once it is over', () => {
    const { watch, read, clock } = node();
    expect(read(2000)).toEqual([]);
    const begun = clock.wall();
    const events = read(30, { temperature: 25, load: 0.5 });
    expect(events.map(({ kind }) => kind)).toEqual(['raised', 'raised']);
    const [raised] = events;
    if (raised?.kind !== 'raised') throw new Error('nothing was raised');
    const { explanation } = raised;
    expect(explanation).toMatchObject({ subject: 'node', metric: 'temperature', since: begun + STEP });
    expect(explanation.usual!.typical).toBeCloseTo(50, 0);
    expect(explanation.departure).toBeGreaterThan(10);
    // No more than have been seen.
    expect(explanation.oneOf).toBe(2002);
    expect(explanation.sentence).toMatch(
      /^temperature of node is 7\d\.?\d*, usually 4\d\.?\d* to 5\d\.?\d* at this hour \(\d+.* spreads above\); one of [\d,]+ values is as unusual: .*; since 2026-01-01T02:46:45Z/,
    );
    const view = watch.view();
    expect(Value.Check(AnomalyView, view)).toBe(true);
    expect(view.raised[0]!.together).toContainEqual(expect.objectContaining({ metric: 'load' }));
    expect(view.score).toBeGreaterThan(0.999);
    expect(watch.scoreOf('link/barn')).toBeLessThan(0.9);
    const summary = summaryOf('raspberry-pi-4', view, [
      { metric: 'load', value: Number.NaN },
      ...Array.from({ length: 40 }, (_, n) => ({ metric: `m${n}`, value: n })),
    ]);
    expect(Value.Check(AnomalySummary, summary)).toBe(true);
    expect(summary).toMatchObject({ raised: [{ subject: 'node' }, { subject: 'node' }] });
    expect(summary.readings).toHaveLength(32);
    const after = read(200);
    expect(after.filter(({ kind }) => kind === 'cleared')).toHaveLength(2);
    expect(watch.view().raised).toEqual([]);
  });

  it('raises a fault that comes again, though its values are known', () => {
    const { read } = node();
    read(2000);
    for (let time = 0; time < 4; time++) {
      expect(read(20, { temperature: 25 }).map(({ kind }) => kind)).toEqual(['raised']);
      expect(read(700).map(({ kind }) => kind)).toEqual(['cleared']);
    }
  });

  it('raises nothing for a counter that starts again', () => {
    const { read, restart } = node();
    read(600);
    restart();
    expect(read(100)).toEqual([]);
  });

  it('has few false alarms in a day of five-second readings', { timeout: 60_000 }, () => {
    const { read } = node();
    read(400);
    expect(read(6 * 720).filter(({ kind }) => kind === 'raised').length).toBeLessThanOrEqual(1);
  });

  it('accepts as many false alarms as are in force', () => {
    const clock = new VirtualClock();
    let accepted = 0.01;
    const watch = new AnomalyWatch({ clock, falseAlarmsPerDay: () => accepted });
    const each = noise(3);
    const alarms = (count: number): number =>
      Array.from({ length: count })
        .flatMap(() => {
          clock.advance(STEP);
          return watch.observe({ subject: 'node', metric: 'heavy', kind: 'gauge', value: Math.exp(each()) });
        })
        .filter(({ kind }) => kind === 'raised').length;
    alarms(2_000);
    const few = alarms(10_000);
    accepted = 100;
    expect(alarms(10_000)).toBeGreaterThan(few);
  });

  it('ignores what is no number, and learns while there is little', () => {
    const { watch, clock } = node();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1, 1e9, -1e9]) {
      clock.advance(STEP);
      expect(watch.observe({ subject: 'node', metric: 'x', kind: 'gauge', value })).toEqual([]);
    }
    expect(watch.score).toBe(0);
    expect(watch.view().series[0]).toMatchObject({ state: 'learning', value: -1e9 });
  });

  it('watches as many series as it may, and gives the place of one that fell silent to a new one', () => {
    const { watch, clock } = node({ mostSeries: 3 });
    const see = (subject: string): void => void watch.observe({ subject, metric: 'm', kind: 'gauge', value: 1 });
    for (let n = 0; n < 10; n++) see(`link/${n}`);
    expect(watch.view()).toMatchObject({
      refused: 7,
      series: [{ subject: 'link/0' }, { subject: 'link/1' }, { subject: 'link/2' }],
    });
    clock.advance(3_600_001);
    see('link/1');
    see('link/9');
    expect(watch.view().series.map(({ subject }) => subject)).toEqual(['link/1', 'link/9']);
  });
});

describe('a board that was just set up', () => {
  const readings = new BoardReadings({ profile: 'raspberry-pi-4', offsetMinutes: () => 0 });

  it('is judged by boards like it until it knows itself', async () => {
    await readings.share([{ metric: 'temperature', hour: 0, location: 50, scale: 2, evidence: 0.9 }]);
    const { read } = node({ expected: ({ metric }, wall) => readings.expected(metric, wall) });
    expect(read(20)).toEqual([]);
    expect(read(5, { temperature: 40 })).toMatchObject([
      { kind: 'raised', explanation: { metric: 'temperature', usual: { typical: 50 } } },
    ]);
  });

  it('refuses what no board reads', async () => {
    await expect(readings.share([{ metric: 'x', hour: 0, location: 1, scale: 0, evidence: 1 }])).rejects.toMatchObject({
      code: 'ANOMALY_BASELINES_INVALID',
    });
  });

  it('notes at most 2,000 readings of ten metrics, two minutes apart', () => {
    for (let n = 0; n < 30_000; n++) readings.note(`m${n % 12}`, n, Math.floor(n / 12) * 120_000);
    readings.note('m0', Number.NaN, 1e12);
    expect(readings.readings()).toHaveLength(20_000);
    expect(readings.readings().at(-1)).toMatchObject({ metric: 'm9', hour: expect.any(Number) });
  });
});

describe('the readings of a board', () => {
  const own = { profile: 'raspberry-pi-4', offsetMinutes: () => 60 };
  const filled = (): BoardReadings => {
    const readings = new BoardReadings(own);
    for (let n = 0; n < 2_500; n++) {
      for (let metric = 0; metric < 10; metric++) readings.note(`metric-number-${metric}`, n / 7, START + n * 120_000);
    }
    return readings;
  };

  it('come back as they were, within their bounds', () => {
    const [before, after] = [filled(), new BoardReadings(own)];
    const text = JSON.stringify(before.save());
    expect(text.length).toBeLessThan(500_000);
    const document: unknown = JSON.parse(text);
    if (!Value.Check(ReadingsDocument, document)) throw new Error('it does not have the shape that it is read by');
    after.restore(document, START + 2_499 * 120_000);
    expect(after.readings()).toHaveLength(20_000);
    expect(after.readings().map(({ metric, at, hour }) => [metric, at, hour])).toEqual(
      before.readings().map(({ metric, at, hour }) => [metric, at, hour]),
    );
    const kept = after.readings();
    const errors = before.readings().map(({ value }, place) => Math.abs(kept[place]!.value - value));
    expect(Math.max(...errors)).toBeLessThan(0.001);
  });

  it('are not those of another kind of board, nor from the future', () => {
    const document = filled().save();
    const other = new BoardReadings({ ...own, profile: 'raspberry-pi-5' });
    other.restore(document, START + 1e9);
    expect(other.readings()).toEqual([]);
    const early = new BoardReadings(own);
    early.restore(document, document.metrics[0]!.at[4]!);
    expect(early.readings()).toHaveLength(50);
    early.restore({ ...document, metrics: [{ metric: 'short', at: [1, 1e6], values: [5] }] }, START);
    expect(early.readings().filter(({ metric }) => metric === 'short')).toEqual([]);
  });
});

describe('who is told', () => {
  it('tells nobody in quiet hours, by the clock on the wall', () => {
    // The clock starts at midnight UTC: an hour ahead it is one o'clock.
    const { read } = node({ quietHours: [{ from: '23:00', to: '06:00' }], offsetMinutes: () => 60 });
    read(2000);
    const events = read(20, { temperature: 25 });
    expect(events).toMatchObject([{ kind: 'raised', muted: 'quiet-hours' }]);
  });

  it('lets what was acknowledged count no more, until that ends, also over a restart', () => {
    const { watch, read, clock } = node();
    read(2000);
    read(20, { temperature: 25 });
    expect(watch.score).toBeGreaterThan(0.999);
    watch.acknowledge({
      subject: 'node',
      metric: 'temperature',
      by: 'ann',
      reason: 'the fan is ordered',
      until: clock.wall() + 60_000,
    });
    expect(watch.score).toBeLessThan(0.99);
    const again = new AnomalyWatch({ clock });
    again.restore(readBaselines(JSON.stringify(watch.save())));
    expect(again.view().acknowledged).toMatchObject([{ by: 'ann' }]);
    clock.advance(60_001);
    expect(again.view().acknowledged).toEqual([]);
    expect(watch.score).toBeGreaterThan(0.999);
    expect(() => watch.acknowledge({ subject: 'node', by: 'ann', reason: '', until: 0 })).toThrow(
      expect.objectContaining({ code: 'ANOMALY_WRONG_TIME' }),
    );
  });
});

describe('what it remembers', () => {
  it('knows what is usual after a restart', () => {
    const { watch, read, clock } = node();
    read(2000);
    const text = JSON.stringify(watch.save());
    expect(text.length / 3).toBeLessThan(25_000);
    const again = new AnomalyWatch({ clock });
    expect(again.restore(readBaselines(text))).toEqual([]);
    expect(again.hours('node', 'temperature')![0]![0]).toBeCloseTo(50, 0);
    const events = [80, 81, 80].flatMap((value) => {
      clock.advance(STEP);
      return again.observe({ subject: 'node', metric: 'temperature', kind: 'gauge', value });
    });
    expect(events).toMatchObject([{ kind: 'raised', explanation: { metric: 'temperature' } }]);
  });

  it('refuses a broken document, and learns a broken series anew', () => {
    for (const text of ['', '{', '[]', '{"version":2}']) {
      expect(() => readBaselines(text)).toThrow(expect.objectContaining({ code: 'ANOMALY_STATE_INVALID' }));
    }
    const { watch, read, clock } = node();
    read(200);
    const document = watch.save();
    document.series[0]!.detector = 'AAAA';
    const again = new AnomalyWatch({ clock });
    expect(again.restore(document)).toEqual([
      expect.stringContaining('temperature of node: A remembered baseline cannot be read'),
    ]);
    expect(again.save().series).toHaveLength(2);
  });
});
