// One change of a route as people are told of it: what was, what is, why, and what happened in between. Journal, command
// line, API and page say it alike.

import type { Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import type { Backup } from './backups.ts';
import type { Course, RouteChange } from './mesh-router.ts';
import type { Computation } from './switch-over.ts';

/** A path as it was or is. */
export type PathTaken = Pick<Course, 'nextHop' | 'path' | 'cost'>;

export interface ToldChange {
  kind: RouteChange['kind'];
  destination: NodeId;
  before?: PathTaken;
  after?: PathTaken;
  /** With the cause of the failure, where a link of this node failed. */
  reason: string;
  /** Milliseconds from the first word of the cause until the routes followed. */
  delay: Millis;
  /** What frames took until then. */
  backup?: Pick<Backup, 'kind' | 'nextHop' | 'path'>;
}

export function toldChange(change: RouteChange, { delay, failures, takeovers }: Computation): ToldChange {
  const before = change.kind === 'added' ? undefined : change.before;
  const after = change.kind === 'lost' ? undefined : change.route;
  const failure = before && failures.get(before.nextHop);
  const reason = change.kind === 'lost' ? change.reason : change.route.reason;
  const taken = takeovers.get(change.destination);
  return {
    kind: change.kind,
    destination: change.destination,
    ...(before && { before: pathOf(before) }),
    ...(after && { after: pathOf(after) }),
    reason: failure === undefined ? reason : `${reason} (${failure})`,
    delay,
    ...(taken !== undefined &&
      taken.kind !== 'primary' && { backup: { kind: taken.kind, nextHop: taken.nextHop, path: taken.path } }),
  };
}

/** "Route to d was over b, is now over c: link to b went down (no answer for 151 ms)". */
export function changeInWords(
  { destination, before, after, reason }: Pick<ToldChange, 'destination' | 'before' | 'after' | 'reason'>,
  nameOf: (id: NodeId) => string,
): string {
  const way = ({ path }: PathTaken): string =>
    path.length === 1 ? 'direct' : `over ${path.slice(0, -1).map(nameOf).join(', ')}`;
  const name = nameOf(destination);
  const why = reason === 'direct' ? '' : `: ${reason}`;
  if (after === undefined) return `No route to ${name} is left${before ? `, it was ${way(before)}` : ''}${why}`;
  if (before === undefined) return `Route to ${name} goes ${way(after)}${why}`;
  return `Route to ${name} was ${way(before)}, is now ${way(after)}${why}`;
}

const pathOf = ({ nextHop, path, cost }: Course): PathTaken => ({ nextHop, path, cost });
