// The federation in numbers, for metrics: what its parts count, and what became of the models that rounds here made.

import type { Fate } from '../../agents/federation/rollout/candidate.ts';
import type { Federation } from './federation.ts';

type Counts = Record<string, number>;

export interface FederationTotals {
  /** By outcome. */
  rounds: Counts;
  running: number;
  updates: { taken: number; bytes: number; refused: Counts };
  declined: Counts;
  ended: Counts;
  shipped: { bytes: number; rows: number; refused: Counts };
  lag: { rows: number; seconds: number };
  received: { bytes: number; rows: number; refused: Counts };
  /** Of the seat; undefined while nobody has it. */
  term: number | undefined;
  coordinates: boolean;
  fates: Counts;
}

export class FederationFigures {
  readonly #federation: Federation;
  readonly #self: string;
  readonly #fates: Record<Fate, number> = { settled: 0, carried: 0, refused: 0, 'taken-back': 0 };

  constructor(federation: Federation, self: string) {
    this.#federation = federation;
    this.#self = self;
    federation.rollouts.onEnded(({ fate }) => {
      this.#fates[fate] += 1;
    });
  }

  read(): FederationTotals {
    const { coordinator, participant, shipper, receiver, election } = this.#federation;
    const { rounds, running, updates } = coordinator.figures();
    const { declined, ended } = participant.figures();
    const { sent, acknowledged, refused, lag } = shipper.figures;
    const received = receiver.figures;
    const seat = election.current();
    return {
      ...{ rounds, running, declined, ended, updates },
      shipped: { bytes: sent.bytes, rows: acknowledged.rows, refused },
      lag: { rows: lag.rows, seconds: lag.millis / 1000 },
      received: { bytes: received.bytes, rows: received.rows, refused: received.refused },
      ...{ term: seat?.term, coordinates: seat?.node === this.#self, fates: { ...this.#fates } },
    };
  }
}
