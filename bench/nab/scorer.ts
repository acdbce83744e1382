// NAB's scoring rules (Lavin and Ahmad 2015, arXiv 1510.03336, section III; numenta/NAB nab/sweeper.py and runner.py at v1.1):
// a detection is worth more the earlier it falls in a labelled window, costs more the farther it is behind one, and one
// threshold serves all files. Pure.

/** Weights of an application profile; true negatives count for nothing. */
export interface CostMatrix {
  truePositive: number;
  falseNegative: number;
  falsePositive: number;
}

export const PROFILES = {
  standard: { truePositive: 1, falseNegative: 1, falsePositive: 0.11 },
  reward_low_FP_rate: { truePositive: 1, falseNegative: 1, falsePositive: 0.22 },
  reward_low_FN_rate: { truePositive: 1, falseNegative: 2, falsePositive: 0.11 },
} as const satisfies Record<string, CostMatrix>;
export type ProfileName = keyof typeof PROFILES;

/** First and last row of a labelled window, both within it. */
export type Window = readonly [first: number, last: number];

/** A file as the scorer sees it. */
export interface Labelled {
  name: string;
  rows: number;
  windows: readonly Window[];
}

export interface Optimum {
  /** What an anomaly score must reach to be a detection; above 1 where none pays. */
  threshold: number;
  /** Sum over all files, before it is normalised. */
  raw: number;
  /** 0 for what detects nothing, 100 for who detects each window at its first row and nothing else. */
  score: number;
  /** Windows found, of all. */
  found: number;
  windows: number;
  /** Rows outside all windows that reach the threshold. */
  falsePositives: number;
}

const PROBATION = 0.15;
const PROBATION_LIMIT = 5000;
/** The sigmoid is cut off this many window widths behind a window. */
const FAR_BEHIND = 3;

/** 2σ(-5y) - 1: 0.987 at y = -1 (a window's first row), 0 at its end, towards -1 behind it. */
export function scaledSigmoid(position: number): number {
  return position > FAR_BEHIND ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

const BEST = scaledSigmoid(-1);

/** Rows at the beginning of a file that do not count: 15 %, of at most 5,000. */
export function probation(rows: number): number {
  return Math.min(Math.floor(PROBATION * rows), PROBATION * PROBATION_LIMIT);
}

interface Point {
  score: number;
  /** Number of its window over all files; -1 outside. */
  window: number;
  /** Worth of a detection here before the profile's weight: up to 1 within a window, down to -1 outside. */
  worth: number;
}

/** Finds the threshold that serves a profile best over all files together, as NAB's optimiser does: by trying each score. */
export function optimise(
  files: readonly Labelled[],
  scores: ReadonlyMap<string, ArrayLike<number>>,
  profile: CostMatrix,
): Optimum {
  return sweep(pointsOf(files, scores), countable(files), totalWindows(files), profile, () => true);
}

/** All profiles over one sorting of the rows. */
export function optimiseAll(
  files: readonly Labelled[],
  scores: ReadonlyMap<string, ArrayLike<number>>,
): Record<ProfileName, Optimum> {
  const points = pointsOf(files, scores);
  const of = (name: ProfileName): Optimum =>
    sweep(points, countable(files), totalWindows(files), PROFILES[name], () => true);
  return {
    standard: of('standard'),
    reward_low_FP_rate: of('reward_low_FP_rate'),
    reward_low_FN_rate: of('reward_low_FN_rate'),
  };
}

/** The score of files by a threshold that was found elsewhere. */
export function scoreAt(
  files: readonly Labelled[],
  scores: ReadonlyMap<string, ArrayLike<number>>,
  profile: CostMatrix,
  threshold: number,
): Optimum {
  const points = pointsOf(files, scores).filter(({ score }) => score >= threshold);
  return {
    ...sweep(points, countable(files), totalWindows(files), profile, (last) => last),
    threshold,
  };
}

const totalWindows = (files: readonly Labelled[]): number =>
  files.reduce((sum, { windows }) => sum + windows.length, 0);

/** Windows with a row behind the probation: NAB counts the others in what is perfect, but never as missed. */
const countable = (files: readonly Labelled[]): number =>
  files.reduce((sum, { rows, windows }) => sum + windows.filter(([, last]) => last >= probation(rows)).length, 0);

function sweep(
  points: readonly Point[],
  missable: number,
  windows: number,
  { truePositive, falseNegative, falsePositive }: CostMatrix,
  counts: (last: boolean) => boolean,
): Optimum {
  const nothing = -missable * falseNegative;
  const best = {
    threshold: 1.1,
    raw: counts(points.length === 0) ? nothing : Number.NEGATIVE_INFINITY,
    found: 0,
    falsePositives: 0,
  };
  const worthOf = new Map<number, number>();
  let [raw, falsePositives] = [nothing, 0];
  for (const [at, { score, window, worth }] of points.entries()) {
    if (window < 0) {
      raw += worth * falsePositive;
      falsePositives++;
    } else {
      const before = worthOf.get(window) ?? -falseNegative;
      const now = Math.max(before, worth * truePositive);
      worthOf.set(window, now);
      raw += now - before;
    }
    const last = at + 1 === points.length;
    if (!last && points[at + 1]!.score === score) continue;
    if (raw > best.raw && counts(last)) {
      Object.assign(best, { threshold: score, raw, found: worthOf.size, falsePositives });
    }
  }
  const perfect = windows * truePositive;
  return { ...best, score: (100 * (best.raw - nothing)) / (perfect - nothing), windows };
}

/** The rows that count, the highest scores first. */
function pointsOf(files: readonly Labelled[], scores: ReadonlyMap<string, ArrayLike<number>>): Point[] {
  const points: Point[] = [];
  let firstWindow = 0;
  for (const file of files) {
    const given = scores.get(file.name);
    if (given?.length !== file.rows) {
      throw new RangeError(`${file.name} has ${file.rows} rows, but ${given?.length ?? 'no'} scores`);
    }
    pushFile(points, file, given, firstWindow);
    firstWindow += file.windows.length;
  }
  return points.sort((a, b) => b.score - a.score);
}

function pushFile(points: Point[], { rows, windows }: Labelled, scores: ArrayLike<number>, firstWindow: number): void {
  let next = 0;
  let behind: Window | undefined;
  for (let row = 0; row < rows; row++) {
    while (next < windows.length && row > windows[next]![1]) behind = windows[next++];
    const window = windows[next];
    const within = window !== undefined && row >= window[0];
    if (row < probation(rows)) continue;
    points.push({
      score: scores[row]!,
      window: within ? firstWindow + next : -1,
      worth: within ? worthWithin(row, window) : worthBehind(row, behind),
    });
  }
}

function worthWithin(row: number, [first, last]: Window): number {
  return scaledSigmoid(-(last - row + 1) / (last - first + 1)) / BEST;
}

function worthBehind(row: number, window: Window | undefined): number {
  return window === undefined ? -1 : scaledSigmoid((row - window[1]) / (window[1] - window[0]));
}
