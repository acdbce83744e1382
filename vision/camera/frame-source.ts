// The port behind which every kind of camera stands. A source knows how to get pictures once; trying again, stall
// detection, counting and health belong to `camera.ts`, the same for all.

import type { Millis } from '../../core/clock.ts';
import type { ParlmeshError } from '../../core/errors.ts';
import type { SourceKind } from './source.ts';

/** Takes what a source delivers. */
export interface FrameSink {
  /**
   * A new picture, as a file's bytes. Settles when the picture has been looked at or a newer one took its place: a
   * source that keeps its pictures (a folder) waits for it, a live one goes on.
   * @param name of its file, where it has one
   */
  frame(bytes: Uint8Array, name?: string): Promise<void>;
  /** A sign of life without a new picture. */
  alive(): void;
  /** The source is well and has no picture yet. */
  waiting(cause: string): void;
  /** Something came that is no picture; the source goes on. */
  broken(error: ParlmeshError): void;
}

export interface FrameSource {
  /** `none`: the setting names no source. */
  readonly kind: SourceKind | 'none';
  /** `video`: pictures follow each other closely. `stills`: they may be unrelated. */
  readonly pace: 'video' | 'stills';
  /** Milliseconds without a sign of life after which the source is taken for lost; undefined where silence is normal. */
  readonly stallAfter: Millis | undefined;
  /**
   * Delivers pictures until `signal` aborts (then resolves or rejects, and has given everything back), or rejects with
   * the cause when the source is lost. Called again after every loss. Sets its own time limits for work that may hang
   * where `stallAfter` is undefined.
   */
  run(sink: FrameSink, signal: AbortSignal): Promise<void>;
}
