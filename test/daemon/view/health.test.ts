import { describe, expect, it } from 'vitest';
import { health, type Signs } from '../../../daemon/view/health.ts';
import type { CameraView, ServiceView, TopologyView } from '../../../daemon/view/schema.ts';

const at = new Date(2026, 10, 24, 12, 3).getTime();

function topology(...nodes: [name: string, state: TopologyView['nodes'][number]['state']][]): TopologyView {
  return {
    nodes: nodes.map(([name, state], index) => ({ id: name, name, state, self: index === 0, score: 0 })),
    links: [],
  };
}

function service(name: string, state: ServiceView['state'], cause?: string): ServiceView {
  const required = name === 'store';
  return { name, state, required, since: at, attempts: 0, ...(cause === undefined ? {} : { cause }) };
}

const camera: CameraView = {
  id: 'north',
  source: 'ffmpeg',
  state: 'lost',
  since: at,
  cause: 'no route to host',
  framesPerSecond: 0,
  framesTotal: 0,
  framesSkipped: 0,
  framesBroken: 0,
  objects: [],
  counts: {},
  zones: [],
};

const calm: Signs = {
  services: [service('store', 'running')],
  agents: [],
  cameras: [],
  corrections: [],
  topology: topology(['a', 'connected'], ['b', 'connected'], ['c', 'reachable']),
  sinceOf: () => at,
};

describe('The health sentence', () => {
  it('says that all are well, and how many', () => {
    expect(health(calm)).toEqual({ state: 'well', sentence: 'All 3 nodes are well', problems: [] });
  });

  it('says of a node alone that it has no peers yet', () => {
    expect(health({ ...calm, topology: topology(['a', 'connected']) }).sentence).toBe(
      'This node is well; it has no peers yet',
    );
  });

  it('tells what an operator is asked for, once, and not what is being corrected', () => {
    const asked = { subject: 'node/pi-3', cause: 'pi-3 has no power', openedAt: at, state: 'asked' } as const;
    const corrections = [asked, { ...asked, subject: 'agent/pump', state: 'correcting' as const }];
    expect(health({ ...calm, corrections }).sentence).toBe('pi-3 has no power since 12:03; an operator is asked for');
    const lost = { ...asked, subject: 'camera/north', cause: 'Camera north is lost' };
    expect(health({ ...calm, cameras: [camera], corrections: [lost] }).problems).toHaveLength(1);
  });

  it('does not take a node that was stopped for one that is lost', () => {
    const one = topology(['a', 'connected'], ['b', 'connected'], ['m2', 'stopped']);
    const sentence = '2 of 3 nodes run; m2 was stopped at 12:03';
    expect(health({ ...calm, topology: one })).toEqual({ state: 'well', sentence, problems: [] });
    const all = topology(['a', 'connected'], ['m1', 'stopped'], ['m2', 'stopped']);
    expect(health({ ...calm, topology: all }).sentence).toBe('1 of 3 nodes runs; 2 were stopped');
  });

  it('names the worst problem with its cause and time, and counts the rest', () => {
    const signs: Signs = {
      ...calm,
      cameras: [camera],
      services: [service('store', 'running'), service('mqtt', 'degraded', 'connection refused')],
    };
    expect(health(signs)).toMatchObject({
      state: 'degraded',
      sentence: 'Camera north is lost since 12:03: no route to host, and 1 more problem',
      problems: [
        { subject: 'camera/north' },
        { subject: 'service/mqtt', cause: 'Mqtt is degraded since 12:03: connection refused' },
      ],
    });
  });

  it('puts an unreachable node first', () => {
    const signs: Signs = { ...calm, cameras: [camera], topology: topology(['a', 'connected'], ['b', 'gone']) };
    expect(health(signs).sentence).toBe('Node b is unreachable since 12:03, and 1 more problem');
  });

  it('starts while a required service does', () => {
    expect(health({ ...calm, services: [service('store', 'starting')] }).state).toBe('starting');
  });
});
