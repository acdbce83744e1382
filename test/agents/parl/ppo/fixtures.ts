// What torch computed in float64: losses, gradients and weights of three updates, and advantages.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { layerPlaces, type PolicyShape, parameterCount } from '../../../../agents/parl/ppo/shape.ts';

interface Layer {
  net: keyof PolicyShape;
  layer: number;
  out: number;
  in: number;
  w: number[];
  b: number[];
}

export interface ParityFixture {
  hyper: { lr: number; clip: number; ent: number; vf: number; max_grad_norm: number; clip_vloss: boolean };
  init: Layer[];
  updates: {
    batch: { obs: number[]; act: number[]; old_logprob: number[]; adv: number[]; ret: number[]; old_value: number[] };
    expect: Record<
      'pg_loss' | 'v_loss' | 'entropy' | 'loss' | 'approx_kl' | 'clipfrac' | 'grad_norm_preclip',
      number
    > & {
      value: number[];
      grads_preclip: Layer[];
      weights_after: Layer[];
    };
  }[];
}

/** Undefined where the fixtures are absent. */
export function readFixture<T>(name: string): T | undefined {
  const data = process.env.PARLMESH_TEST_DATA ?? resolve(import.meta.dirname, '../../../../../shared/data');
  const file = join(data, '../fixtures/ppo', name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}

export function shapeOf(layers: Layer[]): PolicyShape {
  const widths = (net: keyof PolicyShape): number[] => {
    const own = layers.filter((layer) => layer.net === net);
    return [own[0]!.in, ...own.map((layer) => layer.out)];
  };
  return { actor: widths('actor'), critic: widths('critic') };
}

export function flatten(layers: Layer[], shape: PolicyShape): Float64Array {
  const flat = new Float64Array(parameterCount(shape));
  for (const { network, index, weights, biases } of layerPlaces(shape)) {
    const layer = layers.find(({ net, layer }) => net === network && layer === index)!;
    flat.set(layer.w, weights);
    flat.set(layer.b, biases);
  }
  return flat;
}
