// Whether a process that answers nothing stands still. One that computes answers nothing for a while either, but uses the
// processor; one that is starved wants it, and one that waits for a disk gets going again. Those are left alone.

import { readFileSync } from 'node:fs';

/** Of a process, as Linux tells it. */
export interface Vitals {
  /** Of its main thread: `R` runs or wants to, `D` waits for a disk, `S` sleeps, `T` is stopped. */
  state: string;
  /** Of processor time, a hundredth of a second each. */
  ticks: number;
}

const AT_WORK: ReadonlySet<string> = new Set(['R', 'D']);
/** The kernel may count one to what was done before. */
const NOTHING = 1;

/** Tells from looks while it answers nothing. */
export class Standstill {
  #before: Vitals | undefined;

  /** True when it did nothing and wanted nothing since the look before, nor then. */
  look(now: Vitals | undefined): boolean {
    const before = this.#before;
    this.#before = now;
    if (before === undefined || now === undefined) return false;
    const isIdle = ({ state }: Vitals): boolean => !AT_WORK.has(state);
    return isIdle(before) && isIdle(now) && now.ticks - before.ticks <= NOTHING;
  }

  /** It has answered, or nobody could look in time. */
  forget(): void {
    this.#before = undefined;
  }
}

/** Of a process, or of the innermost that it started: what shuts a module in stays around it. Undefined where there is no /proc. */
export function vitalsOf(pid: number): Vitals | undefined {
  try {
    let inner = pid;
    for (let child = firstChild(inner); child !== undefined; child = firstChild(inner)) inner = child;
    const stat = readFileSync(`/proc/${inner}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

function firstChild(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ');
  return first === undefined || first === '' ? undefined : Number(first);
}
