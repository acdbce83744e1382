// Scenes of literals that several tests draw.

import type { Scene } from '../../../vision/drawing/scene.ts';

/** Six nodes in two areas: one gone, one suspect, one that others hang on; routes from alpha. */
export const HOME: Scene = {
  nodes: [
    { id: 'a', name: 'alpha', self: true, state: 'connected', score: 0.03, area: 'house' },
    { id: 'b', name: 'bravo', self: false, state: 'connected', score: 0.1, area: 'house' },
    { id: 'c', name: 'charlie', self: false, state: 'suspect', score: 0.72, area: 'house', cutsOff: 2 },
    { id: 'd', name: 'delta', self: false, state: 'reachable', score: 0.35, area: 'barn', border: true },
    { id: 'e', name: 'echo', self: false, state: 'reachable', score: 0.9, area: 'barn' },
    { id: 'f', name: 'foxtrot', self: false, state: 'gone', score: 0, area: 'barn' },
  ],
  links: [
    { a: 'a', b: 'b', cost: 10, state: 'up', bytesPerSecond: 120_000 },
    { a: 'a', b: 'c', cost: 20, state: 'suspect', bytesPerSecond: 300 },
    { a: 'b', b: 'c', cost: 12, state: 'up', bytesPerSecond: 0 },
    { a: 'c', b: 'd', cost: 400, state: 'up', bytesPerSecond: 9000, cutsOff: 2 },
    { a: 'd', b: 'e', cost: 35, state: 'up' },
    { a: 'e', b: 'f', cost: 35, state: 'down' },
  ],
  routes: [
    { path: ['a', 'b'], backup: ['a', 'c', 'b'] },
    { path: ['a', 'c'], backup: ['a', 'b', 'c'] },
    { path: ['a', 'c', 'd'], backup: ['a', 'b', 'c', 'd'] },
    { path: ['a', 'c', 'd', 'e'], backup: ['a', 'b', 'c', 'd', 'e'] },
  ],
};
