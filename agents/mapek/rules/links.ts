// Links and peers: down, lossy, flapping; a network cut in two; a peer that is silent, and one that lies.

import type { Rule } from './rule.ts';

export const LINK_RULES: readonly Rule[] = [
  {
    fault: 'link-down',
    kinds: ['link'],
    cause: 'The link to {name} is cut: cable, radio, or the port of the other side',
    states: { up: -0.95, down: 0.95, suspect: 0.3 },
    events: { 'link.down': 0.95, 'link.up': -0.95 },
    scores: { of: ['link.'], weight: 0.2 },
    // The other end may be what is gone: that is known within the time of a probe or two.
    steadyFor: 200,
    calmFor: 10_000,
    readingsLast: 30_000,
    context: ['members.reachable', 'link.falls'],
  },
  {
    fault: 'link-lossy',
    kinds: ['link'],
    cause: 'The link to {name} loses what is sent: a weak radio, a bad cable, or too much traffic',
    metrics: {
      'link.loss': {
        ...{ raise: 0.1, clear: 0.03, raiseAfter: 3, clearAfter: 3, worst: 0.8, strength: 0.85, unit: 'percent' },
        sentence: '{value} of what is sent to {name} is lost',
      },
    },
    events: { 'link.lossy': 0.8, 'link.lossy.cleared': -0.8 },
    scores: { of: ['link.loss', 'link.rtt'], weight: 0.4 },
    steadyFor: 0,
    calmFor: 30_000,
    readingsLast: 60_000,
    context: ['members.reachable', 'link.falls'],
  },
  {
    fault: 'link-flapping',
    kinds: ['link'],
    cause: 'The link to {name} comes and goes: a loose plug, a radio at its limit, or a power saver',
    metrics: {
      'link.falls': {
        ...{ raise: 3, clear: 1, raiseAfter: 1, clearAfter: 2, worst: 20, strength: 0.9, unit: 'times' },
        sentence: 'The link to {name} fell {value} within a minute',
      },
    },
    events: { 'link.flapping': 0.9, 'link.flapping.cleared': -0.9 },
    steadyFor: 0,
    calmFor: 120_000,
    readingsLast: 120_000,
    context: ['link.loss', 'members.reachable'],
  },
  {
    fault: 'partition',
    kinds: ['node'],
    cause: 'The network is cut in two: what joined both halves is gone',
    metrics: {
      'members.reachable': {
        ...{ raise: 0.66, clear: 0.8, raiseAfter: 2, clearAfter: 2, worst: 0, strength: 0.85, unit: 'percent' },
        sentence: 'Only {value} of the members of the network can be reached',
      },
    },
    states: { partitioned: 0.9, whole: -0.9 },
    events: { 'mesh.partition': 0.9 },
    steadyFor: 500,
    calmFor: 30_000,
    readingsLast: 60_000,
  },
  {
    fault: 'peer-silent',
    kinds: ['peer'],
    cause: '{name} is off, hangs, or nothing leads to it',
    metrics: {
      'peer.silence': {
        ...{ raise: 10, clear: 3, raiseAfter: 2, clearAfter: 1, worst: 300, strength: 0.75, unit: 'seconds' },
        sentence: 'Nothing was heard of {name} for {value}',
      },
    },
    states: { gone: 0.9, suspect: 0.3, alive: -0.95, left: -0.95 },
    events: { 'peer.silent': 0.9, 'peer.joined': -0.95, 'peer.left': -0.95 },
    scores: { of: ['peer.score'], weight: 0.3 },
    steadyFor: 100,
    calmFor: 20_000,
    readingsLast: 60_000,
    context: ['members.reachable'],
  },
  {
    fault: 'peer-byzantine',
    kinds: ['peer'],
    cause: '{name} says what is not so: it is broken, badly set up, or taken over',
    // By signatures and by what was measured here: never by one word against another. Nothing of who is shut out does harm.
    states: { forges: 0.9, withholds: 0.8, floods: 0.8, replays: 0.8, honest: -0.9, 'shut-out': -0.95 },
    scores: { of: ['peer.'], weight: 0.3 },
    steadyFor: 2_000,
    calmFor: 300_000,
    readingsLast: 300_000,
  },
];
