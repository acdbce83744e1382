import { describe, expect, it } from 'vitest';
import type { Actor, ProposedAction } from '../../../agents/authorizer.ts';
import { authorizedForMqtt, MQTT_ACTOR, takeOrders } from '../../../daemon/security/oracle.ts';
import { JobSubmissions } from '../../../daemon/telemetry/job-submissions.ts';
import type { MqttActions } from '../../../daemon/view/view.ts';

/** What was done, and by whom jobs were submitted. */
function doing() {
  const done: string[] = [];
  const submitters: Actor[] = [];
  const actions: MqttActions = {
    restartAgent: async (id) => void done.push(`restart ${id}`),
    answerIncident: () => {
      throw new Error('that is far enough');
    },
    submitJob: async (_spec, actor) => {
      submitters.push(actor);
      throw new Error('that is far enough');
    },
  };
  return { actions, done, submitters };
}

describe('Commands by MQTT', () => {
  it('are nothing but restarts and answers, which the oracle is asked about first, and jobs, which the swarm asks about', async () => {
    const { actions, done } = doing();
    const asked: ProposedAction[] = [];
    let allows = true;
    const authorizer = {
      authorize: async (action: ProposedAction) => {
        asked.push(action);
        if (!allows) throw new Error('not today');
      },
    };
    const wished = authorizedForMqtt(actions, authorizer, 'me');
    expect(Object.keys(wished).toSorted()).toEqual(['answerIncident', 'restartAgent', 'submitJob']);
    await wished.restartAgent('hardware');
    expect(asked).toEqual([
      { action: 'agent.restart', actor: MQTT_ACTOR, scope: 'node', nodes: ['me'], subject: 'agent/hardware' },
    ]);
    allows = false;
    await expect(wished.restartAgent('camera/north')).rejects.toThrow('not today');
    await expect(wished.answerIncident('i-1', { kind: 'refuse' }, 'somebody')).rejects.toThrow('not today');
    expect(asked.at(-1)).toMatchObject({ action: 'incident.answer', actor: MQTT_ACTOR, subject: 'incident/i-1' });
    expect(done).toEqual(['restart hardware']);
  });

  it('are of one actor, so that freezing it ends both', async () => {
    const { actions, submitters } = doing();
    const job = { name: 'x', tasks: [{ id: 'a', kind: 'wait', input: { seconds: 1 } }] };
    const answer = await new JobSubmissions(actions).take(Buffer.from(JSON.stringify({ id: 'job-1', job })));
    expect(answer).toMatchObject({ id: 'job-1', accepted: false, message: 'that is far enough' });
    expect(submitters).toEqual([MQTT_ACTOR]);
  });
});

it('Orders of other nodes are actions that the API has too', async () => {
  const taken = new Map<string, (order: { subject: string }) => Promise<void>>();
  const done: string[] = [];
  takeOrders(
    { handleOrder: (action, handler) => void taken.set(action, handler) },
    {
      restartAgent: async (id) => void done.push(`restart ${id}`),
      reloadConfig: async () => {
        done.push('reload');
        return { applied: [], needRestart: [] };
      },
    },
  );
  expect([...taken.keys()].toSorted()).toEqual(['agent.restart', 'config.reload']);
  for (const handler of taken.values()) await handler({ subject: 'agent/camera/north' });
  expect(done).toEqual(['restart camera/north', 'reload']);
});
