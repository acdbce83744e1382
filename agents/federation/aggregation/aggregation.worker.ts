// The thread that aggregates: one request, one answer, with the arithmetic's memory kept from one to the next. At the
// priority of the rest: a round waits for it, and its bursts are short.

import { parentPort } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Aggregate } from './aggregator.ts';
import { createAggregator } from './create-aggregator.ts';
import type { AggregationAnswer, AggregationRequest } from './thread-protocol.ts';
import { WasmArithmetic } from './wasm-arithmetic.ts';

const port = parentPort;
if (port === null) throw new Error('aggregation.worker.ts runs as a worker thread only');
const arithmetic = new WasmArithmetic();

port.on('message', (request: AggregationRequest) => {
  let answer: AggregationAnswer;
  try {
    answer = { ok: true, aggregate: aggregate(request) };
  } catch (error) {
    const [code, hint] = error instanceof ParlmeshError ? [error.code, error.hint] : ['AGGREGATION_FAILED', undefined];
    answer = { ok: false, code, message: messageOf(error), ...(hint !== undefined && { hint }) };
  }
  port.postMessage(answer, answer.ok ? [answer.aggregate.delta.buffer as ArrayBuffer] : []);
});

function aggregate({ config, nodes, weights, deltas, trusts, root }: AggregationRequest): Aggregate {
  const updates = nodes.map((node, i) => ({ node, delta: deltas[i]!, weight: weights[i]! }));
  const trustOf = trusts && new Map(nodes.map((node, i) => [node, trusts[i]!]));
  const aggregator = createAggregator(config, {
    arithmetic,
    ...(root !== undefined && { root }),
    ...(trustOf !== undefined && { trust: (node: string) => trustOf.get(node) ?? 0 }),
  });
  return aggregator.aggregate(updates);
}
