import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ProposedAction } from '../../../agents/authorizer.ts';
import { NeighbourHelp } from '../../../agents/mapek/neighbour-help.ts';
import type { Symptom } from '../../../agents/mapek/symptom.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { Exchange } from '../exchange.ts';

const failed: Symptom = {
  ...{ fault: 'service-failed', subject: 'service/web', confidence: 0.9, severity: 0.5, since: 0, cause: 'so' },
  ...{ evidence: [], explains: [], context: {} },
};

function network(options: { allow?: boolean } = {}) {
  const clock = new VirtualClock();
  const exchange = new Exchange({ clock, random: seededRandom(1) });
  const asked: ProposedAction[] = [];
  const restarted: string[] = [];
  const join = (id: string, helps: boolean) =>
    new NeighbourHelp({
      network: exchange.join(id),
      clock,
      authorizer: {
        authorize: async (action) => {
          asked.push(action);
          if (options.allow === false) throw new Error('nobody may');
        },
      },
      hands: helps
        ? {
            'process.restart-service': {
              precondition: ({ subject }) => subject === 'service/web' || 'I only know web',
              carryOut: async ({ subject }) => {
                restarted.push(`${subject} by ${id}`);
                return 'restarted it';
              },
            },
          }
        : {},
      wish: ({ fault, subject }) =>
        fault === 'service-failed' ? { action: 'process.restart-service', subject } : undefined,
    });
  const [self] = [join('n1', true), join('n2', false), join('n3', true)];
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    promise.catch(() => {});
    for (let n = 0; n < 60; n++) {
      clock.advance(5);
      await setImmediate();
    }
    return promise;
  };
  return { clock, exchange, asked, restarted, self, settle };
}

describe('Neighbours', () => {
  it('help with what they are set up for, in the name of whoever asks, one after the other', async () => {
    const { self, settle, restarted, asked, clock } = network();
    clock.advance(10);
    const said = await settle(self.carryOut(failed, 'web does not answer', new AbortController().signal));
    expect(said).toBe('n3 helped: restarted it');
    expect(restarted).toEqual(['service/web by n3']);
    expect(asked).toEqual([
      {
        ...{ action: 'process.restart-service', actor: { kind: 'peer', node: 'n1' }, scope: 'node' },
        ...{ nodes: ['n3'], subject: 'service/web' },
      },
    ]);
  });

  it('do nothing that their oracle does not let the asker do', async () => {
    const { self, settle, restarted, clock } = network({ allow: false });
    clock.advance(10);
    const asked = settle(self.carryOut(failed, 'web does not answer', new AbortController().signal));
    await expect(asked).rejects.toThrow(/no neighbour helped: n2: .*for others; n3: nobody may/);
    expect(restarted).toEqual([]);
  });

  it('help the same node only so often', async () => {
    const { self, settle, restarted, clock } = network();
    clock.advance(10);
    const ask = () => settle(self.carryOut(failed, 'web does not answer', new AbortController().signal));
    for (let n = 0; n < 3; n++) await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'REPAIR_FAILED' });
    expect(restarted).toHaveLength(3);
  });

  it('answer rubbish with a refusal', async () => {
    const { exchange, settle, clock } = network();
    const stranger = exchange.join('n9');
    clock.advance(10);
    for (const payload of [Buffer.from('{'), Buffer.alloc(5_000, 65), Buffer.from('{"action":"rm"}')]) {
      const reply = await settle(stranger.request('n3', 'mapek-help', payload));
      expect(JSON.parse(Buffer.from(reply).toString())).toEqual({
        ...{ done: false, said: 'this node does not understand what you ask for' },
      });
    }
  });

  it('are not asked where none can help, and none can be reached', () => {
    const { self, exchange } = network();
    expect(self.precondition({ ...failed, fault: 'disk-full' })).toBe('no neighbour can help with that');
    for (const id of ['n2', 'n3']) exchange.kill(id);
    expect(self.precondition(failed)).toBe('no neighbour can be reached');
  });
});
