// Carries out on this node what the self-correction proposes, each action asked about by the oracle first.

import type { ProposedAction } from '../../agents/authorizer.ts';
import { type Correction, type CorrectionPlanner, inWords } from '../../vision/correction/correction.ts';

/** Whoever acts here, as the oracle knows it; and all that it may do. */
export const SELF_CORRECTION = 'self-correction';
export const CORRECTIONS = [
  'camera.accept-view',
  'camera.restart',
  'camera.lower-rate',
  'camera.switch-detector',
  'agent.restart',
  'link.reset',
] as const;

export interface LocalPlannerParts {
  /** Id of this node. */
  self: string;
  authorize: (action: ProposedAction) => Promise<void>;
  /** Agents of this node. */
  hasAgent: (id: string) => boolean;
  restartAgent: (id: string) => Promise<void>;
  hasCamera: (id: string) => boolean;
  restartCamera: (id: string) => Promise<void>;
  /** The present view is the right one. */
  acceptView: (id: string) => void;
  /** The cameras give way for a while. */
  lowerRate: () => void;
  /** Resolves with the id of the detector that serves from now on; rejects where there is none. */
  useOtherDetector: () => Promise<string>;
  /** A neighbour with a direct link. */
  hasNeighbour: (name: string) => boolean;
  resetLink: (name: string) => void;
  /**
   * Has the self-healing do it under its locks and budgets, which asks the oracle itself; undefined where it does not run: then it
   * is done at once.
   */
  propose?: ((correction: ChangingCorrection, why: string) => Promise<string>) | undefined;
}

export type ChangingCorrection = Exclude<Correction, { action: 'operator.ask' }>;

export class LocalPlanner implements CorrectionPlanner {
  readonly #parts: LocalPlannerParts;

  constructor(parts: LocalPlannerParts) {
    this.#parts = parts;
  }

  canDo(correction: Correction): boolean {
    const { hasAgent, hasCamera, hasNeighbour } = this.#parts;
    switch (correction.action) {
      case 'camera.accept-view':
      case 'camera.restart':
        return hasCamera(correction.camera);
      case 'agent.restart':
        return hasAgent(correction.agent);
      case 'link.reset':
        return hasNeighbour(correction.node);
      case 'camera.lower-rate':
      case 'camera.switch-detector':
      case 'operator.ask':
        return true;
    }
  }

  async carryOut(correction: Correction, why: string): Promise<string> {
    const { self, authorize, propose } = this.#parts;
    if (correction.action === 'operator.ask') return `An operator is asked: ${correction.question}`;
    if (propose !== undefined) return propose(correction, why);
    const actor = { kind: 'agent', id: SELF_CORRECTION } as const;
    await authorize({ action: correction.action, actor, scope: 'node', nodes: [self], subject: subjectOf(correction) });
    await this.#do(correction);
    return `${capital(inWords(correction))}, since ${why}`;
  }

  async #do(correction: ChangingCorrection): Promise<void> {
    const { restartCamera, acceptView, lowerRate, useOtherDetector, restartAgent, resetLink } = this.#parts;
    switch (correction.action) {
      case 'camera.accept-view':
        return acceptView(correction.camera);
      case 'camera.restart':
        return restartCamera(correction.camera);
      case 'camera.lower-rate':
        return lowerRate();
      case 'camera.switch-detector':
        return void (await useOtherDetector());
      case 'agent.restart':
        return restartAgent(correction.agent);
      case 'link.reset':
        return resetLink(correction.node);
    }
  }
}

function subjectOf(correction: ChangingCorrection): string {
  switch (correction.action) {
    case 'camera.accept-view':
    case 'camera.restart':
      return `camera/${correction.camera}`;
    case 'agent.restart':
      return `agent/${correction.agent}`;
    case 'link.reset':
      return `peer/${correction.node}`;
    case 'camera.lower-rate':
    case 'camera.switch-detector':
      return 'service/vision';
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
