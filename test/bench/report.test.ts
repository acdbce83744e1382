import { afterEach, describe, expect, it, vi } from 'vitest';
import { Report } from '../../bench/rig/report.ts';

describe('A report', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  function printed(tell: (report: Report) => void): unknown[] {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    tell(new Report('healing'));
    return log.mock.calls.map(([line]) => JSON.parse(String(line)));
  }

  it('says whether our value meets its target, and sets those of others beside it', () => {
    const result = { case: 'ring', metric: 'outage', unit: 's' };
    expect(
      printed((report) => {
        report.tell('parlmesh', { ...result, value: 0.25, target: 0.2 }, { cuts: 20 });
        report.tell('OSPF', { ...result, value: 1, target: 0.2 });
      }),
    ).toEqual([
      { bench: 'healing', ...result, value: 0.25, target: 0.2, met: false, cuts: 20 },
      { bench: 'healing', ...result, value: 0.25, peer: 'OSPF', peerValue: 1, ratio: 0.25 },
    ]);
  });

  it('names the subject where ours was not measured, and gives no ratio to nothing', () => {
    const result = { case: 'ring', metric: 'lost', unit: '1' };
    expect(
      printed((report) => {
        report.tell('OSPF', { ...result, value: 3 });
        report.tell('parlmesh', { ...result, value: 2 });
        report.tell('Babel', { ...result, value: 0 });
      }),
    ).toMatchObject([{ subject: 'OSPF', value: 3 }, { value: 2 }, { value: 2, peer: 'Babel', peerValue: 0 }]);
  });
});
