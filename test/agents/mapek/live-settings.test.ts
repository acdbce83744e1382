// Settings that change while the loop runs: they count from then on, for what is wrong already too.

import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { MapekConfig } from '../../../agents/mapek/config.ts';
import { Rig } from './rig.ts';

function running(settings: Partial<MapekConfig> = {}) {
  const config = Value.Parse(MapekConfig, Value.Default(MapekConfig, settings));
  return { config, rig: new Rig({ parts: { config } }).start() };
}

const DAY = 86_400_000;

describe('Settings of a loop that runs', () => {
  it('let it advise instead of repairing, and repair again', async () => {
    const { config, rig: started } = running();
    const rig = await started;
    config.mode = 'advise';
    rig.wrong('camera-lost');
    await rig.pass(5_000);
    expect(rig.actions).toEqual([]);
    expect(rig.loop.questions()).toHaveLength(1);
    config.mode = 'repair';
    rig.wrong('agent-crashed');
    await rig.pass(1_000);
    expect(rig.actions).toEqual(['agent.restart']);
  });

  it('widen its budgets, for what they held back before', async () => {
    const { config, rig: started } = running({ stormActions: 2, stormPause: 3600 });
    const rig = await started;
    for (let n = 0; n < 6; n++) rig.wrong('agent-crashed', `agent/a${n}`);
    await rig.pass(2_000);
    expect(rig.actions).toHaveLength(2);
    const narrow = running({ actionsPerNode: 1, stormActions: 1000 });
    const other = await narrow.rig;
    other.wrong('camera-lost');
    await other.pass(1_000);
    narrow.config.actionsPerNode = 60;
    other.wrong('agent-crashed');
    await other.pass(1_000);
    expect(other.actions).toEqual(['camera.restart', 'agent.restart']);
    // A pause that has begun lasts as long as it was said to.
    config.stormPause = 1;
    await rig.pass(10_000, 1_000);
    expect(rig.actions).toHaveLength(2);
  });

  it('let more be repaired at once', async () => {
    const { config, rig: started } = running({ atOnce: 1 });
    const rig = await started;
    for (let n = 0; n < 4; n++) rig.wrong('agent-crashed', `agent/a${n}`);
    await rig.pass(1_000);
    expect(rig.actions).toHaveLength(1);
    config.atOnce = 16;
    await rig.pass(3_000);
    expect(new Set(rig.done.map(({ subject }) => subject)).size).toBe(4);
  });

  it('say for how long something must stay well, and a question stay open', async () => {
    const { config, rig: started } = running();
    const rig = await started;
    config.relapseWithin = 5;
    config.questionDays = 3;
    rig.cures.set('agent-crashed@agent/a', { action: 'agent.restart' });
    rig.wrong('agent-crashed');
    await rig.pass(8_000, 1_000);
    expect(rig.incident('agent-crashed').state).toBe('recovered');
    rig.wrong('camera-covered');
    await rig.pass(5_000);
    const [question] = rig.loop.questions();
    expect(question!.expiresAt - question!.askedAt).toBe(3 * DAY);
  });
});
