// Memory that this process can count on: the board's, or less where a control group (a container, MemoryMax= of the
// unit) allows less.

import { freemem, totalmem } from 'node:os';
import type { HardwareView } from '../view/schema.ts';
import type { SystemFiles } from './system-files.ts';

export interface Memory {
  totalBytes: number;
  availableBytes: number;
}

/** /proc/meminfo. Pure. */
export function parseMeminfo(text: string): Memory | undefined {
  const bytes = (name: string): number | undefined => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  };
  const totalBytes = bytes('MemTotal');
  // Kernels before 3.14 do not estimate what is available.
  const availableBytes = bytes('MemAvailable') ?? bytes('MemFree');
  if (!totalBytes || availableBytes === undefined || availableBytes > totalBytes) return undefined;
  return { totalBytes, availableBytes };
}

/** How the two generations of control groups name the same things. */
const GENERATIONS = {
  1: { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cache: 'total_inactive_file' },
  2: { limit: 'memory.max', used: 'memory.current', cache: 'inactive_file' },
} as const;

export interface ControlGroup {
  folder: string;
  generation: keyof typeof GENERATIONS;
}

/** The control groups that limit this process, innermost first, from /proc/self/cgroup. Pure. */
export function controlGroups(text: string): ControlGroup[] {
  const first = /^\d+:memory:(\/.*)$/m.exec(text)?.[1];
  const second = /^0::(\/.*)$/m.exec(text)?.[1];
  if (first !== undefined)
    return withParents('sys/fs/cgroup/memory', first).map((folder) => ({ folder, generation: 1 }));
  return withParents('sys/fs/cgroup', second ?? '/').map((folder) => ({ folder, generation: 2 }));
}

/** Inside a container the host's path may mean nothing; then only the last folder, the root, is there to read. */
function withParents(root: string, group: string): string[] {
  const parts = group.split('/').filter((part) => part !== '' && part !== '..');
  return [...parts.map((_, index) => [root, ...parts.slice(0, parts.length - index)].join('/')), root];
}

export async function readMemory(files: SystemFiles): Promise<HardwareView['memory']> {
  const [meminfo, groups] = await Promise.all([files.text('proc/meminfo'), files.text('proc/self/cgroup')]);
  const board = parseMeminfo(meminfo ?? '') ?? { totalBytes: totalmem(), availableBytes: freemem() };
  const limits = await Promise.all(
    controlGroups(groups ?? '')
      .slice(-8)
      .map((group) => readLimit(files, group)),
  );
  const all = [board, ...limits.filter((limit) => limit !== undefined)];
  return {
    totalBytes: Math.min(...all.map((memory) => memory.totalBytes)),
    availableBytes: Math.min(...all.map((memory) => memory.availableBytes)),
    processBytes: process.memoryUsage.rss(),
  };
}

/** What a group allows; undefined where it sets no limit. */
async function readLimit(files: SystemFiles, { folder, generation }: ControlGroup): Promise<Memory | undefined> {
  const { limit, used, cache } = GENERATIONS[generation];
  const text = await files.text(`${folder}/${limit}`);
  if (text === undefined || !/^\d{1,19}$/.test(text)) return undefined;
  const [current, stat] = await Promise.all([files.number(`${folder}/${used}`), files.text(`${folder}/memory.stat`)]);
  const totalBytes = Number(text);
  // File cache that nobody uses counts as used, but is given back on demand.
  const reclaimable = Number(new RegExp(`^${cache} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0);
  const availableBytes = Math.max(0, Math.min(totalBytes, totalBytes - (current ?? 0) + reclaimable));
  return { totalBytes, availableBytes };
}
