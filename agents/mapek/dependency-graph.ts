// What works only while something else does: an agent its service, a service its node, a peer the link to it.

/** Subjects and edges that are kept; further ones are refused. */
const MOST_SUBJECTS = 5_000;
const MOST_NEEDS = 16;
const DEEPEST = 8;

export class DependencyGraph {
  readonly #needs = new Map<string, readonly string[]>();
  readonly #neededBy = new Map<string, Set<string>>();

  /** `subject` works only while all of `needs` do; takes the place of what was said before. False when there are too many. */
  set(subject: string, needs: readonly string[]): boolean {
    if (!this.#needs.has(subject) && this.#needs.size >= MOST_SUBJECTS) return false;
    this.forget(subject);
    const kept = [...new Set(needs)].filter((need) => need !== subject).slice(0, MOST_NEEDS);
    this.#needs.set(subject, kept);
    for (const need of kept) {
      const dependents = this.#neededBy.get(need) ?? new Set();
      dependents.add(subject);
      this.#neededBy.set(need, dependents);
    }
    return kept.length === needs.length;
  }

  forget(subject: string): void {
    for (const need of this.#needs.get(subject) ?? []) {
      const dependents = this.#neededBy.get(need);
      dependents?.delete(subject);
      if (dependents?.size === 0) this.#neededBy.delete(need);
    }
    this.#needs.delete(subject);
  }

  /** Directly. */
  needsOf(subject: string): readonly string[] {
    return this.#needs.get(subject) ?? [];
  }

  /** Directly. */
  dependentsOf(subject: string): readonly string[] {
    return [...(this.#neededBy.get(subject) ?? [])];
  }

  /** Whether something depends on it directly. */
  isNeeded(subject: string): boolean {
    return this.#neededBy.has(subject);
  }

  /** Whether `subject` works only while `other` does, over up to eight steps. Cycles do no harm. */
  dependsOn(subject: string, other: string): boolean {
    const seen = new Set([subject]);
    let edge = [subject];
    for (let depth = 0; depth < DEEPEST && edge.length > 0; depth++) {
      const next: string[] = [];
      for (const at of edge) {
        for (const need of this.needsOf(at)) {
          if (need === other) return true;
          if (seen.has(need)) continue;
          seen.add(need);
          next.push(need);
        }
      }
      edge = next;
    }
    return false;
  }
}
