// What the map shows: which picture of the mesh, whose routes, and what has to be asked of the node for that.

import { useEffect, useState } from 'preact/hooks';
import type { SurveyView } from '../../../daemon/view/route-schema.ts';
import type { TopologyView } from '../../../daemon/view/schema.ts';
import { strokesOf } from '../../../vision/drawing/courses.ts';
import { type Heat, heatOf, type Step } from '../../../vision/drawing/heat.ts';
import type { Shown } from '../../../vision/drawing/scene.ts';
import { sceneOf } from '../../../vision/drawing/scene-of.ts';
import { get, urlOf } from '../live/api.ts';
import type { Course } from './courses.ts';

export interface Choices {
  show: Shown;
  /** Whose routes are drawn, all at once; empty: the route to what is chosen. */
  from: string;
}

export const EVERYTHING: Choices = { show: 'routes', from: '' };
export const NAMES: Readonly<Record<Shown, string>> = {
  routes: 'links and routes',
  cost: 'cost of links',
  traffic: 'traffic on links',
  anomaly: 'anomaly of nodes',
};

/** Nodes tell of their traffic every quarter of a minute. */
const ASK_EVERY_MS = 10_000;
const NOTHING: SurveyView = { from: '', routes: [], traffic: [], cutNodes: [], cutLinks: [] };

/** What the node knows beside its links; asked anew now and then, and not while nothing needs it. */
export function useSurvey({ show, from }: Choices): SurveyView {
  const [survey, set] = useState(NOTHING);
  const isWanted = show === 'traffic' || (show === 'routes' && from !== '');
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!isWanted) return;
    const abort = new AbortController();
    get<SurveyView>(`/mesh/survey${from === '' ? '' : `?from=${encodeURIComponent(from)}`}`, abort.signal).then(
      (value) => set(value),
      // What was known stays; the banner tells when the node cannot be reached.
      () => undefined,
    );
    return () => abort.abort();
  }, [isWanted, from, round]);
  useEffect(() => {
    if (!isWanted) return;
    const again = (): void => {
      if (document.visibilityState !== 'hidden') setRound((now) => now + 1);
    };
    const timer = setInterval(again, ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isWanted]);
  return isWanted ? survey : NOTHING;
}

/** By ids: the page's links and nodes are told again and again. */
export interface HeatShown {
  link(a: string, b: string): { step: Step; text: string } | undefined;
  node(id: string): { step: Step; text: string } | undefined;
  legend: Heat['legend'];
}

export function heatShown({ show }: Choices, mesh: TopologyView, survey: SurveyView): HeatShown | undefined {
  if (show === 'routes') return undefined;
  const scene = sceneOf(mesh, { ...survey, suspects: new Set() });
  const heat = heatOf(show, scene);
  const links = new Map(scene.links.map((link) => [`${link.a} ${link.b}`, heat.link(link)]));
  const nodes = new Map(scene.nodes.map((node) => [node.id, heat.node(node)]));
  return { link: (a, b) => links.get(`${a} ${b}`), node: (id) => nodes.get(id), legend: heat.legend };
}

/** All routes of the node that was asked for, or the one to `to`. */
export function coursesFrom(
  { from }: Choices,
  { from: answered, routes: all }: SurveyView,
  to: string | undefined,
): Course[] {
  if (from === '' || from !== answered) return [];
  const wanted = all.filter(({ destination }) => to === undefined || to === from || destination === to);
  const scene = wanted.map(({ path, backup }) => ({ path, ...(backup && { backup: backup.path }) }));
  return strokesOf(scene).map(({ kind, from: a, to: b }) => ({ kind, path: [a, b] }));
}

/** Where the same picture is found as a file. */
export function exportUrl(
  format: 'svg' | 'png',
  { show, from }: Choices,
  to: string | undefined,
  theme: string,
): string {
  const query = new URLSearchParams({ show, theme });
  if (show === 'routes' && from !== '') query.set('from', from);
  if (show === 'routes' && to !== undefined && to !== from) query.set('to', to);
  return urlOf(`/mesh/map.${format}?${query}`);
}
