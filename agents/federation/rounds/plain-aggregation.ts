// Aggregation of updates that the coordinator can read: unpacked, weighed, and handed to a rule.

import { ParlmeshError } from '../../../core/errors.ts';
import type { Aggregate, Update } from '../aggregation/aggregator.ts';
import type { Aggregation, AggregationTask, UpdateCodec } from './ports.ts';

export interface PlainAggregationParts {
  codecs: readonly UpdateCodec[];
  /** The rule, in a thread where it computes long. */
  aggregate(updates: readonly Update[], task: AggregationTask, signal: AbortSignal): Promise<Aggregate> | Aggregate;
}

export class PlainAggregation implements Aggregation {
  readonly #parts: PlainAggregationParts;
  readonly #codecs: ReadonlyMap<string, UpdateCodec>;

  constructor(parts: PlainAggregationParts) {
    this.#parts = parts;
    this.#codecs = new Map(parts.codecs.map((codec) => [codec.name, codec]));
  }

  async aggregate(task: AggregationTask, signal: AbortSignal): Promise<Aggregate> {
    const size = task.base.parameters.length;
    const updates = task.updates.map(({ header, data, weight }): Update => {
      const codec = this.#codecs.get(header.codec);
      if (codec === undefined) {
        throw new ParlmeshError('UPDATE_CODEC', `No node of this version reads updates packed as "${header.codec}"`);
      }
      return { node: header.node, weight, delta: codec.unpack(data, { ...task, size }) };
    });
    return this.#parts.aggregate(updates, task, signal);
  }
}
