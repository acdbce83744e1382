// Loads the WebAssembly module that scripts/build.ts makes of `assembly/kernel.ts`.

import { readFileSync } from 'node:fs';

/** What it exports; `assembly/kernel.ts` says what each does. All arguments but the last ones of `adam` are integers. */
export interface Kernel {
  multiply(
    c: number,
    cRow: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bias: number,
    m: number,
    n: number,
    k: number,
  ): void;
  transpose(to: number, toRow: number, from: number, fromRow: number, rows: number, columns: number): void;
  sumRows(sums: number, from: number, row: number, rows: number, columns: number): void;
  tanh(at: number, count: number): void;
  backThroughTanh(gradient: number, y: number, count: number): void;
  sumOfSquares(at: number, count: number): number;
  adam(
    parameters: number,
    gradients: number,
    mean: number,
    square: number,
    count: number,
    scale: number,
    rate: number,
    rootCorrection: number,
    beta1: number,
    beta2: number,
    epsilon: number,
  ): void;
}

/** An instance over `memory`, which holds nothing of its own. */
export function loadKernel(memory: WebAssembly.Memory): Kernel {
  const module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as Kernel;
}
