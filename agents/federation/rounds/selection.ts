// Who is asked to a round: those who can and have something to teach, drawn by weight so that the seldom chosen come up and
// weak boards are spared. Pure; the same seed draws the same.

import type { Random } from '../../../core/random.ts';
import type { SelectionConfig } from '../config.ts';
import { reliability, type Track } from './pace.ts';

/** What is known of a node before it is asked. */
export interface CandidateNode {
  node: string;
  /** What it has to train on. */
  examples: number;
  reachable: boolean;
  /** 0 to 1: heat, memory, load. */
  pressure: number;
  /** Of a board on battery. */
  battery?: number;
  /** 0 to 1. */
  trust: number;
  /** Anomaly score, 0 to 1. */
  score: number;
}

/** Bounded: it is shown by reason. */
export type Unfit = 'nothing-new' | 'unreachable' | 'pressed' | 'battery' | 'distrusted' | 'anomalous';

const MOST_PRESSURE = 0.9;
const LEAST_TRUST = 0.05;
const MOST_SCORE = 0.95;

/** Why a node is not asked; undefined when it may be. */
export function unfit(candidate: CandidateNode, config: SelectionConfig): Unfit | undefined {
  if (candidate.examples <= 0) return 'nothing-new';
  if (!candidate.reachable) return 'unreachable';
  if (candidate.pressure >= MOST_PRESSURE) return 'pressed';
  if (candidate.battery !== undefined && candidate.battery < config.battery) return 'battery';
  if (candidate.trust < LEAST_TRUST) return 'distrusted';
  return candidate.score >= MOST_SCORE ? 'anomalous' : undefined;
}

/**
 * √examples · trust · (1 - pressure) · charge · (rounds since it was chosen, at most 10). The root: a node with a hundred
 * times as much comes up ten times as often, not a hundred times.
 */
export function weightOf(candidate: CandidateNode, track: Track | undefined, round: number): number {
  const waited = track === undefined || track.chosen === 0 ? 10 : Math.min(10, Math.max(1, round - track.chosen));
  const spare = (1 - candidate.pressure) * (candidate.battery ?? 1);
  return Math.sqrt(candidate.examples) * candidate.trust * Math.max(0.05, spare) * waited;
}

export interface Selection {
  /** In the order of the draw. */
  invited: CandidateNode[];
  /** Updates that the round wants. */
  wanted: number;
  unfit: { node: string; reason: Unfit }[];
}

/**
 * Draws without replacement by weight (Efraimidis and Spirakis 2006, algorithm A: the greatest u^(1/w)), until those
 * invited are expected to deliver as many updates as are wanted: over-selection follows from how surely each delivers.
 */
export function select(
  candidates: readonly CandidateNode[],
  tracks: Readonly<Record<string, Track>>,
  round: number,
  config: SelectionConfig,
  random: Random,
): Selection {
  const out: Selection['unfit'] = [];
  const fit: CandidateNode[] = [];
  for (const candidate of candidates.toSorted((a, b) => (a.node < b.node ? -1 : 1))) {
    const reason = unfit(candidate, config);
    if (reason === undefined) fit.push(candidate);
    else out.push({ node: candidate.node, reason });
  }
  const wanted = Math.min(fit.length, config.most, Math.max(config.least, Math.ceil(config.share * fit.length)));
  const most = Math.ceil(wanted * config.overSelection);
  const drawn = fit
    .map((candidate) => ({
      candidate,
      // The logarithm of u^(1/w), which keeps apart what is almost 1.
      key: Math.log(1 - random.next()) / weightOf(candidate, tracks[candidate.node], round),
    }))
    .sort((a, b) => b.key - a.key);
  const invited: CandidateNode[] = [];
  let expected = 0;
  for (const { candidate } of drawn) {
    if (expected >= wanted || invited.length >= most) break;
    invited.push(candidate);
    expected += reliability(tracks[candidate.node]);
  }
  return { invited, wanted: Math.min(wanted, invited.length), unfit: out };
}
