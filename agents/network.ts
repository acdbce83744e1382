// What agents need of the network they are in: who else is there, questions and streams to any of them, and news that
// reach all. The daemon hands in the mesh; tests hand in an exchange in memory.

import type { Duplex } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import type { Millis } from '../core/clock.ts';

export interface NetworkNode {
  id: string;
  name: string;
  /** There is a way to it now. */
  reachable: boolean;
  /** Its anomaly score, 0 normal to 1 anomalous; 0 while unknown. */
  score: number;
  /** Seconds there and back along the present route; undefined while unknown. */
  roundTrip: number | undefined;
}

export interface NewsTopic<S extends TSchema> {
  /** Lower-case letters, digits and dashes. */
  readonly name: string;
  /** `state`: the newest of each node counts and is given to those who come later; `event`: each counts once. */
  readonly kind: 'state' | 'event';
  /** Of the JSON payload. Open objects: a newer version adds fields. */
  readonly schema: S;
  /** Milliseconds that it counts. */
  readonly lifetime: Millis;
  readonly scope?: 'network' | 'area';
}

export interface AgentNetwork {
  /** Id of this node. */
  readonly self: string;
  /** All other nodes that are known. */
  nodes(): NetworkNode[];
  /** Calls `listener` after a node came, went or became (un)reachable, until the returned function is called. */
  onNodes(listener: () => void): () => void;
  /** Asks a node; rejects with the error that its handler threw (`RELAY_REFUSED`), or when it does not answer. */
  request(node: string, service: string, payload: Uint8Array, options?: { deadline?: Millis }): Promise<Uint8Array>;
  /** Answers questions of others. One handler a service; before the start. */
  handle(service: string, handler: (origin: string, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array): void;
  openStream(node: string, service: string, header: string): Promise<Duplex>;
  /** One handler a service; before the start. The stream is open to its opener once the promise resolves. */
  handleStream(service: string, handler: (origin: string, stream: Duplex, header: string) => Promise<void>): void;
  publish<S extends TSchema>(topic: NewsTopic<S>, payload: Static<S>): void;
  /** One handler a topic; before the start. Hears nothing that this node itself says. */
  subscribe<S extends TSchema>(topic: NewsTopic<S>, handler: (origin: string, payload: Static<S>) => void): void;
}
