// Average precision as COCO counts it (101 recall points), for the detector's accuracy figures. Pure.

/** Left, top, width, height in pixels. */
export type PixelBox = readonly [x: number, y: number, width: number, height: number];

export interface Truth {
  image: number;
  label: string;
  box: PixelBox;
  /** Pixels of the object itself, as COCO measures size. */
  area: number;
  /** A group that counts neither for nor against a detection. */
  crowd: boolean;
}

export interface Found {
  image: number;
  label: string;
  confidence: number;
  box: PixelBox;
}

/** Large as COCO says it: 96² pixels and more. */
export const LARGE = 96 ** 2;

/** Small is what has less. */
export const SMALL = 32 ** 2;

/**
 * Average precision of `labels` taken as one class. Objects under `leastArea` or from `mostArea` on are neither hit nor
 * missed. NaN where there is no object.
 */
export function averagePrecision(
  truths: readonly Truth[],
  found: readonly Found[],
  options: { labels: readonly string[]; overlap: number; leastArea?: number; mostArea?: number },
): number {
  const { labels, overlap: least, leastArea = 0, mostArea = Number.POSITIVE_INFINITY } = options;
  const fits = (pixels: number): boolean => pixels >= leastArea && pixels < mostArea;
  const relevant = truths.filter(({ label }) => labels.includes(label));
  const isCounted = ({ crowd, area }: Truth): boolean => !crowd && fits(area);
  const objects = relevant.filter(isCounted).length;
  const counted = Map.groupBy(relevant.filter(isCounted), ({ image }) => image);
  const ignored = Map.groupBy(
    relevant.filter((truth) => !isCounted(truth)),
    ({ image }) => image,
  );
  const taken = new Set<Truth>();
  const hits: boolean[] = [];
  const sorted = found.filter(({ label }) => labels.includes(label)).sort((a, b) => b.confidence - a.confidence);
  for (const detection of sorted) {
    const open = (counted.get(detection.image) ?? []).filter((truth) => !taken.has(truth));
    const best = bestMatch(open, detection, least);
    if (best !== undefined) {
      taken.add(best);
      hits.push(true);
    } else if (fits(detection.box[2] * detection.box[3])) {
      if (!covers(ignored.get(detection.image) ?? [], detection, least)) hits.push(false);
    }
  }
  return objects === 0 ? Number.NaN : areaUnderCurve(hits, objects);
}

/** The mean over classes that occur. */
export function meanAveragePrecision(
  truths: readonly Truth[],
  found: readonly Found[],
  options: { labels: readonly string[]; overlaps: readonly number[]; leastArea?: number; mostArea?: number },
): number {
  const { labels, overlaps, ...areas } = options;
  const values = labels
    .flatMap((label) =>
      overlaps.map((overlap) => averagePrecision(truths, found, { labels: [label], overlap, ...areas })),
    )
    .filter((value) => !Number.isNaN(value));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function bestMatch(truths: readonly Truth[], { box }: Found, least: number): Truth | undefined {
  let best: { truth: Truth; shared: number } | undefined;
  for (const truth of truths) {
    const shared =
      sharedArea(truth.box, box) / (truth.box[2] * truth.box[3] + box[2] * box[3] - sharedArea(truth.box, box));
    if (shared >= least && shared > (best?.shared ?? 0)) best = { truth, shared };
  }
  return best?.truth;
}

/** Whether a detection lies on something that is not counted. */
function covers(ignored: readonly Truth[], { box }: Found, least: number): boolean {
  return ignored.some((truth) => {
    const shared = sharedArea(truth.box, box);
    const whole = truth.crowd ? box[2] * box[3] : truth.box[2] * truth.box[3] + box[2] * box[3] - shared;
    return shared / whole >= least;
  });
}

function sharedArea(a: PixelBox, b: PixelBox): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return Math.max(0, width) * Math.max(0, height);
}

/** Precision at 101 steps of recall, each the best at that recall or beyond. */
function areaUnderCurve(hits: readonly boolean[], objects: number): number {
  let found = 0;
  const points = hits.map((hit, index) => {
    if (hit) found++;
    return { recall: found / objects, precision: found / (index + 1) };
  });
  let sum = 0;
  let best = 0;
  let next = points.length;
  for (let step = 100; step >= 0; step--) {
    while (next > 0 && points[next - 1]!.recall >= step / 100) best = Math.max(best, points[--next]!.precision);
    sum += best;
  }
  return sum / 101;
}
