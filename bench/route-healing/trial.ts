// One cut: the cable in the middle of the way that traffic takes is cut, the outage measured, the cable joined again.

import type { CutKind, NamespaceRig } from '../rig/namespaces.ts';
import { isFlowing, type Outage, outageOf } from '../rig/outage.ts';
import { monotonic, until } from '../rig/processes.ts';
import { middleCable } from '../rig/topology.ts';
import type { RunningSubject } from './subject.ts';

/** Milliseconds. An outage that lasts longer counts as this long. */
const LONGEST_OUTAGE = 60_000;
/** The flow must have run this long to count as healed, and before a cut as undisturbed. */
const STEADY = 500;
/** Answers of probes younger than this may not have been told yet. */
const TELLING = 150;
/** After the cable is joined, until traffic takes it again. */
const RECOVERY_LIMIT = 120_000;

export interface Trial {
  outage: Outage;
  /** What the nodes said of an outage that was long; empty otherwise. */
  story: string[];
}

/** An outage that lasts longer is to be explained. */
const LONG = 1000;

/** @param settling milliseconds of rest before the cut */
export async function trial(
  rig: NamespaceRig,
  subject: RunningSubject,
  kind: CutKind,
  settling: number,
): Promise<Trial> {
  const path = await settledPath(rig, subject, settling);
  const cable = middleCable(rig.topology, path);
  const before = monotonic();
  await rig.cut(cable, kind);
  await rest(STEADY + TELLING);
  const healed = until('the flow heals', LONGEST_OUTAGE, () => flows(subject, STEADY));
  await healed.catch(() => {});
  const after = monotonic() - TELLING;
  const outage = outageOf(subject.probes(before, after), before, after);
  await rig.restore(cable, kind);
  const story = outage.longest > LONG ? ((await subject.story?.(before, after)) ?? []) : [];
  return { outage, story };
}

/** The way that traffic takes, once all is whole, the way a shortest one, and both still so after the rest. */
async function settledPath(rig: NamespaceRig, subject: RunningSubject, settling: number): Promise<number[]> {
  const nodes = rig.topology.fewestHops + 1;
  for (;;) {
    await until('a steady flow over a shortest path', RECOVERY_LIMIT, async () => {
      const isSteady = (await subject.path())?.length === nodes && flows(subject, STEADY);
      // Where a cable of an earlier cut is no link yet, this cut would measure a network that is cut in two.
      return isSteady && (await subject.isWhole?.()) !== false;
    });
    await rest(settling);
    const path = await subject.path();
    if (path?.length === nodes) return path;
  }
}

/** The probes of the last `span` milliseconds came back. */
function flows(subject: RunningSubject, span: number): boolean {
  const now = monotonic() - TELLING;
  return isFlowing(subject.probes(now - span, now));
}

const rest = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
