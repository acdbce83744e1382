// A candidate that nodes are playing: asks each until it has said something. The shell around `judging.ts`.

import type { Clock, Millis } from '../../../core/clock.ts';
import type { SignedText } from '../messages.ts';
import type { Asker } from './asker.ts';
import type { RolloutConfig } from './config.ts';
import { type Judged, judgedBy, type Word, type Words, wordOf } from './judging.ts';

export interface TrialParts {
  version: string;
  seal: SignedText;
  /** Numbers of both, as they travel. */
  candidate: string;
  baseline: string;
  /** Nodes that play it. */
  asked: readonly string[];
  asker: Asker;
  config: Pick<RolloutConfig, 'evaluation' | 'margin'>;
  clock: Clock;
}

export class Trial {
  readonly version: string;
  readonly seal: SignedText;
  readonly #parts: TrialParts;
  readonly #words = new Map<string, Word>();
  readonly #since: Millis;

  constructor(parts: TrialParts) {
    this.#parts = parts;
    this.version = parts.version;
    this.seal = parts.seal;
    this.#since = parts.clock.now();
  }

  get words(): Words {
    return this.#words;
  }

  /** Asks those who have said nothing. Undefined while their words are waited for. */
  poll(): Judged | undefined {
    const { asked, asker, seal, candidate, baseline, config, clock } = this.#parts;
    const isOver = clock.now() - this.#since >= config.evaluation * 1000;
    const judged = judgedBy(this.#words, asked.length, isOver, config);
    if (judged !== undefined) return judged;
    for (const node of asked) {
      if (this.#words.has(node)) continue;
      void asker.ask(node, { kind: 'evaluate', seal, candidate, baseline }).then((answer) => {
        const word = wordOf(answer);
        if (word !== undefined) this.#words.set(node, word);
      });
    }
    return undefined;
  }

  /** What was said of how much better it is. */
  verdicts(): { node: string; gain: number; trials: number; sentence: string }[] {
    return [...this.#words].flatMap(([node, word]) => {
      if (word.kind !== 'verdict') return [];
      const { gain, trials, sentence } = word.comparison;
      return [{ node, gain, trials, sentence }];
    });
  }
}
