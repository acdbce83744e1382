import { expect, it } from 'vitest';
import { withFrozen } from '../../../daemon/view/frozen-agents.ts';
import { AGENT } from '../cli/stage.ts';

it('an agent that the oracle froze is marked with why and since when, the others are as they were', () => {
  const other = { ...AGENT, id: 'camera/barn' };
  const said = new Map([[`agent/${AGENT.id}@me`, { at: 5, reason: 'it asked for too much' }]]);
  expect(withFrozen([AGENT, other], (actor) => said.get(actor), 'me')).toEqual([
    { ...AGENT, frozen: { since: 5, reason: 'it asked for too much' } },
    other,
  ]);
});
