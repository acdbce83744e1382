import { describe, expect, it } from 'vitest';
import { ACTION_NAMES, specOf } from '../../../agents/mapek/action-catalogue.ts';
import { isOver } from '../../../agents/mapek/incident.ts';
import { LADDERS, PRIORITIES } from '../../../agents/mapek/ladder.ts';
import { RULES, ruleOf } from '../../../agents/mapek/rules/all.ts';
import { FAULTS, symptomKey } from '../../../agents/mapek/symptom.ts';
import { Rig, WORDS } from './rig.ts';

/** What is done by itself, one wave after the other; then people are asked. */
const DONE_ALONE = (fault: (typeof FAULTS)[number]): string[] =>
  LADDERS[fault].filter((action) => action !== 'operator.ask' && specOf(action).asksFirst !== true);

describe('The ladders', () => {
  it.each(FAULTS)('see %s by a rule, and have a ladder that ends with people', (fault) => {
    expect(RULES.filter((rule) => rule.fault === fault)).toHaveLength(1);
    expect(ruleOf(fault).kinds.length).toBeGreaterThan(0);
    expect(LADDERS[fault].at(-1)).toBe('operator.ask');
    expect(new Set(LADDERS[fault]).size).toBe(LADDERS[fault].length);
    expect(PRIORITIES[fault]).toBeGreaterThan(0);
  });

  it('use every action of the catalogue', () => {
    expect(new Set(Object.values(LADDERS).flat())).toEqual(new Set(ACTION_NAMES));
  });

  it.each(FAULTS)('try everything on %s once, in order, and then ask people', async (fault) => {
    const rig = await new Rig().start();
    rig.wrong(fault);
    await rig.pass(5_000);
    await rig.until(() => rig.loop.questions().length > 0, 5_000);
    const incident = rig.incident(fault);
    expect(incident.state).toBe('asked');
    expect(rig.actions).toEqual(DONE_ALONE(fault));
    expect(rig.loop.questions()).toMatchObject([{ incident: incident.id, key: symptomKey(incident) }]);
    const offered = LADDERS[fault].filter((action) => specOf(action).asksFirst === true);
    expect(rig.loop.questions()[0]!.offers.map(({ action }) => action)).toEqual(offered);
    expect(incident.evidence[0]).toBeDefined();
    await rig.loop.stop();
  });

  const repairable = FAULTS.filter((fault) => DONE_ALONE(fault).length > 0);
  it.each(repairable)('stop at the step that repairs %s, and tell it', async (fault) => {
    const rig = await new Rig().start();
    const cure = DONE_ALONE(fault).at(-1)!;
    rig.cures.set(symptomKey({ fault, subject: WORDS[fault].subject }), { action: cure as 'agent.restart' });
    rig.wrong(fault);
    await rig.pass(5_000);
    await rig.until(() => isOver(rig.incident(fault)), 5_000);
    const incident = rig.incident(fault);
    expect(incident).toMatchObject({ state: 'recovered', relapses: 0 });
    expect(incident.steps.find(({ action }) => action === cure)).toMatchObject({ outcome: 'helped', by: 'loop' });
    expect(incident.recoveredAt! - incident.seenAt).toBeGreaterThan(0);
    expect(rig.loop.questions()).toEqual([]);
    await rig.loop.stop();
  });
});
