// What the mesh, the agents and the board say becomes a symptom, or the end of one.

import { describe, expect, it } from 'vitest';
import type { AgentSnapshot } from '../../../agents/supervised-agent.ts';
import { wordOfAgent, wordOfBoard, wordOfLink, wordOfPeer } from '../../../daemon/correction/witnesses.ts';
import type { HardwareView } from '../../../daemon/view/schema.ts';
import type { MeshPresence } from '../../../mesh/views.ts';

const presence: MeshPresence = {
  ...{
    state: 'gone',
    since: 0,
    suspectedBy: [],
    tried: [],
    localDoubt: 0,
    flaps: 2,
    damped: false,
    why: 'two nodes lost it',
  },
};
const agent = (state: AgentSnapshot['state'], kind = 'http-checker'): AgentSnapshot => ({
  ...{ id: 'pump', kind, version: '1', state, since: 0, restarts: 5, lastError: 'no answer', capabilities: [] },
  mailbox: { waiting: 0, most: 1, dropped: 0 },
});
const board = (more: Partial<HardwareView>): HardwareView => ({ cpu: { load: 0, cores: 4 }, ...more }) as HardwareView;

describe('a witness', () => {
  it('names a silent node, but not one that was stopped', () => {
    expect(wordOfPeer({ name: 'pi-3', state: 'gone', presence }, 5)).toMatchObject({
      wrong: {
        id: 'node/pi-3',
        kind: 'node-silent',
        subject: 'node/pi-3',
        message: 'pi-3 is silent: two nodes lost it',
        since: 5,
      },
    });
    expect(wordOfPeer({ name: 'pi-3', state: 'stopped', presence }, 5)).toEqual({ well: 'node/pi-3' });
  });

  it('names a link that is down or loses more than a fifth', () => {
    expect(wordOfLink({ peerName: 'pi-3', state: 'down', loss: 1 }, 0)).toMatchObject({ wrong: { kind: 'link-bad' } });
    expect(wordOfLink({ peerName: 'pi-3', state: 'up', loss: 0.3 }, 0)).toMatchObject({
      wrong: { message: 'The link to pi-3 loses 30 %', confidence: 0.7 },
    });
    expect(wordOfLink({ peerName: 'pi-3', state: 'suspect', loss: 0.05 }, 0)).toEqual({ well: 'link/pi-3' });
  });

  it('names an agent that its supervisor has given up, and leaves alone what restarts', () => {
    expect(wordOfAgent(agent('degraded'), 0)).toMatchObject({ wrong: { id: 'agent/pump', evidence: { restarts: 5 } } });
    expect(wordOfAgent(agent('restarting'), 0)).toBeUndefined();
    expect(wordOfAgent(agent('ready'), 0)).toEqual({ well: 'agent/pump' });
    expect(wordOfAgent(agent('degraded', 'camera'), 0)).toBeUndefined();
  });

  it('names a hot board until it has cooled down', () => {
    expect(wordOfBoard(board({ temperatureCelsius: 83 }), 0)).toMatchObject({ wrong: { kind: 'board-hot' } });
    expect(wordOfBoard(board({ temperatureCelsius: 79 }), 0)).toBeUndefined();
    expect(wordOfBoard(board({ temperatureCelsius: 70 }), 0)).toEqual({ well: 'node/board-hot' });
    expect(wordOfBoard(board({}), 0)).toBeUndefined();
  });
});
