// Where things were seen, for each camera: counted as observations start and move, kept in the store once an hour.

import type { Clock, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { RecordedObservation } from '../../vision/camera-pipeline.ts';
import { ActivityGrid, busiestPlace, COLUMNS, ROWS } from '../../vision/drawing/activity-grid.ts';
import type { Store } from '../store/store.ts';
import type { ActivityView } from '../view/camera-schema.ts';

/** Flash wears with each write; a power cut loses an hour of many days. */
const KEEP_EVERY = 3_600_000;
/** Cameras whose grids are held; names come from the configuration, which has no more. */
const MOST_CAMERAS = 64;

export class ActivityMaps {
  readonly #store: Pick<Store, 'state' | 'putState'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #grids = new Map<string, ActivityGrid>();
  readonly #changed = new Set<string>();
  #timer: Timer | undefined;

  constructor(parts: { store: Pick<Store, 'state' | 'putState'>; clock: Clock; logger: Logger }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  start(): void {
    this.#timer = this.#clock.every(KEEP_EVERY, () => void this.#keep());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#keep();
  }

  readonly add = ({ camera, phase, box }: Pick<RecordedObservation, 'camera' | 'phase' | 'box'>): void => {
    if (phase === 'end') return;
    this.#gridOf(camera)?.add(box.x + box.width / 2, box.y + box.height, this.#clock.wall());
    this.#changed.add(camera);
  };

  of(camera: string): ActivityView {
    const now = this.#clock.wall();
    const grid = this.#gridOf(camera);
    const shares = grid?.shares(now) ?? [];
    const busiest = busiestPlace(shares);
    return {
      ...{ camera, columns: COLUMNS, rows: ROWS, shares },
      sightings: Math.round(grid?.total(now) ?? 0),
      ...(busiest && { busiest }),
    };
  }

  #gridOf(camera: string): ActivityGrid | undefined {
    const known = this.#grids.get(camera);
    if (known !== undefined) return known;
    if (this.#grids.size >= MOST_CAMERAS) return undefined;
    const grid = ActivityGrid.of(this.#read(camera), this.#clock.wall());
    this.#grids.set(camera, grid);
    return grid;
  }

  #read(camera: string): unknown {
    try {
      return this.#store.state(keyOf(camera));
    } catch (error) {
      this.#logger.debug({ camera, cause: messageOf(error) }, 'the activity of a camera was not read');
      return undefined;
    }
  }

  async #keep(): Promise<void> {
    for (const camera of [...this.#changed]) {
      this.#changed.delete(camera);
      try {
        await this.#store.putState(keyOf(camera), this.#gridOf(camera)?.kept());
      } catch (error) {
        this.#changed.add(camera);
        this.#logger.debug({ camera, cause: messageOf(error) }, 'the activity of a camera was not kept');
        return;
      }
    }
  }
}

const keyOf = (camera: string): string => `activity/${camera}`;
