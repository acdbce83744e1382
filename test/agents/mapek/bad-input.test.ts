import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../../agents/mapek/action-catalogue.ts';
import type { KnowledgeStorage } from '../../../agents/mapek/knowledge-storage.ts';
import { MemoryIncidents, MemoryQuestions } from '../../../agents/mapek/memory-storage.ts';
import { Rig } from './rig.ts';

const metric = (subject: string, name: string, value: number, from?: string) =>
  ({ kind: 'metric', subject, metric: name as 'link.loss', value, ...(from !== undefined && { from }) }) as const;

const RESTART_WITHIN = ACTIONS['agent.restart'].deadline;

describe('Bad input', () => {
  it('has no effect where a metric lies: values that cannot be are counted and not believed', async () => {
    const rig = await new Rig().start();
    for (let n = 0; n < 20; n++) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -3, 42])
        rig.hear(metric('link/n2', 'link.loss', value));
      rig.hear(metric('node', 'no.such.metric', 1));
      rig.hear({ kind: 'score', subject: 'node', metric: 'disk.', score: 7, why: 'so' });
      rig.hear({ kind: 'state', subject: '../../etc', state: 'degraded' });
    }
    await rig.pass(10_000, 1_000);
    expect(rig.loop.incidents()).toEqual([]);
    expect(rig.loop.figures().ignoredSignals).toEqual({ impossible: 120, nameless: 20 });
  });

  it('has no effect where a metric jumps once', async () => {
    const rig = await new Rig().start();
    for (const value of [0.5, 0.5, 0.001, 0.5, 0.5, 0.001, 0.5]) {
      rig.hear(metric('node', 'disk.free', value));
      await rig.pass(5_000, 1_000);
    }
    expect(rig.loop.incidents()).toEqual([]);
  });

  it('ends the repair where a metric vanishes: no more is done on what nobody sees', async () => {
    const rig = await new Rig().start();
    rig.wrong('link-lossy');
    await rig.pass(1_000);
    expect(rig.actions.length).toBeGreaterThan(0);
    const before = rig.actions.length;
    rig.silent('link-lossy');
    await rig.pass(600_000, 5_000);
    expect(rig.incident('link-lossy')).toMatchObject({ state: 'faded' });
    expect(rig.actions.length).toBeLessThanOrEqual(before + 1);
  });

  it('has no effect where it comes from the future, or from long ago', async () => {
    const rig = await new Rig().start();
    const at = (ms: number) => ({ at: rig.clock.wall() + ms, from: 'n2' });
    rig.hear({ ...at(3_600_000), kind: 'state', subject: 'service/mqtt', state: 'unreachable' });
    rig.hear({ ...at(-3_600_000), kind: 'state', subject: 'service/mqtt', state: 'unreachable' });
    await rig.pass(5_000, 1_000);
    expect(rig.loop.incidents()).toEqual([]);
    expect(rig.loop.figures().ignoredSignals).toEqual({ 'from-future': 1, 'too-old': 1 });
  });

  it('never condemns anybody on the word of peers alone, however many say it', async () => {
    const rig = await new Rig().start();
    for (let round = 0; round < 20; round++) {
      for (let peer = 0; peer < 12; peer++) {
        const from = `liar-${peer}`;
        rig.hear({ kind: 'state', subject: 'peer/n2', state: 'forges', from });
        rig.hear({ kind: 'score', subject: 'peer/n2', metric: 'peer.odd', score: 1, why: 'it is odd', from });
      }
      await rig.pass(1_000, 500);
    }
    expect(rig.loop.incidents()).toEqual([]);
    // What was seen here counts, and theirs beside it.
    rig.wrong('peer-byzantine');
    await rig.pass(5_000, 500);
    expect(rig.actions).toContain('peer.quarantine');
  });

  it('hears nothing of what a peer says of itself', async () => {
    const rig = await new Rig().start();
    rig.wrong('peer-silent');
    await rig.pass(300, 100);
    const { confidence } = rig.incident('peer-silent');
    for (let n = 0; n < 20; n++) rig.hear({ kind: 'state', subject: 'peer/n2', state: 'alive', from: 'n2' });
    await rig.pass(2_000, 100);
    expect(rig.incident('peer-silent').confidence).toBe(confidence);
    expect(rig.incident('peer-silent').state).toBe('repairing');
  });
});

describe('Repairs that go wrong', () => {
  it('takes back what made it worse, and never does it again in the incident', async () => {
    const rig = new Rig({
      script: {
        'route.avoid': { undo: async () => {} },
        'link.reset': { undo: async () => {} },
      },
    });
    await rig.start();
    for (let n = 0; n < 5; n++) rig.hear(metric('link/n2', 'link.loss', 0.15));
    await rig.pass(200);
    expect(rig.actions).toEqual(['route.avoid', 'link.reset']);
    for (let n = 0; n < 5; n++) rig.hear(metric('link/n2', 'link.loss', 0.8));
    await rig.pass(200);
    const incident = rig.incident('link-lossy');
    expect(incident.steps.map(({ outcome, undone }) => [outcome, undone])).toEqual([
      ['worse', true],
      ['worse', true],
    ]);
    expect(rig.undone.toSorted()).toEqual(['link.reset', 'route.avoid']);
    for (let n = 0; n < 20; n++) {
      rig.hear(metric('link/n2', 'link.loss', 0.8));
      await rig.pass(5_000, 1_000);
    }
    expect(rig.actions).toEqual(['route.avoid', 'link.reset']);
    expect(rig.incident('link-lossy').state).toBe('asked');
    expect(rig.loop.knowledge.records()).toMatchObject([{ outcome: 'worse' }, { outcome: 'worse' }]);
  });

  it('gives up a repair that hangs, and lets nothing else on what it may still hold', async () => {
    let release = (): void => {};
    const rig = new Rig({
      script: {
        'agent.restart': { carryOut: () => new Promise((resolve) => (release = () => resolve('at last'))) },
      },
    });
    await rig.start();
    rig.wrong('agent-hung');
    await rig.pass(RESTART_WITHIN - 1_000);
    expect(rig.incident('agent-hung').steps).toMatchObject([{ outcome: 'running' }]);
    await rig.pass(2_000);
    expect(rig.incident('agent-hung').steps).toMatchObject([{ action: 'agent.restart', outcome: 'gave-up' }]);
    expect(rig.actions).toEqual(['agent.restart']);
    release();
    await rig.pass(200);
    expect(rig.actions).toEqual(['agent.restart', 'agent.quarantine']);
    expect(rig.loop.knowledge.records()).toMatchObject([{ action: 'agent.restart', outcome: 'gave-up' }]);
  });

  it('goes on after a minute when what hung never ends', async () => {
    const rig = new Rig({ script: { 'agent.restart': { carryOut: () => new Promise(() => {}) } } });
    await rig.start();
    rig.wrong('agent-hung');
    await rig.pass(RESTART_WITHIN + 55_000, 1_000);
    expect(rig.actions).toEqual(['agent.restart']);
    await rig.pass(8_000, 1_000);
    expect(rig.actions).toEqual(['agent.restart', 'agent.quarantine']);
  });

  it('tells the action that its time is over', async () => {
    let reason: unknown;
    const rig = new Rig({
      script: {
        'agent.restart': {
          carryOut: (_, __, signal) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reason = signal.reason;
                reject(signal.reason);
              });
            }),
        },
      },
    });
    await rig.start();
    rig.wrong('agent-hung');
    await rig.pass(RESTART_WITHIN + 1_000);
    expect(reason).toMatchObject({ code: 'REPAIR_TIMED_OUT' });
    expect(rig.actions).toEqual(['agent.restart', 'agent.quarantine']);
  });

  it('goes on from the fixed ladder when its own store is lost', async () => {
    const lost = async (): Promise<never> => {
      throw new Error('disk I/O error');
    };
    const knowledge: KnowledgeStorage = { append: lost, recent: lost, statistics: lost };
    const incidents = { put: lost, recent: lost };
    const questions = { put: lost, remove: lost, all: lost };
    const rig = await new Rig({ parts: { storage: { knowledge, incidents, questions } } }).start();
    rig.wrong('agent-crashed');
    await rig.pass(1_000);
    await rig.until(() => rig.loop.questions().length > 0);
    expect(rig.actions).toEqual(['agent.restart', 'agent.quarantine']);
    expect(rig.incident('agent-crashed').steps.map(({ reason }) => reason)).toEqual([
      'step 1 of the ladder of agent-crashed',
      'step 2 of the ladder of agent-crashed',
    ]);
    expect(rig.loop.figures().lostRecords).toBe(2);
  });

  it('survives a store that gives back rubbish', async () => {
    const rubbish = [null, 7, { id: 'x' }, { fault: 'agent-crashed', seconds: Number.NaN }];
    const storage = {
      knowledge: {
        append: async () => {},
        recent: async () => rubbish as never,
        statistics: async () => rubbish as never,
      },
      incidents: Object.assign(new MemoryIncidents(), { recent: async () => rubbish }),
      questions: Object.assign(new MemoryQuestions(), { all: async () => rubbish }),
    };
    const rig = await new Rig({ parts: { storage } }).start();
    rig.wrong('agent-crashed');
    await rig.pass(1_000);
    expect(rig.actions).toEqual(['agent.restart']);
  });

  it('passes over an action whose precondition throws, and survives listeners and looks that do', async () => {
    const broken = (): never => {
      throw new Error('it is broken itself');
    };
    const rig = new Rig({ script: { 'agent.restart': { precondition: broken } }, parts: { lookNow: broken } });
    rig.loop.on('incident', broken);
    await rig.start();
    rig.wrong('agent-crashed');
    await rig.pass(1_000);
    expect(rig.actions).toEqual(['agent.quarantine']);
  });

  it('starts again after it was stopped, and takes up what is wrong then', async () => {
    const rig = new Rig({ script: { 'agent.restart': { carryOut: () => new Promise(() => {}) } } });
    await rig.start();
    rig.wrong('agent-hung');
    await rig.pass(1_000);
    await rig.loop.stop();
    rig.well('agent-hung');
    await rig.start();
    expect(rig.incident('agent-hung')).toMatchObject({ state: 'interrupted' });
    rig.wrong('camera-lost');
    await rig.pass(1_000);
    expect(rig.actions).toEqual(['agent.restart', 'camera.restart']);
  });

  it('passes over what the oracle refuses, and tells why', async () => {
    const rig = new Rig();
    rig.refused.add('agent.restart');
    await rig.start();
    rig.wrong('agent-crashed');
    await rig.pass(1_000);
    expect(rig.actions).toEqual(['agent.quarantine']);
    expect(rig.incident('agent-crashed').steps[0]).toMatchObject({
      ...{ action: 'agent.restart', outcome: 'refused', said: 'agent.restart is not allowed to anybody' },
    });
    expect(rig.loop.knowledge.records()).toEqual([]);
  });
});

describe('A repair that is seen in steps', () => {
  it('has helped as soon as it is said to be well, also after a time of silence', async () => {
    const rig = await new Rig().start();
    rig.wrong('camera-lost');
    await rig.pass(300);
    expect(rig.actions).toEqual(['camera.restart']);
    // Neither lost nor live: it is not sure any more that it is lost, and not seen to be well.
    rig.silent('camera-lost');
    rig.hear({ kind: 'state', subject: 'camera/c', state: 'waiting' });
    await rig.pass(3_000);
    expect(rig.incident('camera-lost').steps).toMatchObject([{ outcome: 'verifying' }]);
    rig.hear({ kind: 'state', subject: 'camera/c', state: 'live' });
    await rig.pass(100);
    expect(rig.incident('camera-lost')).toMatchObject({ state: 'watching', steps: [{ outcome: 'helped' }] });
  });
});

describe('Several faults', () => {
  it('repairs two at once, each on its own', async () => {
    const rig = await new Rig().start();
    rig.cures.set('agent-crashed@agent/a', { action: 'agent.restart', after: 500 });
    rig.cures.set('camera-lost@camera/c', { action: 'camera.restart', after: 500 });
    rig.wrong('agent-crashed');
    rig.wrong('camera-lost');
    await rig.pass(300);
    expect(rig.actions.toSorted()).toEqual(['agent.restart', 'camera.restart']);
    await rig.pass(1_000);
    expect(rig.loop.incidents().map(({ state }) => state)).toEqual(['watching', 'watching']);
  });

  it('lets a fault that begins during a repair wait for what that repair holds', async () => {
    const rig = await new Rig().start();
    rig.wrong('cpu-hot');
    await rig.pass(200);
    expect(rig.actions).toEqual(['camera.lower-rate']);
    rig.wrong('model-broken');
    await rig.pass(1_000);
    expect(rig.actions).toEqual(['camera.lower-rate']);
    rig.well('cpu-hot');
    await rig.pass(300);
    expect(rig.actions).toEqual(['camera.lower-rate', 'model.reinstall']);
  });

  it('lets what is more urgent by far cut the waiting for an effect short, and blames nobody for it', async () => {
    const rig = await new Rig().start();
    rig.wrong('model-broken');
    await rig.pass(300);
    expect(rig.actions).toEqual(['model.reinstall']);
    rig.wrong('cpu-hot');
    await rig.pass(300);
    expect(rig.actions).toEqual(['model.reinstall', 'camera.lower-rate']);
    expect(rig.incident('model-broken').steps[0]).toMatchObject({ outcome: 'interrupted' });
    expect(rig.loop.knowledge.records()).toEqual([]);
  });

  it('flaps for an hour without a storm, and repeats nothing that did not last', async () => {
    const rig = await new Rig().start();
    for (let minute = 0; minute < 60; minute++) {
      rig.wrong('link-down');
      await rig.pass(20_000, 2_000);
      rig.well('link-down');
      await rig.pass(40_000, 2_000);
    }
    expect(rig.done.length).toBeLessThanOrEqual(6);
    const { incidents, questions } = { incidents: rig.loop.incidents(), questions: rig.loop.questions() };
    expect(incidents.length).toBeLessThanOrEqual(2);
    expect(questions.length).toBe(1);
    for (const { steps } of incidents) {
      const actions = steps.map(({ action }) => action);
      expect(new Set(actions).size).toBe(actions.length);
    }
    const told = rig.journal.filter(({ kind }) => kind === 'mapek.asked');
    expect(told.length).toBeLessThanOrEqual(3);
  });

  it('asks about what it repairs again and again, instead of repairing it for ever', async () => {
    const rig = await new Rig().start();
    rig.cures.set('agent-crashed@agent/a', { action: 'agent.restart' });
    for (let n = 0; n < 8; n++) {
      rig.wrong('agent-crashed');
      await rig.pass(1_000);
      rig.well('agent-crashed');
      await rig.pass(240_000, 5_000);
    }
    expect(rig.actions.filter((action) => action === 'agent.restart')).toHaveLength(3);
    expect(rig.incident('agent-crashed').state).toBe('asked');
    expect(rig.loop.questions()[0]!.reason).toContain('came back each time');
  });

  it('pauses when so much fails at once that repairing is a storm itself', async () => {
    const rig = await new Rig({ config: { stormActions: 10, stormPause: 30, atOnce: 64 } }).start();
    for (let n = 0; n < 40; n++) rig.wrong('agent-crashed', `agent/a${n}`);
    await rig.pass(5_000);
    expect(rig.done.length).toBe(10);
    expect(rig.journal.filter(({ kind }) => kind === 'mapek.paused')).toHaveLength(1);
    await rig.pass(30_000, 1_000);
    expect(rig.done.length).toBe(20);
  });
});
