// The way to a node, hop by hop: frames that may go one hop, two, three, and what the nodes say where their hops end.
// Nobody vouches for these answers, as with ICMP.

import type { Clock, Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import { type FrameBody, MAX_HOPS } from './frame.ts';

export interface TraceHop {
  node: NodeId;
  /** There and back. */
  roundTrip: Millis;
}

export interface TracerParts {
  clock: Clock;
  send: (destination: NodeId, body: FrameBody, ttl?: number) => void;
  nextNumber: () => number;
}

type Answer = TraceHop & { kind: string };

const TRACED_WITHIN: Millis = 2000;

export class Tracer {
  readonly #parts: TracerParts;
  readonly #waiting = new Map<number, (from: NodeId, kind: string) => void>();

  constructor(parts: TracerParts) {
    this.#parts = parts;
  }

  /** Ends early where a node on the way does not answer. */
  async trace(destination: NodeId): Promise<{ hops: TraceHop[]; reached: boolean }> {
    const hops: TraceHop[] = [];
    for (let ttl = 1; ttl <= MAX_HOPS; ttl++) {
      const answer = await this.#ask(destination, ttl);
      if (answer === undefined || answer.kind === 'no-route') break;
      hops.push({ node: answer.node, roundTrip: answer.roundTrip });
      if (answer.kind === 'reached') return { hops, reached: answer.node === destination };
    }
    return { hops, reached: false };
  }

  /** A trace of another node ends here. */
  answer(origin: NodeId, number: number): void {
    const session = new Uint8Array(0);
    this.#parts.send(origin, {
      case: 'notice',
      value: { $typeName: 'parlmesh.v1.RelayNotice', number, kind: 'reached', session },
    });
  }

  heard(from: NodeId, number: number, kind: string): void {
    this.#waiting.get(number)?.(from, kind);
  }

  #ask(destination: NodeId, ttl: number): Promise<Answer | undefined> {
    const { clock, send, nextNumber } = this.#parts;
    const number = nextNumber();
    const sentAt = clock.now();
    return new Promise((resolve) => {
      const settle = (answer: Answer | undefined): void => {
        timer.cancel();
        this.#waiting.delete(number);
        resolve(answer);
      };
      const timer = clock.after(TRACED_WITHIN, () => settle(undefined));
      this.#waiting.set(number, (node, kind) => settle({ node, kind, roundTrip: clock.now() - sentAt }));
      send(destination, { case: 'trace', value: { $typeName: 'parlmesh.v1.RelayTrace', number } }, ttl);
    });
  }
}
