// What traits have in common that look at the last few values alone.

import { Recent } from '../recent.ts';
import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

export abstract class RecentTrait implements Trait {
  abstract readonly dimensions: number;
  protected readonly recent: Recent;

  /** @param over values that are looked at */
  constructor(over: number) {
    this.recent = new Recent(over);
  }

  abstract measure(x: number, moment: Moment, point: Float32Array): boolean;

  interrupt(): void {
    this.recent.clear();
  }

  save(to: StateWriter): void {
    this.recent.save(to);
  }

  load(from: StateReader): void {
    this.recent.load(from);
  }
}
