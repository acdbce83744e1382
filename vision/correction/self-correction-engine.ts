// Joins what cameras see with what the mesh and the agents say, has the cause corrected, looks again whether that helped,
// and keeps the whole story: seen, concluded, done, what came of it, with a picture before and after.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Service } from '../../core/service.ts';
import { type Conclusion, conclude } from './conclude.ts';
import { type Correction, type CorrectionPlanner, inWords, VERIFY_WITHIN } from './correction.ts';
import type { Symptom } from './symptom.ts';

export interface EpisodeStep {
  /** Wall-clock milliseconds. */
  at: number;
  correction: Correction;
  /** What whoever did it says, or why it was not done. */
  said: string;
  /** `pending` until it is verified. */
  outcome: 'pending' | 'helped' | 'no-effect' | 'not-done';
}

/** One fault from the first sight to its end. Times are wall-clock milliseconds. */
export interface Episode {
  id: string;
  cause: string;
  subject: string;
  confidence: number;
  openedAt: number;
  /** What was seen, as it was when the cause was concluded. */
  symptoms: Pick<Symptom, 'id' | 'kind' | 'witness' | 'subject' | 'message' | 'confidence' | 'evidence'>[];
  steps: EpisodeStep[];
  state: 'correcting' | 'asked' | 'over';
  /** How it ended: by the last step that helped, or by itself. */
  closedAt?: number;
  outcome?: string;
  /** Whose pictures show it. */
  camera?: string;
  /** Where its pictures are found. */
  before?: string;
  after?: string;
}

export interface SelfCorrectionOptions {
  planner: CorrectionPlanner;
  clock: Clock;
  journal: Journal;
  newId: () => string;
  /** Keeps the present picture of a camera; resolves with where it is found, or undefined when there is none. */
  keepPicture: (camera: string, episode: string, when: 'before' | 'after') => Promise<string | undefined>;
  /** Has the places of a camera looked at now, and not only when it is their turn. */
  lookAgain: (camera: string) => void;
}

/** Witnesses of one fault speak within this of each other; before it is over nothing is concluded. */
const SETTLE: Millis = 4_000;
/** The same cause so often within the period is not corrected any more, only told: something else is wrong. */
const MOST_AGAIN = { times: 3, within: 1_800_000 };
const MOST_EPISODES = 200;
const MOST_SYMPTOMS = 500;

interface Running {
  episode: Episode;
  conclusion: Conclusion;
  /** Place in the ladder of what is done now. */
  step: number;
  /** Waits for the effect. */
  timer: Timer | undefined;
  isBusy: boolean;
}

export class SelfCorrectionEngine extends EventEmitter<{ episode: [Episode] }> implements Service {
  readonly name = 'self-correction';
  readonly #options: SelfCorrectionOptions;
  readonly #symptoms = new Map<string, Symptom>();
  readonly #seenWell = new Map<string, Set<string>>();
  readonly #running = new Map<string, Running>();
  readonly #episodes: Episode[] = [];
  /** When each cause was found, lately. */
  readonly #found = new Map<string, Millis[]>();
  #settle: Timer | undefined;
  #isOpen = false;

  constructor(options: SelfCorrectionOptions) {
    super();
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#isOpen = true;
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#settle?.cancel();
    this.#settle = undefined;
    for (const { timer } of this.#running.values()) timer?.cancel();
    this.#running.clear();
    this.#symptoms.clear();
    this.#seenWell.clear();
  }

  /** Newest first. */
  episodes(): readonly Episode[] {
    return this.#episodes.toReversed();
  }

  symptoms(): readonly Symptom[] {
    return [...this.#symptoms.values()];
  }

  /** Something is wrong, or still is. The first word of it says since when. */
  report(symptom: Symptom): void {
    const known = this.#symptoms.get(symptom.id);
    if (known === undefined && this.#symptoms.size >= MOST_SYMPTOMS) return;
    this.#symptoms.set(symptom.id, known === undefined ? symptom : { ...symptom, since: known.since });
    if (known === undefined || known.kind !== symptom.kind) this.#concludeSoon();
  }

  /** It is not wrong any more. */
  gone(id: string): void {
    if (!this.#symptoms.delete(id)) return;
    for (const running of [...this.#running.values()]) {
      if (running.conclusion.symptoms.some((one) => this.#symptoms.has(one))) continue;
      this.#close(running);
    }
    this.#concludeSoon();
  }

  /** A place shows that what it is about is well, or does not any more. */
  seen(place: string, subject: string, isWell: boolean): void {
    const places = this.#seenWell.get(subject) ?? new Set<string>();
    if (isWell) places.add(place);
    else places.delete(place);
    if (places.size > 0) this.#seenWell.set(subject, places);
    else this.#seenWell.delete(subject);
  }

  #concludeSoon(): void {
    if (!this.#isOpen) return;
    this.#settle?.cancel();
    this.#settle = this.#options.clock.after(SETTLE, () => this.#conclude());
  }

  #conclude(): void {
    this.#settle = undefined;
    const symptoms = this.symptoms().toSorted((a, b) => a.since - b.since);
    const conclusions = conclude({ symptoms, seenWell: new Set(this.#seenWell.keys()) });
    for (const conclusion of conclusions) {
      const known = this.#running.get(conclusion.id);
      if (known !== undefined) {
        known.conclusion = conclusion;
        continue;
      }
      // Another cause explains the same better now: that one takes its place.
      for (const other of [...this.#running.values()]) {
        if (other.conclusion.symptoms.every((id) => conclusion.symptoms.includes(id))) {
          this.#end(other, `it is part of another fault: ${conclusion.cause}`);
        }
      }
      this.#open(conclusion, symptoms);
    }
  }

  #open(conclusion: Conclusion, all: readonly Symptom[]): void {
    const { clock, journal, newId, keepPicture } = this.#options;
    const { cause, subject, confidence } = conclusion;
    const symptoms = all.filter(({ id }) => conclusion.symptoms.includes(id));
    const camera = cameraOf(symptoms);
    const episode: Episode = {
      ...{ id: newId(), cause, subject, confidence, openedAt: clock.wall(), steps: [], state: 'correcting' },
      symptoms: symptoms.map(({ since: _, place: __, ...told }) => told),
      ...(camera !== undefined && { camera }),
    };
    const running: Running = { episode, conclusion, step: -1, timer: undefined, isBusy: false };
    this.#running.set(conclusion.id, running);
    this.#episodes.push(episode);
    if (this.#episodes.length > MOST_EPISODES) this.#episodes.shift();
    journal.record({
      severity: 'warning',
      kind: 'correction.concluded',
      subject,
      message: `${cause} (${Math.round(confidence * 100)} % sure)`,
      data: { episode: episode.id, symptoms: symptoms.map(({ id, message }) => ({ id, message })).slice(0, 8) },
    });
    if (camera !== undefined) {
      void keepPicture(camera, episode.id, 'before').then((path) => this.#pictured(episode, 'before', path), ignore);
    }
    this.#tell(episode);
    void this.#next(running, this.#isRepeated(conclusion.id));
  }

  /** Does the next thing of the ladder that can be done; `onlyAsk`: what was done before did not last. */
  async #next(running: Running, onlyAsk = false): Promise<void> {
    if (running.isBusy) return;
    const { planner, clock } = this.#options;
    const { episode, conclusion } = running;
    const at = conclusion.ladder.findIndex(
      (correction, index) =>
        index > running.step && (!onlyAsk || correction.action === 'operator.ask') && planner.canDo(correction),
    );
    const correction = conclusion.ladder[at];
    if (correction === undefined) return;
    running.step = at;
    running.isBusy = true;
    const step: EpisodeStep = { at: clock.wall(), correction, said: '', outcome: 'pending' };
    episode.steps.push(step);
    try {
      step.said = await planner.carryOut(correction, conclusion.cause);
    } catch (thrown) {
      step.said = messageOf(thrown);
      step.outcome = 'not-done';
    }
    running.isBusy = false;
    this.#record(episode, step);
    if (this.#running.get(conclusion.id) !== running) return;
    if (step.outcome === 'not-done') return this.#next(running);
    if (correction.action === 'operator.ask') episode.state = 'asked';
    this.#tell(episode);
    // It may have helped before it was even said so.
    if (!conclusion.symptoms.some((id) => this.#symptoms.has(id))) return this.#close(running);
    const within = VERIFY_WITHIN[correction.action];
    if (!Number.isFinite(within)) return;
    running.timer = clock.after(within, () => {
      step.outcome = 'no-effect';
      this.#tell(episode);
      void this.#next(running);
    });
    if (episode.camera !== undefined) this.#options.lookAgain(episode.camera);
  }

  /** All that was wrong is gone. */
  #close(running: Running): void {
    if (running.isBusy) return;
    const { episode } = running;
    const step = episode.steps.findLast(({ outcome }) => outcome === 'pending');
    if (step !== undefined) step.outcome = 'helped';
    this.#end(running, step === undefined ? 'it went away by itself' : `gone after: ${inWords(step.correction)}`);
  }

  #end(running: Running, outcome: string): void {
    const { clock, journal, keepPicture } = this.#options;
    const { episode, conclusion } = running;
    running.timer?.cancel();
    this.#running.delete(conclusion.id);
    Object.assign(episode, { state: 'over', closedAt: clock.wall(), outcome });
    const seconds = Math.round((episode.closedAt! - episode.openedAt) / 1000);
    journal.record({
      severity: 'info',
      kind: 'correction.over',
      subject: episode.subject,
      message: `Over after ${seconds} s: ${episode.cause}; ${outcome}`,
      data: { episode: episode.id, seconds },
    });
    const { camera } = episode;
    if (camera !== undefined) {
      void keepPicture(camera, episode.id, 'after').then((path) => this.#pictured(episode, 'after', path), ignore);
    }
    this.#tell(episode);
  }

  #pictured(episode: Episode, when: 'before' | 'after', path: string | undefined): void {
    if (path === undefined) return;
    episode[when] = path;
    this.#tell(episode);
  }

  #record(episode: Episode, { correction, said, outcome }: EpisodeStep): void {
    const isDone = outcome !== 'not-done';
    this.#options.journal.record({
      severity: correction.action === 'operator.ask' ? 'error' : 'warning',
      kind: isDone ? `correction.${correction.action === 'operator.ask' ? 'asked' : 'done'}` : 'correction.not-done',
      subject: episode.subject,
      message: isDone ? said : `Could not ${inWords(correction)}: ${said}`,
      data: { episode: episode.id, action: correction.action },
    });
  }

  #isRepeated(cause: string): boolean {
    const now = this.#options.clock.now();
    const times = (this.#found.get(cause) ?? []).filter((at) => now - at <= MOST_AGAIN.within);
    times.push(now);
    this.#found.delete(cause);
    this.#found.set(cause, times);
    if (this.#found.size > MOST_SYMPTOMS) this.#found.delete(this.#found.keys().next().value!);
    return times.length > MOST_AGAIN.times;
  }

  #tell(episode: Episode): void {
    this.emit('episode', structuredClone(episode));
  }
}

/** The camera that sees it best: one that watches a place, else the one that is wrong itself. */
function cameraOf(symptoms: readonly Symptom[]): string | undefined {
  for (const { place } of symptoms) if (place !== undefined) return place.camera;
  for (const { subject } of symptoms) if (subject.startsWith('camera/')) return subject.slice('camera/'.length);
  return undefined;
}

const ignore = (): void => {};
