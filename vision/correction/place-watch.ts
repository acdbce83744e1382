// Looks at the places of one camera: which are due, what they show in this picture, and when that is a symptom: seen long
// enough, and gone only once it was well for a while.

import type { Clock, Millis } from '../../core/clock.ts';
import { type Box, clipped, type Polygon } from '../geometry.ts';
import { type Matcher, matcherOf } from '../ocr/matcher.ts';
import { openPicture, readable } from '../picture/decode.ts';
import { pixelsOf } from '../picture/prepare.ts';
import type { PlaceConfig } from './config.ts';
import { type LedPattern, type LedState, LedWatch, type Pixels, seeLed } from './led.ts';
import { compareLooks, LOOK_SIDE, lookOf, type TaughtState } from './look.ts';
import type { Symptom, SymptomKind } from './symptom.ts';

export interface PlaceWatchOptions {
  camera: string;
  places: readonly PlaceConfig[];
  zones: readonly { name: string; points: Polygon }[];
  /** What a place was taught. */
  taught: (place: string) => readonly TaughtState[];
  clock: Clock;
  report(symptom: Symptom): void;
  gone(id: string): void;
  /** A place shows that what it is about is well, or does not. */
  seen(place: string, subject: string, isWell: boolean): void;
}

/** How a place is, as it is shown. */
export interface PlaceState {
  name: string;
  kind: PlaceConfig['kind'];
  about?: string;
  /** In words: `green, blinking`, `closed`, the text of a display. Undefined until it is known. */
  shows?: string;
  /** Undefined until it is known. */
  isWell?: boolean;
}

/** What one sight of a place means. */
interface Verdict {
  shows: string;
  isWell: boolean;
  kind: SymptomKind;
  message: string;
  confidence: number;
  evidence: Record<string, unknown>;
}

const EVERY: Record<PlaceConfig['kind'], Millis> = { led: 450, display: 0, look: 2_000 };
/** Looks that agree before something is told: a lamp's state is of eight seconds already. */
const AGREEING: Record<PlaceConfig['kind'], number> = { led: 2, display: 1, look: 3 };
/** What is well of a lamp where the settings do not say. */
const LIT: readonly LedPattern[] = ['on', 'blinking'];
/** Most pixels of a side that a lamp is looked at with. */
const LED_SIDE = 32;

interface Watched {
  place: PlaceConfig;
  box: Box;
  led: LedWatch;
  /** Of displays. */
  well: Matcher | undefined;
  fault: Matcher | undefined;
  dueAt: Millis;
  /** The last verdict, and how often one after the other it was as well or ill. */
  last: Verdict | undefined;
  count: number;
  told: 'well' | 'ill' | undefined;
  illSince: Millis;
}

export class PlaceWatch {
  readonly #options: PlaceWatchOptions;
  readonly #watched: readonly Watched[];

  constructor(options: PlaceWatchOptions) {
    this.#options = options;
    this.#watched = options.places.flatMap((place) => {
      const zone = options.zones.find(({ name }) => name === place.zone);
      if (zone === undefined) return [];
      const fresh = { dueAt: -Infinity, last: undefined, count: 0, told: undefined, illSince: 0 };
      const matcher = (pattern: string | undefined, of: string): Matcher | undefined =>
        pattern === undefined ? undefined : matcherOf(pattern, `"${of}" of place ${place.name}`, 'iu');
      const display = place.kind === 'display' ? place : undefined;
      return [
        {
          ...{ place, box: boxAround(zone.points), led: new LedWatch(), ...fresh },
          ...{ well: matcher(display?.well, 'well'), fault: matcher(display?.fault, 'fault') },
        },
      ];
    });
  }

  states(): PlaceState[] {
    return this.#watched.map(({ place: { name, kind, about }, last, told }) => ({
      ...{ name, kind },
      ...(about !== undefined && { about }),
      ...(last !== undefined && { shows: last.shows }),
      ...(told !== undefined && { isWell: told === 'well' }),
    }));
  }

  /** Every place is due with the next picture. */
  hurry(): void {
    for (const watched of this.#watched) watched.dueAt = -Infinity;
  }

  isDue(now: Millis): boolean {
    return this.#watched.some(({ place, dueAt }) => place.kind !== 'display' && now >= dueAt);
  }

  /** Looks at a picture file where places are due. Rejects with `PICTURE_UNREADABLE` and the like. */
  async look(bytes: Uint8Array): Promise<void> {
    const now = this.#options.clock.now();
    for (const watched of this.#watched) {
      const { place } = watched;
      if (place.kind === 'display' || now < watched.dueAt) continue;
      watched.dueAt = now + EVERY[place.kind];
      const verdict = await this.#judge(watched, bytes, now);
      if (verdict !== undefined) this.#take(watched, verdict, now);
    }
  }

  /** What was read in a zone; `undefined`: nothing. */
  read(zone: string, text: string | undefined): void {
    const now = this.#options.clock.now();
    for (const watched of this.#watched) {
      const { place } = watched;
      if (place.kind !== 'display' || place.zone !== zone) continue;
      const shown = (text ?? '').slice(0, 200);
      const fault = watched.fault?.(shown);
      const isMissed = watched.well !== undefined && watched.well(shown) === undefined;
      const reason = shown === '' ? 'shows nothing' : `shows "${shown}"`;
      this.#take(
        watched,
        this.#verdict(place, shown, fault === undefined && !isMissed, 'display-fault', reason, 0.85, { text: shown }),
        now,
      );
    }
  }

  /** The camera sees nothing that could be trusted: what it said is taken back. */
  forget(): void {
    for (const watched of this.#watched) {
      if (watched.told === 'ill') this.#options.gone(this.#idOf(watched.place));
      if (watched.told === 'well' && watched.place.about !== undefined) {
        this.#options.seen(this.#idOf(watched.place), watched.place.about, false);
      }
      Object.assign(watched, { led: new LedWatch(), last: undefined, count: 0, told: undefined });
    }
  }

  async #judge({ place, box, led }: Watched, bytes: Uint8Array, now: Millis): Promise<Verdict | undefined> {
    if (place.kind === 'led') {
      const { colour, contrast } = seeLed(await areaOf(bytes, box, LED_SIDE, true));
      const state = led.see(colour, now);
      return state && this.#ledVerdict(place, state, contrast);
    }
    const look = lookOf(await areaOf(bytes, box, LOOK_SIDE, false));
    if (look === undefined || place.kind !== 'look') return undefined;
    const sight = compareLooks(look, this.#options.taught(place.name));
    const evidence = { likeness: Math.round(sight.likeness * 100) / 100 };
    if (sight.kind === 'unknown') return undefined;
    const isWell = place.well.includes(sight.state);
    return this.#verdict(place, sight.state, isWell, 'looks-wrong', `is ${sight.state}`, sight.likeness, evidence);
  }

  #ledVerdict(place: Extract<PlaceConfig, { kind: 'led' }>, { pattern, colour }: LedState, contrast: number): Verdict {
    const { colours = [], well = LIT } = place;
    const isRightColour = pattern === 'off' || colours.length === 0 || colours.includes(colour);
    const isWell = well.includes(pattern) && isRightColour;
    const shows = pattern === 'off' ? 'off' : pattern === 'blinking' ? `${colour}, blinking` : colour;
    const kind = pattern === 'off' ? 'lamp-off' : 'lamp-wrong';
    const evidence = { pattern, colour, contrast: Math.round(contrast * 100) / 100 };
    return this.#verdict(place, shows, isWell, kind, `is ${shows}`, 0.8, evidence);
  }

  #verdict(
    { name, about }: PlaceConfig,
    shows: string,
    isWell: boolean,
    kind: SymptomKind,
    reason: string,
    confidence: number,
    evidence: Record<string, unknown>,
  ): Verdict {
    const whose = about === undefined ? '' : ` of ${about.slice(about.indexOf('/') + 1)}`;
    return { shows, isWell, kind, confidence, evidence, message: `${name}${whose} ${reason}` };
  }

  #take(watched: Watched, verdict: Verdict, now: Millis): void {
    const { place } = watched;
    watched.count = watched.last?.isWell === verdict.isWell ? watched.count + 1 : 1;
    if (!verdict.isWell && watched.last?.isWell !== false) watched.illSince = now;
    watched.last = verdict;
    if (watched.count < AGREEING[place.kind]) return;
    const state = verdict.isWell ? 'well' : 'ill';
    const id = this.#idOf(place);
    const subject = place.about ?? `camera/${this.#options.camera}`;
    if (state !== watched.told && place.about !== undefined) this.#options.seen(id, place.about, verdict.isWell);
    if (state === 'well') {
      if (watched.told === 'ill') this.#options.gone(id);
    } else {
      const { kind, message, confidence, evidence } = verdict;
      this.#options.report({
        ...{ id, kind, witness: 'vision', subject, message, since: watched.illSince, confidence, evidence },
        place: { camera: this.#options.camera, name: place.name },
      });
    }
    watched.told = state;
  }

  #idOf({ name }: PlaceConfig): string {
    return `place/${this.#options.camera}/${name}`;
  }
}

/** The area as red, green, blue. @param side of the square, or the most that a side has */
export async function areaOf(bytes: Uint8Array, box: Box, side: number, keepsShape: boolean): Promise<Pixels> {
  const { image, width, height } = await openPicture(bytes);
  const { data, info } = await readable(() =>
    image
      .extract(pixelsOf(box, width, height))
      .resize(side, side, keepsShape ? { fit: 'inside', withoutEnlargement: true } : { fit: 'fill' })
      .flatten({ background: { r: 0, g: 0, b: 0 } })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true }),
  );
  return { width: info.width, height: info.height, rgb: data };
}

export function boxAround(points: Polygon): Box {
  const xs = points.map(([x = 0]) => x);
  const ys = points.map(([, y = 0]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return clipped({ x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y });
}
