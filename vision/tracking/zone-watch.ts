// Which zones a thing counts in, and how many came, went and are there. A thing counts in a zone when it stands in it
// (by its foot), is of a class and a size that the zone asks for, and has stayed as long as the zone asks for.

import type { Millis } from '../../core/clock.ts';
import type { ZoneConfig } from '../config.ts';
import { area, type Box, clipped, contains, footOf } from '../geometry.ts';

export interface ZoneCount {
  /** Things in it now. */
  present: number;
  /** Since the camera began. */
  entered: number;
  left: number;
}

/** A thing came into a zone or left it. */
export interface ZoneChange {
  zone: string;
  what: 'entered' | 'left';
}

interface Stay {
  since: Millis;
  counts: boolean;
}

export class ZoneWatch {
  readonly #zones: readonly ZoneConfig[];
  readonly #counts: ReadonlyMap<string, ZoneCount>;
  /** Stays by thing, then by zone. */
  readonly #stays = new Map<number, Map<string, Stay>>();

  constructor(zones: readonly ZoneConfig[]) {
    this.#zones = zones;
    this.#counts = new Map(zones.map(({ name }) => [name, { present: 0, entered: 0, left: 0 }]));
  }

  /** A thing was seen; returns the zones it counts in, and what changed. */
  see(thing: { id: number; label: string; box: Box }, now: Millis): { zones: string[]; changes: ZoneChange[] } {
    const stays = this.#stays.get(thing.id) ?? new Map<string, Stay>();
    this.#stays.set(thing.id, stays);
    const changes: ZoneChange[] = [];
    for (const zone of this.#zones) {
      if (!isIn(zone, thing)) {
        changes.push(...this.#leave(stays, zone.name));
        continue;
      }
      const stay = stays.get(zone.name) ?? { since: now, counts: false };
      stays.set(zone.name, stay);
      if (stay.counts || now - stay.since < zone.loiterSeconds * 1000) continue;
      stay.counts = true;
      const count = this.#counts.get(zone.name)!;
      count.present++;
      count.entered++;
      changes.push({ zone: zone.name, what: 'entered' });
    }
    return { zones: [...stays].filter(([, { counts }]) => counts).map(([name]) => name), changes };
  }

  /** A thing is gone. */
  end(id: number): ZoneChange[] {
    const stays = this.#stays.get(id);
    this.#stays.delete(id);
    return stays === undefined ? [] : [...stays.keys()].flatMap((zone) => this.#leave(stays, zone));
  }

  /** By the zone's name. */
  counts(): ReadonlyMap<string, Readonly<ZoneCount>> {
    return this.#counts;
  }

  #leave(stays: Map<string, Stay>, zone: string): ZoneChange[] {
    const stay = stays.get(zone);
    stays.delete(zone);
    if (stay?.counts !== true) return [];
    const count = this.#counts.get(zone)!;
    count.present--;
    count.left++;
    return [{ zone, what: 'left' }];
  }
}

function isIn({ points, labels, minSize }: ZoneConfig, { label, box }: { label: string; box: Box }): boolean {
  const seen = clipped(box);
  return (labels.length === 0 || labels.includes(label)) && area(seen) >= minSize && contains(points, footOf(seen));
}
