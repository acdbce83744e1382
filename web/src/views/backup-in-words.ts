// What takes over when the first link of a route fails, in words. Pure.

import type { RouteView } from '../../../daemon/view/route-schema.ts';
import { plainCost } from '../format.ts';

/** "at once over bravo (loop-free alternate, cost 32); also if charlie dies". */
export function backupInWords({ backup, nextHopName, pathNames }: RouteView): string {
  if (backup === undefined) return 'no other way';
  const over = backup.pathNames.length === 1 ? 'direct' : `over ${backup.pathNames.slice(0, -1).join(', ')}`;
  const kind = backup.kind === 'lfa' ? 'loop-free alternate' : 'repair path';
  const holds = backup.protects === 'node' && pathNames.length > 1 ? `; also if ${nextHopName} dies` : '';
  return `at once ${over} (${kind}, cost ${plainCost(backup.cost)})${holds}`;
}
