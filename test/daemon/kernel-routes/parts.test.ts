import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressRanges, canonical, HostAddresses } from '../../../daemon/kernel-routes/host-addresses.ts';
import { changes, type KernelRoute, routeTable } from '../../../daemon/kernel-routes/route-table.ts';

const ranges = new AddressRanges(['10.55.0.0/16', 'fd55::/48']);

describe('Claims of addresses', () => {
  it('count within the ranges of this node, as single addresses only', () => {
    const addresses = new HostAddresses('self', ranges);
    addresses.claim('b', {
      addresses: ['10.55.0.2', '10.56.0.2', '0.0.0.0', '10.55.0.0/16', 'default', 'fd55:0::2', '::'],
    });
    expect([...addresses.owners([]).owners]).toEqual([
      ['10.55.0.2', 'b'],
      ['fd55::2', 'b'],
    ]);
    expect(addresses.refused).toBe(5);
  });

  it('belong to the smallest id where several say the same, in whichever order, and never to others where they are ours', () => {
    for (const order of [
      ['b', 'c'],
      ['c', 'b'],
    ]) {
      const addresses = new HostAddresses('self', ranges);
      for (const node of order) addresses.claim(node, { addresses: ['10.55.0.7', '10.55.0.1'] });
      const { owners, contested } = addresses.owners(['10.55.0.1']);
      expect([...owners]).toEqual([['10.55.0.7', 'b']]);
      expect(contested).toEqual(['10.55.0.1', '10.55.0.7']);
    }
  });

  it('end with who made them', () => {
    const addresses = new HostAddresses('self', ranges);
    expect(addresses.claim('b', { addresses: ['10.55.0.2'] })).toBe(true);
    expect(addresses.claim('b', { addresses: ['10.55.0.2'] })).toBe(false);
    expect(addresses.forget('b')).toBe(true);
    expect(addresses.owners([]).owners.size).toBe(0);
  });

  it('never throw, nor get anything into the table that is no address within the ranges', () => {
    const addresses = new HostAddresses('self', ranges);
    const text = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
    fc.assert(
      fc.property(fc.array(text, { maxLength: 16 }), (claimed) => {
        addresses.claim('b', { addresses: claimed });
        for (const address of addresses.owners([]).owners.keys()) expect(ranges.has(address)).toBe(true);
      }),
    );
  });

  it.each(['0.0.0.0/0', '10.0.0.0/7', '::/0', '10.55.0.0/33', '10.55/16', 'ten/8', '10.55.0.0'])(
    'take no range %s',
    (prefix) => {
      expect(() => new AddressRanges([prefix])).toThrow('no usable range');
    },
  );

  it('have one spelling', () => {
    expect([canonical('FD55:0:0::1'), canonical('10.1.2.3')]).toEqual(['fd55::1', '10.1.2.3']);
  });
});

describe('The table for the kernel', () => {
  const onLink = (neighbour: string) =>
    neighbour === 'far' ? undefined : { address: `10.56.0.${neighbour === 'b' ? 2 : 3}`, device: `to-${neighbour}` };

  it('leads to the address of the next hop on the link, and leaves out what has no route or no neighbour there', () => {
    const table = routeTable({
      nextHops: new Map([
        ['b', 'b'],
        ['d', 'c'],
        ['e', 'far'],
      ]),
      owners: new Map([
        ['10.55.0.2', 'b'],
        ['10.56.0.2', 'b'],
        ['10.55.0.4', 'd'],
        ['10.55.0.5', 'e'],
        ['10.55.0.6', 'f'],
      ]),
      onLink,
      own: ['10.55.0.1'],
    });
    expect([...table.values()]).toEqual([
      { address: '10.55.0.2', via: '10.56.0.2', device: 'to-b', source: '10.55.0.1' },
      { address: '10.55.0.4', via: '10.56.0.3', device: 'to-c', source: '10.55.0.1' },
    ]);
  });

  it('is brought up to date by what differs, or whole where that is not known', () => {
    const route = (address: string, via: string): [string, KernelRoute] => [
      address,
      { address, via, device: 'e1', source: undefined },
    ];
    const before = new Map([
      route('10.55.0.2', '10.56.0.2'),
      route('10.55.0.3', '10.56.0.2'),
      route('fd55::4', 'fe80::2'),
    ]);
    const after = new Map([route('10.55.0.2', '10.56.0.2'), route('10.55.0.3', '10.56.0.9')]);
    expect(changes(before, after, 'table 7 proto 8', false)).toEqual([
      'route del fd55::4/128 table 7 proto 8',
      'route replace 10.55.0.3/32 via 10.56.0.9 dev e1 onlink table 7 proto 8',
    ]);
    expect(changes(before, after, 'table 7 proto 8', true)).toHaveLength(3);
    expect(changes(after, after, 'table 7 proto 8', false)).toEqual([]);
  });
});
