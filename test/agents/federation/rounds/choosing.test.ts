import { describe, expect, it } from 'vitest';
import { carriedOver } from '../../../../agents/federation/rounds/arrival.ts';
import {
  expectedSeconds,
  learnPace,
  NO_TRACKS,
  readTracks,
  reliability,
  strangerSeconds,
  type Tracks,
  targetsOf,
  writeTracks,
} from '../../../../agents/federation/rounds/pace.ts';
import type { Done, Member, Standing } from '../../../../agents/federation/rounds/round.ts';
import { nextRound } from '../../../../agents/federation/rounds/schedule.ts';
import { type CandidateNode, select, unfit, weightOf } from '../../../../agents/federation/rounds/selection.ts';
import { countedOf, stalenessWeight } from '../../../../agents/federation/rounds/weights.ts';
import { seededRandom } from '../../../../core/random.ts';

const selection = { share: 0.5, least: 5, most: 1000, overSelection: 1.5, battery: 0.3 };
const board = (node: string, changes: Partial<CandidateNode> = {}): CandidateNode => ({
  ...{ node, examples: 100, reachable: true, pressure: 0, trust: 1, score: 0, ...changes },
});
const boards = (count: number): CandidateNode[] => Array.from({ length: count }, (_, at) => board(`n${at}`));
const arrived = (examples: number, changes: Partial<Extract<Standing, { kind: 'in' }>> = {}): Standing => ({
  ...{
    kind: 'in',
    id: '0123456789abcdef',
    late: 0,
    digest: 'ab',
    examples,
    trust: 1,
    bytes: 1,
    metrics: {},
    ...changes,
  },
});
const member = (node: string, standing: Standing): Member => ({ node, standing, expected: 1, examples: 100 });
const over = (number: number, members: Member[], mode: 'synchronous' | 'asynchronous' = 'synchronous'): Done => ({
  ...{ kind: 'done', outcome: 'proposed', sentence: '', endedAt: 0, endsAt: 0, resumes: 0, refused: [] },
  ...{ counted: [], candidate: '', verdicts: [], norm: 0, invitedAt: undefined },
  targets: { wanted: 1, quorum: 1, deadline: 1 },
  members: new Map(members.map((each) => [each.node, each])),
  facts: {
    ...{ learner: 'toy', number, id: `${number}`.padStart(16, '0'), mode, base: '', digest: '', startedAt: 0 },
    plan: { epochs: 1, proximal: 0, budget: 30, seed: 1 },
  },
});

describe('who is asked', () => {
  it('is nobody who has nothing, cannot be reached, is hot, empty, distrusted or odd', () => {
    expect(unfit(board('a', { examples: 0 }), selection)).toBe('nothing-new');
    expect(unfit(board('a', { reachable: false }), selection)).toBe('unreachable');
    expect(unfit(board('a', { pressure: 0.95 }), selection)).toBe('pressed');
    expect(unfit(board('a', { battery: 0.2 }), selection)).toBe('battery');
    expect(unfit(board('a', { trust: 0 }), selection)).toBe('distrusted');
    expect(unfit(board('a', { score: 0.99 }), selection)).toBe('anomalous');
    expect(unfit(board('a', { battery: 0.4, pressure: 0.5 }), selection)).toBeUndefined();
  });

  it('is a share of the nodes, and as many more as are needed to have so many updates', () => {
    // Strangers deliver in two of three cases: 20 · 3/2 = 30 are asked for 20.
    const strangers = select(boards(40), {}, 1, selection, seededRandom(1));
    expect(strangers).toMatchObject({ wanted: 20 });
    expect(strangers.invited).toHaveLength(30);
    const sure = { samples: [], invited: 5, delivered: 5, chosen: 0 };
    const tracks = Object.fromEntries(boards(40).map(({ node }) => [node, sure]));
    // 7/8 each: 23 · 7/8 = 20.1.
    expect(select(boards(40), tracks, 1, selection, seededRandom(1)).invited).toHaveLength(23);
    expect(select(boards(3), {}, 1, selection, seededRandom(1))).toMatchObject({ wanted: 3 });
    expect(select([], {}, 1, selection, seededRandom(1))).toEqual({ invited: [], wanted: 0, unfit: [] });
  });

  it('is the same for the same seed, in whatever order the nodes are known', () => {
    const one = select(boards(40), {}, 1, selection, seededRandom(7)).invited.map(({ node }) => node);
    const other = select(boards(40).reverse(), {}, 1, selection, seededRandom(7)).invited.map(({ node }) => node);
    expect(one).toEqual(other);
  });

  it('changes: who was not chosen for long comes up, so that over ten rounds all have been asked', () => {
    let tracks: Tracks = NO_TRACKS;
    const asked = new Set<string>();
    const config = { ...selection, share: 0.25, overSelection: 1 };
    for (let round = 1; round <= 10; round++) {
      const { invited } = select(boards(40), tracks.nodes, round, config, seededRandom(round));
      expect(invited).toHaveLength(10);
      for (const { node } of invited) asked.add(node);
      tracks = learnPace(
        tracks,
        over(
          round,
          invited.map(({ node }) => member(node, arrived(100))),
        ),
      );
    }
    expect(asked.size).toBe(40);
  });

  it('weighs √examples · trust · what the board has to spare · rounds since it was chosen', () => {
    expect(weightOf(board('a'), undefined, 5)).toBe(100);
    expect(weightOf(board('a', { examples: 400, trust: 0.5, pressure: 0.5 }), undefined, 5)).toBe(50);
    expect(weightOf(board('a'), { samples: [], invited: 1, delivered: 1, chosen: 4 }, 5)).toBe(10);
    expect(weightOf(board('a', { battery: 0.5 }), { samples: [], invited: 1, delivered: 1, chosen: 3 }, 5)).toBe(10);
  });
});

describe('how long a round waits', () => {
  it('follows from each node’s own slow tenth, scaled to what it has now', () => {
    const track = {
      samples: [
        [10, 100],
        [12, 100],
        [30, 100],
      ] as [number, number][],
      invited: 3,
      delivered: 3,
      chosen: 3,
    };
    expect(expectedSeconds(track, 100)).toBe(30);
    expect(expectedSeconds(track, 200)).toBe(60);
    // Training ends with its budget, and has a part that is always the same.
    expect(expectedSeconds(track, 100_000)).toBe(120);
    expect(expectedSeconds(track, 1)).toBe(15);
    expect(expectedSeconds(undefined, 100)).toBeUndefined();
    expect(strangerSeconds([], 30)).toBe(35);
    expect(strangerSeconds([4, 6, 50], 30)).toBe(12);
  });

  it('is slack times what the wanted number needs: one slow node of ten does not lengthen it, and is not counted on', () => {
    const members = Array.from({ length: 10 }, (_, at) => ({ node: `n${at}`, expected: at === 9 ? 1000 : 10 + at }));
    const bounds = { least: 5, most: 600, slack: 1.5 };
    expect(targetsOf(members, 8, () => 1, 0.6, bounds)).toEqual({ wanted: 8, quorum: 6, deadline: 25_500 });
    expect(targetsOf(members, 10, () => 1, 0.6, bounds)).toEqual({ wanted: 10, quorum: 6, deadline: 600_000 });
    expect(targetsOf(members, 8, () => 0.5, 0.6, bounds).quorum).toBe(3);
    expect(targetsOf(members, 8, () => 0.01, 0.6, bounds).quorum).toBe(1);
    expect(targetsOf(members.slice(0, 1), 1, () => 1, 0.6, { ...bounds, least: 100 }).deadline).toBe(100_000);
  });

  it('waits twice as long for a node that was still at work when its time was over, and no longer for one that was only not needed', () => {
    const slow = { ...member('a', { kind: 'training' as const }), expected: 35, examples: 28 };
    const ended = (seconds: number) => {
      const round = over(1, [slow]);
      return { ...round, endedAt: round.facts.startedAt + seconds * 1000 };
    };
    expect(expectedSeconds(learnPace(NO_TRACKS, ended(50)).nodes.a, 28)).toBe(70);
    expect(expectedSeconds(learnPace(NO_TRACKS, ended(20)).nodes.a, 28)).toBeUndefined();
  });

  it('counts less on nodes that did not deliver, and forgets what was long ago', () => {
    let tracks = NO_TRACKS;
    for (let round = 1; round <= 10; round++)
      tracks = learnPace(tracks, over(round, [member('a', { kind: 'training' })]));
    expect(reliability(tracks.nodes.a)).toBeCloseTo(0.268, 3);
    for (let round = 11; round <= 20; round++) tracks = learnPace(tracks, over(round, [member('a', arrived(100))]));
    expect(reliability(tracks.nodes.a)).toBeCloseTo(0.814, 3);
    expect(reliability(undefined)).toBeCloseTo(0.667, 3);
    // Who said no in time held nobody up.
    const declined = learnPace(NO_TRACKS, over(1, [member('b', { kind: 'declined', reason: 'veto', cause: '' })]));
    expect(reliability(declined.nodes.b)).toBeCloseTo(0.667, 3);
  });

  it('learns from a round once, and is read as it was written', () => {
    const round = over(1, [member('a', arrived(100, { seconds: 4.5 }))]);
    const tracks = learnPace(NO_TRACKS, round);
    expect(learnPace(tracks, round)).toEqual(tracks);
    expect(readTracks(writeTracks(tracks))).toEqual(tracks);
    expect(tracks.nodes.a!.samples).toEqual([[4.5, 100]]);
    for (const text of [undefined, '', '{', '[]', '{"upTo":-1,"nodes":{}}'])
      expect(readTracks(text)).toEqual(NO_TRACKS);
  });

  it('remembers thousands of nodes in less than the store takes', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 8000 }, (_, at) => [
        `12D3KooW${'x'.repeat(40)}${at}`,
        {
          samples: Array.from({ length: 8 }, (): [number, number] => [123.456, 10_000]),
          invited: 4.123,
          delivered: 4.123,
          chosen: at,
        },
      ]),
    );
    const text = writeTracks({ upTo: 9, nodes });
    expect(text.length).toBeLessThan(1_000_000);
    const kept = readTracks(text);
    expect(Object.keys(kept.nodes).length).toBeGreaterThan(3000);
    expect(kept.nodes[`12D3KooW${'x'.repeat(40)}7999`]).toBeDefined();
  });
});

describe('how much an update weighs', () => {
  it('is its examples, however many it claims at most four times the median', () => {
    const counted = countedOf([
      member('b', arrived(200)),
      member('a', arrived(100)),
      member('liar', arrived(1e9)),
      member('d', { kind: 'training' }),
    ]);
    expect(counted).toEqual([
      { node: 'a', weight: 100 },
      { node: 'b', weight: 200 },
      { node: 'liar', weight: 800 },
    ]);
  });

  it('is less the later it comes, and nothing without trust', () => {
    expect(stalenessWeight(0)).toBe(1);
    expect(stalenessWeight(3)).toBe(0.5);
    const counted = countedOf([
      member('a', arrived(100)),
      member('b', arrived(100, { late: 3 })),
      member('c', arrived(100, { trust: 0.5 })),
      member('d', arrived(100, { trust: 0 })),
    ]);
    expect(counted.map(({ node, weight }) => [node, weight])).toEqual([
      ['a', 100],
      ['b', 50],
      ['c', 50],
    ]);
  });
});

describe('what an asynchronous round takes over', () => {
  it('are the nodes that still train, from the round they were asked in, until they are too late', () => {
    const first = over(1, [member('a', { kind: 'training' }), member('b', arrived(1))], 'asynchronous');
    expect(carriedOver([first], 2, 4)).toMatchObject([{ node: 'a', carried: { number: 1 } }]);
    const [carried] = carriedOver([first], 2, 4);
    const second = over(2, [carried!], 'asynchronous');
    expect(carriedOver([second, first], 3, 4)).toMatchObject([{ node: 'a', carried: { number: 1 } }]);
    expect(carriedOver([second, first], 6, 4)).toEqual([]);
    const delivered = over(3, [member('a', arrived(1))], 'asynchronous');
    expect(carriedOver([delivered, second, first], 4, 4)).toEqual([]);
    expect(carriedOver([over(1, [member('a', { kind: 'training' })])], 2, 4)).toEqual([]);
  });
});

describe('when the next round begins', () => {
  const config = { interval: 900, examples: 2000, pause: 30 };
  const view = { now: 100_000, since: 0, failures: 0, examples: 0, nodes: 5 };

  it('is when there is enough, or at its time, but not before a pause', () => {
    expect(nextRound({ ...view, examples: 2000 }, config)).toEqual({ kind: 'due', why: '2000 new examples' });
    expect(nextRound({ ...view, examples: 1999 }, config)).toMatchObject({ kind: 'wait', for: 10_000 });
    expect(nextRound({ ...view, now: 900_000 }, config)).toEqual({ kind: 'due', why: 'its time has come' });
    expect(nextRound({ ...view, examples: 5000, now: 20_000 }, config)).toMatchObject({ kind: 'wait', for: 10_000 });
  });

  it('is not while it is blocked or too few could take part, however long that is', () => {
    const late = { ...view, now: 1e9, examples: 1e6 };
    expect(nextRound({ ...late, blocked: 'ada paused it' }, config)).toMatchObject({
      kind: 'wait',
      why: 'ada paused it',
    });
    expect(nextRound({ ...late, nodes: 1 }, config).kind).toBe('wait');
    expect(nextRound({ ...late, nodes: 2 }, config).kind).toBe('due');
  });

  it('waits longer after each failure, up to the interval', () => {
    const failed = (failures: number) => nextRound({ ...view, now: 1, examples: 1e6, failures }, config);
    expect([1, 2, 3, 10].map((failures) => failed(failures))).toMatchObject([
      { for: 59_999 },
      { for: 119_999 },
      { for: 239_999 },
      { for: 899_999 },
    ]);
  });
});
