// The board itself: disk, memory, heat, voltage, clock; and a node that reads what its like do not.

import type { Rule } from './rule.ts';

export const BOARD_RULES: readonly Rule[] = [
  {
    fault: 'disk-full',
    kinds: ['node'],
    cause: 'The disk is nearly full: clips, series or logs grew, or something else writes to it',
    metrics: {
      'disk.free': {
        ...{ raise: 0.05, clear: 0.08, raiseAfter: 2, clearAfter: 1, worst: 0, strength: 0.9, unit: 'percent' },
        sentence: '{value} of the disk is free',
      },
    },
    events: { 'hardware.disk-low': 0.85, 'hardware.disk-low.cleared': -0.85, 'store.full': 0.95 },
    scores: { of: ['disk.'], weight: 0.3 },
    steadyFor: 0,
    calmFor: 60_000,
    readingsLast: 120_000,
  },
  {
    fault: 'memory-leak',
    kinds: ['node', 'service', 'agent'],
    cause: 'What runs here keeps more memory from hour to hour',
    metrics: {
      'memory.free': {
        ...{ raise: 0.08, clear: 0.15, raiseAfter: 2, clearAfter: 2, worst: 0, strength: 0.8, unit: 'percent' },
        sentence: '{value} of memory is free',
      },
      'memory.growth': {
        ...{ raise: 0.1, clear: 0.03, raiseAfter: 3, clearAfter: 2, worst: 2, strength: 0.65, unit: 'percent' },
        sentence: 'What is used grows by {value} of memory an hour',
      },
    },
    events: { 'hardware.memory-low': 0.8, 'hardware.memory-low.cleared': -0.8 },
    scores: { of: ['memory.'], weight: 0.4 },
    steadyFor: 0,
    calmFor: 60_000,
    readingsLast: 300_000,
    context: ['tasks.waiting'],
  },
  {
    fault: 'cpu-hot',
    kinds: ['node'],
    cause: 'The board gets rid of too little heat: the fan, the case, the sun, or too much work',
    metrics: {
      'cpu.temperature': {
        ...{ raise: 80, clear: 75, raiseAfter: 2, clearAfter: 2, worst: 95, strength: 0.9, unit: 'celsius' },
        sentence: 'The processor is at {value}',
      },
      'cpu.throttled': {
        ...{ raise: 1, clear: 0, raiseAfter: 2, clearAfter: 3, worst: 2, strength: 0.65, unit: 'none' },
        sentence: 'The firmware slows the processor down ({value})',
      },
    },
    events: { 'hardware.hot': 0.85, 'hardware.hot.cleared': -0.85, 'hardware.throttled': 0.6 },
    scores: { of: ['cpu.'], weight: 0.2 },
    steadyFor: 0,
    calmFor: 60_000,
    readingsLast: 60_000,
    context: ['tasks.waiting', 'power.under-voltage'],
  },
  {
    fault: 'under-voltage',
    kinds: ['node'],
    cause: 'The power supply or its cable is too weak for this board',
    metrics: {
      'power.under-voltage': {
        ...{ raise: 1, clear: 0, raiseAfter: 1, clearAfter: 5, worst: 2, strength: 0.95, unit: 'none' },
        sentence: 'The firmware says that the voltage is too low ({value})',
      },
    },
    events: { 'hardware.under-voltage': 0.95, 'hardware.under-voltage.cleared': -0.95 },
    steadyFor: 0,
    calmFor: 300_000,
    readingsLast: 120_000,
    context: ['tasks.waiting'],
  },
  {
    fault: 'clock-jump',
    kinds: ['node'],
    cause: 'The clock was set: by a time server after a long time without, or by hand',
    metrics: {
      // A leap second and what a time server smears stay below.
      'clock.step': {
        ...{ raise: 2, clear: 0.5, raiseAfter: 1, clearAfter: 1, worst: 3600, strength: 0.95, unit: 'seconds' },
        sentence: 'The clock moved by {value}',
      },
    },
    events: { 'mesh.clock': 0.65 },
    steadyFor: 0,
    calmFor: 10_000,
    readingsLast: 30_000,
  },
  {
    fault: 'node-unlike',
    kinds: ['node'],
    cause: '{seen}. Look at its work, place, cooling and sensors; where that is meant, acknowledge it',
    scores: { of: ['fleet'], weight: 0.7, severity: 0.2, against: 0.9 },
    // What is known better explains it: that gets time to be seen.
    steadyFor: 60_000,
    calmFor: 600_000,
    readingsLast: 60_000,
  },
];
