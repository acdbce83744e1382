// Pictures of the mesh as it is: drawn when somebody asks and something changed, kept for the next who asks.

import { createHash } from 'node:crypto';
import { ParlmeshError } from '../../core/errors.ts';
import type { Theme } from '../../vision/drawing/palette.ts';
import { rasterize } from '../../vision/drawing/raster.ts';
import { RouteVisualizer } from '../../vision/drawing/route-visualizer.ts';
import type { Scene, Shown } from '../../vision/drawing/scene.ts';
import { sceneOf, titleOf } from '../../vision/drawing/scene-of.ts';
import type { View } from '../view/view.ts';

export interface MapWish {
  format: 'svg' | 'png';
  show: Shown;
  theme: Theme;
  /** Ids or names. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Pictures kept: a handful of pages and a wall display each show one or two. */
const MOST_KEPT = 8;

export class MapPictures {
  readonly #view: Pick<View, 'topology' | 'peers' | 'survey'>;
  readonly #visualizer = new RouteVisualizer();
  /** By what is on them, the one that was asked for last at the end. */
  readonly #kept = new Map<string, Promise<string | Buffer>>();

  constructor(view: Pick<View, 'topology' | 'peers' | 'survey'>) {
    this.#view = view;
  }

  /** Throws `NODE_UNKNOWN`. `draw` does the work, and may not be needed. */
  of(wish: MapWish): { etag: string; draw: () => Promise<string | Buffer> } {
    const { scene, title } = this.#scene(wish);
    const { format, show, theme } = wish;
    const content = JSON.stringify([format, show, theme, title, scene]);
    const key = createHash('sha256').update(content).digest('base64url').slice(0, 22);
    return { etag: `"${key}"`, draw: () => this.#drawn(key, wish, scene, title) };
  }

  #scene({ show, from, to }: MapWish): { scene: Scene; title: string } {
    const topology = this.#view.topology();
    const survey = this.#view.survey(from);
    const named = (text: string): { id: string; name: string } => {
      const found = topology.nodes.find(({ id, name }) => id === text || name === text);
      if (found !== undefined) return found;
      throw new ParlmeshError('NODE_UNKNOWN', `There is no node "${text}" in the network as it is known here`, {
        hint: 'GET /api/v3/topology lists those that there are',
      });
    };
    const target = to === undefined ? undefined : named(to);
    const suspects = this.#view.peers().flatMap(({ id, presence }) => (presence?.state === 'suspect' ? [id] : []));
    return {
      scene: sceneOf(topology, { ...survey, suspects: new Set(suspects) }, target?.id),
      title: titleOf(show, named(survey.from).name, target?.name),
    };
  }

  #drawn(key: string, { format, show, theme }: MapWish, scene: Scene, title: string): Promise<string | Buffer> {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const picture = kept ?? this.#draw(format, () => this.#visualizer.draw(scene, { show, theme, title }));
    this.#kept.set(key, picture);
    for (const [oldest] of this.#kept) if (this.#kept.size > MOST_KEPT) this.#kept.delete(oldest);
    // What failed is tried again by the next.
    picture.catch(() => this.#kept.delete(key));
    return picture;
  }

  async #draw(format: 'svg' | 'png', draw: () => string): Promise<string | Buffer> {
    const svg = draw();
    return format === 'svg' ? svg : rasterize(svg);
  }
}
