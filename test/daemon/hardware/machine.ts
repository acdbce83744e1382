// Made-up machines for tests: a folder tree with the files that a real one would show.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Machine {
  root: string;
  write(files: Record<string, string>): void;
  [Symbol.dispose](): void;
}

/** @param files path -> text */
export function machine(files: Record<string, string> = {}): Machine {
  const root = mkdtempSync(path.join(tmpdir(), 'parlmesh-machine-'));
  const write = (more: Record<string, string>): void => {
    for (const [name, text] of Object.entries(more)) {
      const file = path.join(root, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  };
  write(files);
  return { root, write, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

/** `/proc/stat` of four cores. */
export function stat(busy: number, idle: number): string {
  const core = (index: number): string => `cpu${index} ${busy / 4} 0 0 ${idle / 4} 0 0 0 0 0 0`;
  return `cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0\n${[0, 1, 2, 3].map(core).join('\n')}\nintr 1 2 3\nctxt 99\n`;
}

export const MEMINFO = `MemTotal:        3884464 kB
MemFree:          123456 kB
MemAvailable:    3000000 kB
Buffers:          100000 kB
`;

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0
  eth0: 123456789 1000 0 0 0 0 0 0 987654 900 0 0 0 0 0 0
 wlan0:5000 50 0 0 0 0 0 0 6000 60 0 0 0 0 0 0
`;

const WIRELESS = `Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0     43        0
`;

/** A Raspberry Pi 4 on a supply that is too weak: under-voltage and throttled now, both before too. */
export const WEAK_PI_4: Record<string, string> = {
  'proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
  'proc/device-tree/compatible': 'raspberrypi,4-model-b\0brcm,bcm2711\0',
  'proc/stat': stat(1000, 9000),
  'proc/loadavg': '1.20 0.80 0.50 2/345 6789\n',
  'proc/uptime': '54321.99 200000.00\n',
  'proc/meminfo': MEMINFO,
  'proc/self/cgroup': '0::/system.slice/parlmesh.service\n',
  'proc/self/io':
    'rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 1234944\ncancelled_write_bytes: 0\n',
  'proc/net/dev': NET_DEV,
  'proc/net/wireless': WIRELESS,
  'sys/fs/cgroup/system.slice/parlmesh.service/memory.max': 'max\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '81793\n',
  'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n',
  'sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq': '600000\n',
  'sys/block/mmcblk0/dev': '179:0\n',
  'sys/block/mmcblk0/device/life_time': '0x02 0x01\n',
  'sys/class/net/lo/operstate': 'unknown\n',
  'sys/class/net/eth0/operstate': 'down\n',
  'sys/class/net/wlan0/operstate': 'up\n',
  'sys/class/net/wlan0/phy80211/name': 'phy0\n',
};
