import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { nodeNameOf } from '../../../daemon/config/node-name.ts';
import { Config } from '../../../daemon/config/schema.ts';

describe('nodeNameOf', () => {
  it('keeps a host name that is a name already', () => {
    expect(nodeNameOf('pi.local')).toBe('pi.local');
    expect(nodeNameOf('my board')).toBe('my-board');
    expect(nodeNameOf('…')).toBe('node');
  });

  it('always makes a name that the configuration would take', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (host) => {
        expect(Value.Check(Config.properties.name, nodeNameOf(host))).toBe(true);
      }),
    );
  });
});
