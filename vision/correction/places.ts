// The places of all cameras: has each looked at when it is due, tells what is wrong with them and with the cameras
// themselves, and learns how a place looks. Looks at the pictures that people see, so privacy areas stay private.

import type { Clock } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { CameraHandle, CameraSnapshot } from '../camera-handle.ts';
import { cameraSymptoms } from './camera-symptoms.ts';
import { LOOK_SIDE, type Look, lookOf, MOST_PICTURES, type TaughtState } from './look.ts';
import { areaOf, boxAround, type PlaceState, PlaceWatch } from './place-watch.ts';
import type { SelfCorrectionEngine } from './self-correction-engine.ts';

/** What it looks through; `VisionProcessor` is one. */
export interface WatchedCameras {
  camera(id: string): Pick<CameraHandle, 'config' | 'onFrame'> | undefined;
  cameras(): CameraSnapshot[];
  picture(id: string, options: { boxes: boolean }): Promise<{ picture: Uint8Array; at: number } | undefined>;
  on(event: 'camera', listener: (snapshot: CameraSnapshot) => void): unknown;
  off(event: 'camera', listener: (snapshot: CameraSnapshot) => void): unknown;
}

/** How places look, kept over restarts. */
export interface TaughtLooks {
  load(): Map<string, TaughtState[]>;
  save(taught: ReadonlyMap<string, readonly TaughtState[]>): Promise<void>;
}

export interface PlacesParts {
  cameras: WatchedCameras;
  engine: Pick<SelfCorrectionEngine, 'report' | 'gone' | 'seen'>;
  taught: TaughtLooks;
  clock: Clock;
  logger: Logger;
}

interface Watched {
  handle: Pick<CameraHandle, 'config' | 'onFrame'>;
  places: PlaceWatch;
  stop: () => void;
  isBusy: boolean;
  /** Symptoms of the camera itself that were told. */
  told: ReadonlySet<string>;
}

const MOST_STATES = 8;

export class Places {
  readonly #parts: PlacesParts;
  readonly #watched = new Map<string, Watched>();
  /** By `camera/place`. */
  #taught = new Map<string, TaughtState[]>();

  constructor(parts: PlacesParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#taught = this.#parts.taught.load();
    this.#parts.cameras.on('camera', this.#onCamera);
    for (const snapshot of this.#parts.cameras.cameras()) this.#onCamera(snapshot);
  }

  stop(): void {
    this.#parts.cameras.off('camera', this.#onCamera);
    for (const id of [...this.#watched.keys()]) this.#forget(id);
  }

  /** By camera. */
  states(): { camera: string; places: PlaceState[] }[] {
    return [...this.#watched].flatMap(([camera, { places }]) => {
      const states = places.states();
      return states.length > 0 ? [{ camera, places: states }] : [];
    });
  }

  /** The next picture of a camera is looked at everywhere. */
  lookAgain(camera: string): void {
    this.#watched.get(camera)?.places.hurry();
  }

  /** What a place shows now is `state`. Throws `PLACE_UNKNOWN`, `PLACE_NOT_TAUGHT` where there is nothing to learn. */
  async teach(camera: string, place: string, state: string): Promise<{ pictures: number }> {
    const config = this.#parts.cameras.camera(camera)?.config;
    const found = config?.places.find(({ name }) => name === place);
    const zone = config?.zones.find(({ name }) => name === found?.zone);
    if (found === undefined || zone === undefined) {
      throw new ParlmeshError('PLACE_UNKNOWN', `Camera "${camera}" has no place "${place}"`, {
        hint: 'Places are named under `places` of a camera in the configuration',
      });
    }
    if (found.kind !== 'look') {
      throw new ParlmeshError('PLACE_NOT_TAUGHT', `"${place}" is a ${found.kind}, which is not taught`, {
        hint: 'Only places of kind `look` are',
      });
    }
    const shown = await this.#parts.cameras.picture(camera, { boxes: false });
    const look = shown && lookOf(await areaOf(shown.picture, boxAround(zone.points), LOOK_SIDE, false));
    if (look === undefined) {
      throw new ParlmeshError('PLACE_NOT_TAUGHT', `There is nothing to see of "${place}" now`, {
        hint: 'Wait for a picture, or draw the zone so that the thing is in it',
      });
    }
    return { pictures: await this.#learn(`${camera}/${place}`, state, look) };
  }

  async #learn(key: string, state: string, look: Look): Promise<number> {
    const states = this.#taught.get(key) ?? [];
    const known = states.find((one) => one.state === state);
    if (known === undefined && states.length >= MOST_STATES) {
      throw new ParlmeshError('PLACE_NOT_TAUGHT', `A place has at most ${MOST_STATES} states`, { hint: 'Use fewer' });
    }
    const looks = [...(known?.looks ?? []), look].slice(-MOST_PICTURES);
    const taught = new Map(this.#taught);
    taught.set(key, [...states.filter((one) => one.state !== state), { state, looks }]);
    await this.#parts.taught.save(taught);
    this.#taught = taught;
    return looks.length;
  }

  /** A camera that is new, was opened anew, or has another state. */
  readonly #onCamera = (snapshot: CameraSnapshot): void => {
    const { cameras, engine, clock } = this.#parts;
    const { id } = snapshot;
    const handle = cameras.camera(id);
    if (handle === undefined) {
      this.#forget(id);
      return;
    }
    let watched = this.#watched.get(id);
    if (watched?.handle !== handle) {
      this.#forget(id);
      const { places, zones } = handle.config;
      const watch = new PlaceWatch({
        ...{ camera: id, places, zones, clock },
        taught: (place) => this.#taught.get(`${id}/${place}`) ?? [],
        report: (symptom) => engine.report(symptom),
        gone: (symptom) => engine.gone(symptom),
        seen: (place, subject, isWell) => engine.seen(place, subject, isWell),
      });
      const added: Watched = { handle, places: watch, stop: () => {}, isBusy: false, told: new Set() };
      if (places.length > 0) added.stop = handle.onFrame(() => void this.#look(id, added));
      this.#watched.set(id, added);
      watched = added;
    }
    for (const { zone, text, at } of snapshot.readings ?? []) if (at !== undefined) watched.places.read(zone, text);
    this.#tellOfCamera(watched, snapshot);
  };

  #tellOfCamera(watched: Watched, snapshot: CameraSnapshot): void {
    const { engine, clock } = this.#parts;
    const symptoms = cameraSymptoms(snapshot, clock.now());
    for (const symptom of symptoms) engine.report(symptom);
    const told = new Set(symptoms.map(({ id }) => id));
    for (const id of watched.told) if (!told.has(id)) engine.gone(id);
    // What a camera says that sees wrongly, or nothing, is no word on what it looks at.
    if (told.size > 0 && watched.told.size === 0) watched.places.forget();
    watched.told = told;
  }

  async #look(id: string, watched: Watched): Promise<void> {
    const { cameras, clock, logger } = this.#parts;
    if (watched.isBusy || watched.told.size > 0 || !watched.places.isDue(clock.now())) return;
    watched.isBusy = true;
    try {
      const shown = await cameras.picture(id, { boxes: false });
      if (shown !== undefined && this.#watched.get(id) === watched) await watched.places.look(shown.picture);
    } catch (thrown) {
      logger.debug({ camera: id, cause: messageOf(thrown) }, 'places were not looked at');
    } finally {
      watched.isBusy = false;
    }
  }

  #forget(id: string): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    watched.stop();
    watched.places.forget();
    for (const symptom of watched.told) this.#parts.engine.gone(symptom);
    this.#watched.delete(id);
  }
}
