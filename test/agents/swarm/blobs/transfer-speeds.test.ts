import { expect, it } from 'vitest';
import { TransferSpeeds } from '../../../../agents/swarm/blobs/transfer-speeds.ts';

it('the speed to a node is that of its first transfer, and follows the later ones by and by', () => {
  const speeds = new TransferSpeeds();
  expect(speeds.of('b')).toBeUndefined();
  speeds.record('b', 1_000_000, 500);
  expect(speeds.of('b')).toBe(2_000_000);
  speeds.record('b', 1_000_000, 1_000);
  expect(speeds.of('b')).toBe(1_600_000);
  expect(speeds.of('c')).toBeUndefined();
  expect(speeds.all()).toEqual([['b', 1_600_000]]);
});

it('small transfers say nothing of the speed', () => {
  const speeds = new TransferSpeeds();
  speeds.record('b', 100_000, 1);
  expect(speeds.of('b')).toBeUndefined();
});

it('as many nodes are remembered as a network may have, those first that were heard of last', () => {
  const speeds = new TransferSpeeds();
  for (let node = 0; node <= 1000; node++) speeds.record(`n${node}`, 1_000_000, 1_000);
  expect(speeds.all()).toHaveLength(1000);
  expect(speeds.of('n0')).toBeUndefined();
  expect(speeds.of('n1000')).toBe(1_000_000);
});
