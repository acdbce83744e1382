import { describe, expect, it } from 'vitest';
import { NodeNames } from '../../../daemon/mapek/node-names.ts';

const BARN = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN';
const STRANGER = '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X';

describe('names of nodes in sentences of self-healing', () => {
  const names = new NodeNames(() => [{ id: BARN, name: 'barn' }]);

  it('shows the name of a node that is known, and the end of the id of one that is not', () => {
    expect(names.inText(`${BARN} is off, hangs, or cannot be reached`)).toBe(
      'barn is off, hangs, or cannot be reached',
    );
    expect(names.inText(`No way to ${STRANGER}`)).toBe(`No way to …${STRANGER.slice(-8)}`);
  });

  it('leaves what programs go by as it is', () => {
    const incident = {
      subject: `peer/${BARN}`,
      cause: `${BARN} is off`,
      steps: [{ target: BARN, reason: `Reached ${BARN}` }],
    };
    expect(names.inSentences(incident)).toEqual({
      ...{ subject: `peer/${BARN}`, cause: 'barn is off' },
      steps: [{ target: BARN, reason: 'Reached barn' }],
    });
    expect(incident.cause).toContain(BARN);
  });

  it('goes by the names of the moment', () => {
    let name = 'old';
    const changing = new NodeNames(() => [{ id: BARN, name }]);
    name = 'new';
    expect(changing.inText(`${BARN} is back`)).toBe('new is back');
  });
});
