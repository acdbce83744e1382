import { describe, expect, it } from 'vitest';
import type { AnomalySummary } from '../../../agents/anomaly/summary.ts';
import type { FleetMember } from '../../../daemon/anomaly/fleet-watch.ts';
import { PeerScores } from '../../../daemon/anomaly/peer-scores.ts';

const raised = (subject: string, metric: string, likelihood = 0.99) => ({ subject, metric, likelihood, since: 0 });

function member(node: string, ...list: AnomalySummary['raised']): FleetMember {
  return { node, summary: { profile: 'raspberry-pi-4', score: 0.97, raised: list, readings: [] } };
}

const unlike = (node: string, temperature: number): FleetMember => ({
  ...member(node),
  ...{
    since: 1,
    compared: { node, profile: 'raspberry-pi-4', of: 6, likelihood: 0.999, differences: [HOT(temperature)] },
  },
});

const HOT = (value: number) => ({ metric: 'cpu.temperature', value, typical: 50, departure: 14, likelihood: 0.999 });

const none = (): boolean => false;

describe('The scores that peers gossip', () => {
  it('are said as the words of the peer, while something of it is raised, and once as 0 when that is over', () => {
    const scores = new PeerScores('me', none);
    expect(scores.signals([member('a'), member('me', raised('node', 'cpu.load'))], 5)).toEqual([]);
    const odd = member('a', raised('node', 'cpu.load'), raised('node', 'memory.used'));
    expect(scores.signals([odd], 10)).toEqual([
      {
        ...{ subject: 'peer/a', from: 'a', at: 10, kind: 'score', metric: 'peer.score', score: 0.97 },
        why: 'a says that cpu.load, memory.used of it is unusual',
      },
    ]);
    expect(scores.signals([member('a')], 15)).toMatchObject([{ metric: 'peer.score', from: 'a', at: 15, score: 0 }]);
    expect(scores.signals([member('a')], 20)).toEqual([]);
    scores.signals([odd], 25);
    // Silent, or gone.
    expect(scores.signals([], 30)).toMatchObject([{ score: 0 }]);
  });

  it('speak of the link to here, by the most unusual reading, and of no other link', () => {
    const scores = new PeerScores('me', none);
    const said = scores.signals(
      [
        member(
          'a',
          raised('link/me', 'link.rtt', 0.9),
          raised('link/me', 'link.loss', 0.95),
          raised('link/b', 'link.loss', 1),
        ),
      ],
      0,
    );
    expect(said.map(({ subject, metric, score }) => [subject, metric, score])).toEqual([
      ['link/a', 'link.loss', 0.95],
      ['peer/a', 'peer.score', 0.97],
    ]);
  });

  it('repeat no word that is no name of a metric', () => {
    const scores = new PeerScores('me', none);
    const [said] = scores.signals([member('a', raised('node', 'call 0800 now')), member('b')], 0);
    expect(said!.why).toBe('a says that something of it is unusual');
  });

  it('are joined by how a peer is unlike its like, in the words of the first time, until people know', () => {
    let known = false;
    const scores = new PeerScores('me', () => known);
    const [first] = scores.signals([unlike('a', 85)], 0);
    expect(first).toMatchObject({ subject: 'peer/a', from: 'a', metric: 'peer.unlike', score: 0.999 });
    expect(first!.why).toBe(
      'a is unlike the 5 other raspberry-pi-4 nodes: cpu.temperature is 85, typically 50 (14 spreads above)',
    );
    expect(scores.signals([unlike('a', 86)], 5)[0]!.why).toBe(first!.why);
    known = true;
    expect(scores.signals([unlike('a', 86)], 10)).toMatchObject([{ metric: 'peer.unlike', score: 0 }]);
  });
});
