import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interfaceTo } from '../../../mesh/link/carrier-watch.ts';
import { LineReader, readCarrierEvent } from '../../../mesh/link/ip-monitor.ts';
import { bindAddress, remoteAddress, tcpPort } from '../../../mesh/link/probe-address.ts';

// As iproute2 6.1 prints them.
const UP =
  '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default \\    link/ether 00:11:22:33:44:55 brd ff:ff:ff:ff:ff:ff';
const NO_CARRIER =
  '2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc fq_codel state DOWN group default \\    link/ether 00:11:22:33:44:55 brd ff:ff:ff:ff:ff:ff';
const DISABLED =
  '7: veth0@if6: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default \\    link/ether 3a:0e:1c:55:10:0f brd ff:ff:ff:ff:ff:ff link-netnsid 1';
const DELETED =
  'Deleted 9: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN group default \\    link/none';

describe('What `ip monitor link` says', () => {
  it('tells which interface carries, and which does not', () => {
    expect(readCarrierEvent(UP)).toEqual({ name: 'eth0', up: true });
    expect(readCarrierEvent(NO_CARRIER)).toEqual({ name: 'eth0', up: false });
    expect(readCarrierEvent(DISABLED)).toEqual({ name: 'veth0', up: false });
    expect(readCarrierEvent(DELETED)).toEqual({ name: 'wg0', up: false });
  });

  it('is left alone where it is about something else', () => {
    for (const line of [
      '',
      '    link/ether 00:11',
      '2: eth0    inet 10.0.0.1/24',
      'Deleted',
      `2: ${'x'.repeat(5000)}`,
    ]) {
      expect(readCarrierEvent(line)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (line) => void readCarrierEvent(line)));
  });

  it('is cut into lines however it comes, and never kept without end', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 20 }), (cuts) => {
        const text = `${UP}\n${NO_CARRIER}\n${DELETED}\n`;
        const reader = new LineReader();
        const lines: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          lines.push(...reader.push(text.slice(at, at + cut)));
          at += cut;
        }
        lines.push(...reader.push(text.slice(at)));
        expect(lines).toEqual([UP, NO_CARRIER, DELETED]);
      }),
    );
    const reader = new LineReader();
    for (let at = 0; at < 10; at++) expect(reader.push('x'.repeat(1000))).toEqual([]);
    expect(reader.push(`\n${UP}\n`).at(-1)).toBe(UP);
  });
});

describe('The way to a peer', () => {
  const address = (cidr: string) => ({
    cidr,
    address: '',
    netmask: '',
    mac: '',
    internal: false,
    family: 'IPv4' as const,
  });

  it('leads over the interface with the narrowest network that holds its address', () => {
    const interfaces = {
      lo: [address('127.0.0.1/8')],
      eth0: [address('10.0.0.2/8')],
      veth1: [address('10.1.2.3/24'), { ...address('fd00::1/64'), family: 'IPv6' as const, scopeid: 0 }],
    };
    expect(interfaceTo('127.0.0.9', interfaces)).toBe('lo');
    expect(interfaceTo('10.1.2.9', interfaces)).toBe('veth1');
    expect(interfaceTo('10.9.9.9', interfaces)).toBe('eth0');
    expect(interfaceTo('fd00::9', interfaces)).toBe('veth1');
    expect(interfaceTo('8.8.8.8', interfaces)).toBeUndefined();
    expect(interfaceTo('fe80::1%wlan0', interfaces)).toBe('wlan0');
  });

  it('is read from multiaddresses', () => {
    expect(remoteAddress('/ip4/10.0.0.1/tcp/7421')).toBe('10.0.0.1');
    expect(remoteAddress('/ip6zone/eth0/ip6/fe80::1/tcp/7421')).toBe('fe80::1%eth0');
    expect(remoteAddress('/dns4/board.local/tcp/7421')).toBeUndefined();
    expect(remoteAddress('/memory/x')).toBeUndefined();
    expect(bindAddress(['/ip4/127.0.0.1/tcp/0'])).toBe('127.0.0.1');
    expect(bindAddress(['/ip4/10.0.0.1/tcp/1', '/ip4/10.1.0.1/tcp/1'])).toBe('0.0.0.0');
    expect(bindAddress(['/ip4/0.0.0.0/tcp/1', '/ip6/::/tcp/1'])).toBe('::');
    expect(tcpPort(['/ip4/10.0.0.1/tcp/7421'])).toBe(7421);
    expect(tcpPort([])).toBe(0);
  });
});
