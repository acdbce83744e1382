// What is wrong with a camera itself: it is lost, or its view is disturbed. Pure.

import type { Millis } from '../../core/clock.ts';
import type { CameraSnapshot } from '../camera-handle.ts';
import type { Symptom } from './symptom.ts';

export function cameraSymptoms(
  { id, state, cause, view }: Pick<CameraSnapshot, 'id' | 'state' | 'cause' | 'view'>,
  now: Millis,
): Symptom[] {
  const own = { witness: 'vision', subject: `camera/${id}`, since: now } as const;
  if (state === 'lost') {
    const message = `Camera ${id} is lost: ${cause ?? 'no cause is known'}`;
    return [{ ...own, id: `camera/${id}/lost`, kind: 'camera-lost', message, confidence: 1, evidence: { cause } }];
  }
  // A dark view is night, mostly; nothing is to be mended about that.
  if (state !== 'live' || view === undefined || view.kind === 'clear' || view.kind === 'dark') return [];
  const { kind, confidence, evidence, message } = view;
  return [
    {
      ...{ ...own, id: `camera/${id}/view`, kind: 'camera-disturbed', message: `Camera ${id}: ${message}`, confidence },
      evidence: { ...evidence, is: kind },
    },
  ];
}
