// How fast nodes are and how surely they deliver, from their own past, and what follows for a round: its deadline and its
// quorum. Pure. docs/federation.md has the formulas.

import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Millis } from '../../../core/clock.ts';
import type { DeadlineConfig } from '../config.ts';
import { isOver, type Member, type RoundState, type Targets } from './round.ts';

const MOST_SAMPLES = 8;
const MOST_TRACKED = 5000;
/** Characters of the document: the storage takes 1 MB. */
const MOST_DOCUMENT = 900_000;
/** What is left of the past with each further invitation. */
const DECAY = 0.8;
/** The slow tenth. */
const QUANTILE = 0.9;
/** A past of other amounts of work tells so far: training ends with its budget, and has a part that is always the same. */
const SCALE = { least: 0.5, most: 4 };
/** Before anything is known: two of three deliver. */
const PRIOR = { delivered: 2, invited: 3 };
/** Times as long as expected that a node is taken to need that had accepted and was not done in time. */
const LATE = 2;
/** Seconds for the way there and back when nobody has been measured. */
const UNKNOWN_WAY = 5;

const Track = Type.Object({
  /** Newest last: seconds from the invitation to the update, and examples. */
  samples: Type.Array(Type.Tuple([Type.Number({ minimum: 0 }), Type.Number({ minimum: 0 })]), {
    maxItems: MOST_SAMPLES,
  }),
  /** Both fade. */
  invited: Type.Number({ minimum: 0 }),
  delivered: Type.Number({ minimum: 0 }),
  /** Number of the last round that it was chosen for. */
  chosen: Type.Integer({ minimum: 0 }),
});
export type Track = Static<typeof Track>;

export const Tracks = Type.Object({
  /** Rounds up to this one are in it. */
  upTo: Type.Integer({ minimum: 0 }),
  nodes: Type.Record(Type.String({ maxLength: 128 }), Track),
});
export type Tracks = Static<typeof Tracks>;

const checkTracks = Compile(Tracks);

export const NO_TRACKS: Tracks = { upTo: 0, nodes: {} };

/** Nothing known, for what cannot be read. Never throws. */
export function readTracks(text: string | undefined): Tracks {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return checkTracks.Check(value) ? value : NO_TRACKS;
  } catch {
    return NO_TRACKS;
  }
}

/** Those chosen longest ago are forgotten first when there is no room. */
export function writeTracks({ upTo, nodes }: Tracks): string {
  const kept: string[] = [];
  let length = 0;
  for (const [node, track] of Object.entries(nodes).sort(([, a], [, b]) => b.chosen - a.chosen)) {
    const text = `${JSON.stringify(node)}:${JSON.stringify(track)}`;
    length += text.length + 1;
    if (kept.length >= MOST_TRACKED || length > MOST_DOCUMENT) break;
    kept.push(text);
  }
  return `{"upTo":${upTo},"nodes":{${kept.join(',')}}}`;
}

/** With what a round that is over showed. The same round twice is once. */
export function learnPace(tracks: Tracks, round: RoundState): Tracks {
  if (!isOver(round) || round.facts.number <= tracks.upTo) return tracks;
  const nodes = { ...tracks.nodes };
  const waited = (round.endedAt - round.facts.startedAt) / 1000;
  for (const { node, standing, carried, expected, examples, gone } of round.members.values()) {
    const before = nodes[node] ?? { samples: [], invited: 0, delivered: 0, chosen: 0 };
    const isIn = standing.kind === 'in';
    // It said so in time; that holds no round up. Nor do those hold one up that were still expected when it was full.
    if (standing.kind === 'declined' || (carried !== undefined && !isIn)) {
      nodes[node] = { ...before, chosen: round.facts.number };
      continue;
    }
    const took = isIn && standing.seconds !== undefined ? [tuple(standing.seconds, standing.examples)] : [];
    // It was still at work after its time: how long it needs nobody knows, but that it is more.
    const isLate = standing.kind === 'training' && !gone && waited >= expected;
    const sample = isLate ? [tuple(LATE * expected, examples)] : took;
    nodes[node] = {
      samples: [...before.samples, ...sample].slice(-MOST_SAMPLES),
      invited: round3(before.invited * DECAY + 1),
      delivered: round3(before.delivered * DECAY + (isIn ? 1 : 0)),
      chosen: round.facts.number,
    };
  }
  return { upTo: round.facts.number, nodes };
}

/** Chance that it delivers, 0 to 1: of strangers two thirds do. */
export function reliability(track: Track | undefined): number {
  return ((track?.delivered ?? 0) + PRIOR.delivered) / ((track?.invited ?? 0) + PRIOR.invited);
}

/** Seconds that it needs for so many examples in nine of ten cases; undefined for who has not been measured. */
export function expectedSeconds(track: Track | undefined, examples: number): number | undefined {
  if (track === undefined || track.samples.length === 0) return undefined;
  const scaled = track.samples.map(
    ([seconds, of]) => seconds * Math.min(SCALE.most, Math.max(SCALE.least, examples / Math.max(1, of))),
  );
  return quantile(scaled, QUANTILE);
}

/** For who has not been measured: twice the median of those who were, or the whole budget and the way. */
export function strangerSeconds(known: readonly number[], budget: number): number {
  return known.length === 0 ? budget + UNKNOWN_WAY : 2 * quantile(known, 0.5);
}

/**
 * deadline = slack · (time in which `wanted` of the invited are expected to be done), within bounds;
 * quorum = ⌈share · Σ chance of those expected by then⌉, at least 1, at most `wanted`.
 */
export function targetsOf(
  members: readonly Pick<Member, 'node' | 'expected'>[],
  wanted: number,
  chance: (node: string) => number,
  quorumShare: number,
  { least, most, slack }: DeadlineConfig,
): Targets {
  const times = members.map(({ expected }) => expected).sort((a, b) => a - b);
  const typical = times[Math.min(wanted, times.length) - 1] ?? 0;
  const seconds = Math.min(Math.max(least, most), Math.max(least, slack * typical));
  const expected = members.reduce((sum, { node, expected }) => sum + (expected <= seconds ? chance(node) : 0), 0);
  const quorum = Math.min(wanted, Math.max(1, Math.ceil(quorumShare * expected - 1e-9)));
  return { wanted, quorum, deadline: (seconds * 1000) satisfies Millis };
}

/** Nearest rank. */
function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000;
const tuple = (seconds: number, examples: number): [number, number] => [round3(seconds), examples];
