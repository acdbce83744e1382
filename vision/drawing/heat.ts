// A figure of each link or node as one of five steps, for heatmaps. A step has a colour, and a second sign that needs no
// eye for colours: links get wider, nodes larger, and both say the figure. Pure.

import type { Scene, SceneLink, SceneNode, Shown } from './scene.ts';

export type HeatKind = Exclude<Shown, 'routes'>;

/** 0 least to 4 most. */
export type Step = 0 | 1 | 2 | 3 | 4;
const STEPS: readonly Step[] = [0, 1, 2, 3, 4];

export interface Heat {
  /** Undefined where there is no figure: links that are down or whose traffic nobody told, nodes that are not there. */
  link(link: SceneLink): { step: Step; text: string } | undefined;
  node(node: SceneNode): { step: Step; text: string } | undefined;
  /** What the steps that occur mean, least first. */
  legend: readonly { step: Step; text: string }[];
}

/** Figures of one kind that differ by less are one step: a heatmap of noise would tell nothing. */
const LEAST_RANGE = 1.5;
const ANOMALY_STEPS = [0.2, 0.4, 0.6, 0.8];

export function heatOf(kind: HeatKind, { nodes, links }: Pick<Scene, 'nodes' | 'links'>): Heat {
  if (kind === 'anomaly') {
    const scale = fixedScale(ANOMALY_STEPS, (value) => value.toFixed(2), 1);
    const present = nodes.filter(({ state }) => state !== 'gone' && state !== 'stopped');
    const occurring = new Set(present.map(({ score }) => scale.stepOf(score)));
    return {
      link: () => undefined,
      node: (node) =>
        present.includes(node) ? { step: scale.stepOf(node.score), text: node.score.toFixed(2) } : undefined,
      legend: scale.legend.filter(({ step }) => occurring.has(step)),
    };
  }
  const words = kind === 'cost' ? plainNumber : rate;
  const figure = (link: SceneLink): number | undefined =>
    kind === 'cost' ? (link.state === 'down' ? undefined : link.cost) : link.bytesPerSecond;
  const figures = links.map(figure).filter((value) => value !== undefined);
  const scale = growingScale(figures, words);
  const occurring = new Set(figures.map(scale.stepOf));
  return {
    link: (link) => {
      const value = figure(link);
      return value === undefined ? undefined : { step: scale.stepOf(value), text: words(value) };
    },
    node: () => undefined,
    legend: scale.legend.filter(({ step }) => occurring.has(step)),
  };
}

interface Scale {
  stepOf(value: number): Step;
  legend: { step: Step; text: string }[];
}

/** @param bounds where the next step begins */
function fixedScale(bounds: readonly number[], words: (value: number) => string, most: number): Scale {
  const stepOf = (value: number): Step => STEPS[bounds.filter((bound) => value >= bound).length] ?? 4;
  const legend = STEPS.filter((step) => step <= bounds.length).map((step) => ({
    step,
    text: `${words(bounds[step - 1] ?? 0)} to ${words(bounds[step] ?? most)}`,
  }));
  return { stepOf, legend };
}

/** Steps of equal growth from the least figure above zero to the most. */
function growingScale(figures: readonly number[], words: (value: number) => string): Scale {
  const positive = figures.filter((value) => value > 0);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  if (positive.length === 0 || most < least * LEAST_RANGE) {
    const text = positive.length === 0 ? words(0) : `about ${words(most)}`;
    return { stepOf: () => 0, legend: [{ step: 0, text }] };
  }
  const bounds = STEPS.slice(1).map((step) => least * (most / least) ** (step / STEPS.length));
  const scale = fixedScale(bounds, words, most);
  return {
    ...scale,
    legend: scale.legend.map((entry) => (entry.step === 0 ? { ...entry, text: `up to ${words(bounds[0]!)}` } : entry)),
  };
}

/** `12`, `12.4`. */
export function plainNumber(value: number): string {
  return String(value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
}

/** `0 B/s`, `3.2 kB/s`. */
export function rate(bytesPerSecond: number): string {
  const units = ['B/s', 'kB/s', 'MB/s', 'GB/s'];
  let [value, unit] = [bytesPerSecond, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${plainNumber(value)} ${units[unit]}`;
}
