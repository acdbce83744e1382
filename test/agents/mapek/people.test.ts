import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { IncidentView } from '../../../agents/mapek/incident.ts';
import { MemoryIncidents, MemoryKnowledge, MemoryQuestions } from '../../../agents/mapek/memory-storage.ts';
import { postMortemJson, postMortemMarkdown } from '../../../agents/mapek/post-mortem.ts';
import { Rig } from './rig.ts';

const storage = () => ({
  ...{ knowledge: new MemoryKnowledge(), incidents: new MemoryIncidents(), questions: new MemoryQuestions() },
});

describe('People', () => {
  it('are asked once, in one line, with what they may approve', async () => {
    const rig = new Rig();
    const heard: string[] = [];
    rig.loop.on('question', ({ reason }) => void heard.push(reason));
    await rig.start();
    rig.wrong('camera-moved');
    await rig.pass(120_000, 5_000);
    expect(heard).toEqual(['Camera c was turned or moved; nothing here can repair it without you']);
    expect(rig.loop.questions()[0]!.offers).toEqual([
      { action: 'camera.accept-view', inWords: 'take the present view of camera c for the right one' },
    ]);
    expect(rig.actions).toEqual([]);
  });

  it('approve: it is done in their name, and seen through', async () => {
    const rig = await new Rig().start();
    rig.cures.set('camera-moved@camera/c', { action: 'camera.accept-view' });
    rig.wrong('camera-moved');
    await rig.pass(5_000);
    rig.loop.answer(rig.loop.questions()[0]!.id, { kind: 'approve', action: 'camera.accept-view' }, 'ada');
    await rig.pass(1_000);
    expect(rig.asked).toEqual([{ action: 'camera.accept-view', actor: { kind: 'operator', name: 'ada' } }]);
    expect(rig.incident('camera-moved')).toMatchObject({
      state: 'watching',
      steps: [{ action: 'camera.accept-view', by: 'ada', outcome: 'helped', reason: 'approved by ada' }],
    });
    expect(rig.loop.questions()).toEqual([]);
  });

  it('refuse: it is left to them, and not asked again for an hour', async () => {
    const rig = await new Rig().start();
    rig.wrong('camera-moved');
    await rig.pass(5_000);
    rig.loop.answer(rig.loop.questions()[0]!.id, { kind: 'refuse' }, 'ada');
    expect(rig.incident('camera-moved')).toMatchObject({ state: 'escalated', outcome: 'Left to people: ada refused' });
    rig.well('camera-moved');
    await rig.pass(1_000);
    rig.wrong('camera-moved');
    await rig.pass(30_000, 5_000);
    expect(rig.loop.incidents()).toHaveLength(1);
    expect(rig.loop.questions()).toEqual([]);
  });

  it('cannot approve what is not offered, nor answer twice', async () => {
    const rig = await new Rig().start();
    rig.wrong('camera-moved');
    await rig.pass(5_000);
    const { id } = rig.loop.questions()[0]!;
    const approve = (action: 'camera.accept-view' | 'store.restore-backup') => () =>
      rig.loop.answer(id, { kind: 'approve', action }, 'ada');
    expect(approve('store.restore-backup')).toThrow(expect.objectContaining({ code: 'OFFER_UNKNOWN' }));
    approve('camera.accept-view')();
    expect(approve('camera.accept-view')).toThrow(expect.objectContaining({ code: 'QUESTION_UNKNOWN' }));
  });

  it('do not answer: the question expires, and the incident is theirs', async () => {
    const rig = await new Rig({ config: { questionDays: 0.01 } }).start();
    rig.wrong('camera-covered');
    await rig.until(() => rig.loop.questions().length > 0);
    await rig.pass(900_000, 10_000);
    expect(rig.loop.questions()).toEqual([]);
    expect(rig.incident('camera-covered')).toMatchObject({
      state: 'escalated',
      outcome: 'Left to people: nobody answered',
    });
  });

  it('need not answer what went away by itself', async () => {
    const rig = await new Rig().start();
    rig.wrong('camera-covered');
    await rig.until(() => rig.loop.questions().length > 0);
    rig.well('camera-covered');
    await rig.pass(65_000, 1_000);
    expect(rig.loop.questions()).toEqual([]);
    expect(rig.incident('camera-covered')).toMatchObject({ state: 'recovered', outcome: 'It went away by itself' });
  });

  it('are asked the same question after a restart, and their answer counts', async () => {
    const kept = storage();
    const before = await new Rig({ storage: kept }).start();
    before.wrong('camera-moved');
    await before.pass(5_000);
    const [question] = before.loop.questions();
    await before.loop.stop();

    const after = new Rig({ storage: kept, seed: 2 });
    await after.start();
    expect(after.loop.questions()).toEqual([question]);
    after.wrong('camera-moved');
    await after.pass(10_000);
    expect(after.loop.questions()).toEqual([question]);
    after.loop.answer(question!.id, { kind: 'approve', action: 'camera.accept-view' }, 'ada');
    await after.pass(1_000);
    expect(after.actions).toEqual(['camera.accept-view']);
    expect(after.loop.incidents()).toHaveLength(1);
  });

  it('are told after a restart what was cut off by it, and nothing learned is lost', async () => {
    const kept = storage();
    const before = new Rig({ storage: kept, script: { 'agent.restart': { carryOut: () => new Promise(() => {}) } } });
    await before.start();
    before.wrong('agent-hung');
    await before.pass(31_000);
    await before.loop.stop();
    const after = await new Rig({ storage: kept, seed: 2 }).start();
    expect(after.incident('agent-hung')).toMatchObject({ state: 'interrupted', outcome: 'The daemon ended meanwhile' });
    expect(after.loop.knowledge.records()).toMatchObject([{ action: 'agent.restart', outcome: 'gave-up' }]);
    expect(after.loop.knowledge.summary()).toMatchObject([{ fault: 'agent-hung', tries: 1, helped: 0 }]);
  });

  it('decide everything in the mode that only advises', async () => {
    const rig = await new Rig({ config: { mode: 'advise' } }).start();
    rig.wrong('agent-crashed');
    await rig.pass(2_000);
    expect(rig.actions).toEqual([]);
    const [question] = rig.loop.questions();
    expect(question!.reason).toMatch(/the loop would restart agent a$/);
    expect(question!.offers.map(({ action }) => action)).toEqual(['agent.restart', 'agent.quarantine']);
  });

  it('are left alone when it is off', async () => {
    const rig = await new Rig({ config: { mode: 'off' } }).start();
    rig.wrong('agent-crashed');
    await rig.pass(5_000);
    expect(rig.loop.incidents()).toEqual([]);
  });
});

describe('The story of an incident', () => {
  it('tells what was seen, concluded, done, verified and learned, as it is shown and as a post-mortem', async () => {
    const rig = await new Rig().start();
    rig.cures.set('broker-down@service/mqtt', { action: 'broker.rotate' });
    rig.wrong('broker-down');
    await rig.pass(90_000, 1_000);
    const incident = rig.incident('broker-down');
    expect(Value.Check(IncidentView, incident)).toBe(true);
    expect(incident).toMatchObject({
      ...{ state: 'recovered', outcome: 'Gone after: use the next broker' },
      learned: 'broker.rotate helps against broker-down here; mqtt.reconnect did not help this time',
    });
    expect(JSON.parse(postMortemJson(incident))).toEqual({ format: 'parlmesh-post-mortem', version: 1, incident });
    const report = postMortemMarkdown({ ...incident, evidence: ['<img src=x> | # `x`'] });
    expect(report).toContain('# broker-down of service/mqtt');
    expect(report).toContain('1. **connect to the broker anew** (mqtt.reconnect) at 2026-01-01T00:00:00.');
    expect(report).toContain('- \\<img src=x\\> \\| \\# \\`x\\`');
  });

  it('keeps the newest five hundred', async () => {
    const rig = await new Rig({ config: { actionsPerNode: 1000, stormActions: 1000 } }).start();
    for (let n = 0; n < 520; n++) {
      rig.wrong('agent-crashed', `agent/a${n}`);
      await rig.pass(200, 200);
      rig.well('agent-crashed', `agent/a${n}`);
      rig.silent('agent-crashed', `agent/a${n}`);
      await rig.pass(100, 100);
      if (n % 100 === 99) await rig.pass(60_000, 30_000);
    }
    expect(rig.loop.incidents()).toHaveLength(500);
    expect(rig.loop.incidents()[0]!.subject).toBe('agent/a519');
  });
});

describe('A proposal of somebody else', () => {
  const proposal = { action: 'camera.restart', fault: 'camera-lost', subject: 'camera/c', why: 'it is dark' } as const;

  it('is done under the locks of the loop, in the name of whoever proposes it', async () => {
    const rig = await new Rig().start();
    await expect(rig.loop.propose({ ...proposal, by: 'self-correction' })).resolves.toBe('did camera.restart');
    expect(rig.asked).toEqual([{ action: 'camera.restart', actor: { kind: 'agent', id: 'self-correction' } }]);
    rig.wrong('camera-lost');
    await rig.pass(500);
    const during = rig.loop.propose({ ...proposal, by: 'self-correction' });
    await expect(during).rejects.toMatchObject({
      code: 'REPAIR_REFUSED',
      message: 'camera/c is being repaired already (camera-lost of camera/c)',
    });
  });

  it('is refused by the oracle, by its precondition, and by a budget that is spent', async () => {
    const rig = new Rig({
      script: { 'usb.reset': { precondition: () => 'it is no USB camera' } },
      config: { actionsPerSubject: 1 },
    });
    rig.refused.add('camera.restart');
    await rig.start();
    const by = 'self-correction';
    await expect(rig.loop.propose({ ...proposal, by })).rejects.toMatchObject({ code: 'REPAIR_REFUSED' });
    await expect(rig.loop.propose({ ...proposal, action: 'usb.reset', by })).rejects.toThrow('it is no USB camera');
    await expect(rig.loop.propose({ ...proposal, by })).rejects.toThrow(
      '1 of 1 actions an hour on camera/c are used up',
    );
  });
});
