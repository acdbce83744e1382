// Where the networks' numbers lie in linear memory. Rows are padded to a multiple of four numbers, so that every row can
// be read and written in whole vectors; padding is zero and stays zero.

import { type LayerPlace, layerPlaces, type PolicyShape } from './shape.ts';

export const NUMBER = 4;

/** A layer in memory: everything in bytes. */
export interface LayerMemory extends LayerPlace {
  /** Weights [inputs][outputs, padded], then the biases: from here in each block of parameters. */
  readonly weightsAt: number;
  readonly biasesAt: number;
  /** Weights the other way round, [outputs][inputs, padded]: for the way back. */
  readonly transposedAt: number;
  readonly inputRow: number;
  readonly outputRow: number;
}

/** Rows that go into a layer, or come out of the last one; and derivatives by them. */
export interface Activations {
  readonly at: number;
  readonly derivativesAt: number;
}

export interface MemoryLayout {
  readonly layers: readonly LayerMemory[];
  /** Bytes of one of the four blocks: parameters, gradients, Adam's first and second moments. */
  readonly block: number;
  /** Where activations begin. */
  readonly fixed: number;
}

/** Bytes of a row of `width` numbers. */
export function rowBytes(width: number): number {
  return ((width + 3) & ~3) * NUMBER;
}

export function memoryLayout(shape: PolicyShape): MemoryLayout {
  const places = layerPlaces(shape);
  const sized = places.map((place) => ({
    ...place,
    inputRow: rowBytes(place.inputs),
    outputRow: rowBytes(place.outputs),
  }));
  const block = sized.reduce((sum, { inputs, outputRow }) => sum + (inputs + 1) * outputRow, 0);
  let weightsAt = 0;
  let transposedAt = 4 * block;
  const layers = sized.map((layer) => {
    const biasesAt = weightsAt + layer.inputs * layer.outputRow;
    const placed = { ...layer, weightsAt, biasesAt, transposedAt };
    weightsAt = biasesAt + layer.outputRow;
    if (layer.index > 0) transposedAt += layer.outputs * layer.inputRow;
    return placed;
  });
  return { layers, block, fixed: transposedAt };
}

/**
 * Activations of one of the networks for up to `rows` rows: one more than it has layers.
 * @param from first free byte
 */
export function layActivations(
  layers: readonly LayerMemory[],
  rows: number,
  from: number,
): { activations: Activations[]; end: number } {
  let end = from;
  const widths = [...layers.map(({ inputRow }) => inputRow), layers.at(-1)!.outputRow];
  const activations = widths.map((width) => {
    const at = end;
    end += 2 * rows * width;
    return { at, derivativesAt: at + rows * width };
  });
  return { activations, end };
}
