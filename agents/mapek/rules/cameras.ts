// Cameras: lost, covered, moved, frozen.

import type { Rule } from './rule.ts';

/** Facts that the daemon knows of a camera: on a USB port of this board or behind a network. */
const context = ['usb', 'network'];

export const CAMERA_RULES: readonly Rule[] = [
  {
    fault: 'camera-lost',
    kinds: ['camera'],
    cause: 'Camera {name} sends nothing: its power, its plug or the way to it',
    metrics: {
      'camera.silence': {
        ...{ raise: 10, clear: 2, raiseAfter: 2, clearAfter: 1, worst: 120, strength: 0.8, unit: 'seconds' },
        sentence: 'Camera {name} sent no picture for {value}',
      },
    },
    states: { lost: 0.9, live: -0.95, waiting: 0.2 },
    events: { 'camera.lost': 0.9, 'camera.live': -0.95 },
    scores: { of: ['camera.frames'], weight: 0.2 },
    steadyFor: 200,
    calmFor: 20_000,
    readingsLast: 60_000,
    context,
  },
  {
    fault: 'camera-covered',
    kinds: ['camera'],
    cause: 'Something covers the view of camera {name}',
    metrics: {
      'camera.covered': {
        ...{ raise: 0.8, clear: 0.3, raiseAfter: 3, clearAfter: 3, worst: 1, strength: 0.9, unit: 'percent' },
        sentence: 'The view of camera {name} looks covered by {value}',
      },
    },
    states: { covered: 0.9, sprayed: 0.85, defocused: 0.8, blinded: 0.8, clear: -0.9, lost: -0.5 },
    events: { 'camera.view-clear': -0.9 },
    scores: { of: ['camera.scene'], weight: 0.3 },
    steadyFor: 3_000,
    calmFor: 60_000,
    readingsLast: 60_000,
  },
  {
    fault: 'camera-moved',
    kinds: ['camera'],
    cause: 'Camera {name} was turned or moved',
    metrics: {
      'camera.moved': {
        ...{ raise: 0.8, clear: 0.3, raiseAfter: 3, clearAfter: 3, worst: 1, strength: 0.9, unit: 'percent' },
        sentence: 'The view of camera {name} looks moved by {value}',
      },
    },
    states: { moved: 0.9, clear: -0.9, lost: -0.5 },
    events: { 'camera.view-clear': -0.9 },
    scores: { of: ['camera.scene'], weight: 0.3 },
    steadyFor: 3_000,
    calmFor: 60_000,
    readingsLast: 60_000,
  },
  {
    fault: 'camera-frozen',
    kinds: ['camera'],
    cause: 'Camera {name} sends the same picture again and again: it hangs',
    metrics: {
      'camera.still': {
        ...{ raise: 30, clear: 2, raiseAfter: 2, clearAfter: 1, worst: 300, strength: 0.8, unit: 'seconds' },
        sentence: 'Camera {name} has sent the same picture for {value}',
      },
    },
    states: { frozen: 0.9, clear: -0.5, lost: -0.5 },
    events: { 'camera.view-clear': -0.9 },
    scores: { of: ['camera.scene', 'camera.frames'], weight: 0.2 },
    steadyFor: 1_000,
    calmFor: 60_000,
    readingsLast: 60_000,
    context,
  },
];
