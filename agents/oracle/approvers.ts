// Who is asked to approve a wide action: nodes chosen by rendezvous hashing, which everybody can work out. The choice
// depends on the node that asks and on the hour, not on what is asked: it cannot be tried again until it pleases.

import { createHash } from 'node:crypto';
import type { Millis } from '../../core/clock.ts';

/** The choice is another one after this time. */
export const EPOCH: Millis = 3600_000;
/** Nodes see the network slightly differently: so many places further down still count. */
const SLACK = 2;

export function epochAt(at: Millis): number {
  return Math.floor(at / EPOCH);
}

/** All candidates, those to be asked first in front. */
export function rankApprovers(
  candidates: readonly string[],
  by: { network: string; node: string; epoch: number },
): string[] {
  return candidates
    .filter((id) => id !== by.node)
    .map((id) => ({ id, weight: weightOf(id, by) }))
    .sort((a, b) => (a.weight < b.weight ? 1 : a.weight > b.weight ? -1 : 0))
    .map(({ id }) => id);
}

/** Which of `approvers` were to be asked, by the view of the network of whoever checks. */
export function chosenAmong(
  approvers: ReadonlySet<string>,
  candidates: readonly string[],
  by: { network: string; node: string; at: Millis; asked: number },
): number {
  // An order made just before the hour may be checked just after it, but it carries its own time.
  const ranked = rankApprovers(candidates, { ...by, epoch: epochAt(by.at) });
  return ranked.slice(0, by.asked + SLACK).filter((id) => approvers.has(id)).length;
}

function weightOf(
  candidate: string,
  { network, node, epoch }: { network: string; node: string; epoch: number },
): string {
  return createHash('sha256').update(`parlmesh approvers 1\0${network}\0${node}\0${epoch}\0${candidate}`).digest('hex');
}

/** More than a tenth of the network, and at least two nodes. */
export function isWide(nodes: number, networkSize: number, wideShare: number): boolean {
  return nodes >= 2 && nodes > wideShare * networkSize;
}

/** How many must approve, and how many are asked: never more than there are others. */
export function approvalRule(networkSize: number, wanted: { approvals: number; asked: number }) {
  // A node that has just started may know of nobody yet: that is no reason to need nobody.
  const others = Math.max(1, networkSize - 1);
  return {
    approvals: Math.min(wanted.approvals, others),
    asked: Math.min(Math.max(wanted.asked, wanted.approvals), others),
  };
}
