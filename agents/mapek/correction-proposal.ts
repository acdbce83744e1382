// What the self-correction of the cameras wants done, as a proposal to the loop: so that both never act on one thing at
// once, and what both do counts in one budget. Pure.

import type { Proposal } from './parts.ts';
import type { Fault } from './symptom.ts';

/** The corrections that change something, as `vision/correction/correction.ts` says them. */
export type ProposedCorrection =
  | { action: 'camera.accept-view' | 'camera.restart'; camera: string }
  | { action: 'camera.lower-rate' | 'camera.switch-detector' }
  | { action: 'agent.restart'; agent: string }
  | { action: 'link.reset'; node: string };

/** Who proposes, as the oracle knows it. */
export const SELF_CORRECTION = 'self-correction';

/** For `PARLMAPEKExecutor.propose`; `linkTo` is the id of the node that is called so. */
export function proposalOf(correction: ProposedCorrection, why: string, linkTo: (name: string) => string): Proposal {
  const [fault, subject] = aboutOf(correction, linkTo);
  return { action: correction.action, fault, subject, why, by: SELF_CORRECTION };
}

function aboutOf(correction: ProposedCorrection, linkTo: (name: string) => string): [Fault, string] {
  switch (correction.action) {
    case 'camera.accept-view':
      return ['camera-moved', `camera/${correction.camera}`];
    case 'camera.restart':
      return ['camera-lost', `camera/${correction.camera}`];
    case 'camera.lower-rate':
      return ['cpu-hot', 'node'];
    case 'camera.switch-detector':
      return ['model-broken', 'model/detector'];
    case 'agent.restart':
      return ['agent-crashed', `agent/${correction.agent}`];
    case 'link.reset':
      return ['link-down', `link/${linkTo(correction.node)}`];
  }
}
