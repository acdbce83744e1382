// What is wrong, as one of several witnesses says it: a camera, the mesh, an agent, the node itself.

import type { Millis } from '../../core/clock.ts';

export type Witness = 'vision' | 'mesh' | 'agents' | 'node';

export type SymptomKind =
  // What cameras see at places.
  | 'lamp-off'
  | 'lamp-wrong'
  | 'display-fault'
  | 'looks-wrong'
  // How cameras themselves are.
  | 'camera-disturbed'
  | 'camera-lost'
  | 'detector-failed'
  // What the others say.
  | 'node-silent'
  | 'link-bad'
  | 'agent-failed'
  | 'service-degraded'
  | 'board-hot';

export interface Symptom {
  /** The same as long as it lasts: `place/yard/modem`, `node/pi-3`. */
  id: string;
  kind: SymptomKind;
  witness: Witness;
  /** `node/pi-3`, `agent/checker-1`, `link/pi-3`, `camera/yard`, `service/mqtt`. */
  subject: string;
  /** A sentence. */
  message: string;
  /** Monotonic; when it began, as far as is known. */
  since: Millis;
  confidence: number;
  evidence: Record<string, unknown>;
  /** Where it was seen, for a second look. */
  place?: { camera: string; name: string };
}
