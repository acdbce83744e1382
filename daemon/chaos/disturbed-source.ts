// A camera's source whose pictures can be lost, covered, turned away or stopped: what the pipeline gets is a real picture all
// the same, decoded, changed and encoded again.

import { ParlmeshError } from '../../core/errors.ts';
import type { FrameSink, FrameSource } from '../../vision/camera/frame-source.ts';
import { loadSharp } from '../../vision/picture/decode.ts';

export type PictureFault = { kind: 'lost' } | { kind: 'covered' } | { kind: 'moved' } | { kind: 'frozen' };

export interface DisturbedSourceParts {
  fault: () => PictureFault | undefined;
  /** Calls `listener` whenever the fault of a camera has changed; returns how to stop that. */
  onFault: (listener: () => void) => () => void;
  /** The source is opened anew. */
  reopened: () => void;
}

/** Share of the width that a moved view is turned by. */
const TURNED = 0.3;
/** A hand over the lens: nearly black, and out of focus. */
const DARKENED = 0.06;

export class DisturbedSource implements FrameSource {
  readonly #inner: FrameSource;
  readonly #parts: DisturbedSourceParts;
  #wasOpened = false;
  /** The picture that a frozen camera goes on sending. */
  #last: Uint8Array | undefined;

  constructor(inner: FrameSource, parts: DisturbedSourceParts) {
    this.#inner = inner;
    this.#parts = parts;
  }

  get kind(): FrameSource['kind'] {
    return this.#inner.kind;
  }

  get pace(): FrameSource['pace'] {
    return this.#inner.pace;
  }

  get stallAfter(): FrameSource['stallAfter'] {
    return this.#inner.stallAfter;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { fault, onFault, reopened } = this.#parts;
    if (this.#wasOpened) reopened();
    this.#wasOpened = true;
    if (fault()?.kind === 'lost') throw gone();
    const lost = new AbortController();
    const stopHearing = onFault(() => {
      if (fault()?.kind === 'lost') lost.abort(gone());
    });
    try {
      await this.#inner.run(this.#changed(sink), AbortSignal.any([signal, lost.signal]));
    } finally {
      stopHearing();
    }
    if (lost.signal.aborted && !signal.aborted) throw lost.signal.reason;
  }

  #changed(sink: FrameSink): FrameSink {
    return {
      frame: async (bytes, name) => {
        const kind = this.#parts.fault()?.kind;
        if (kind === undefined) this.#last = bytes;
        const picture = await altered(kind, bytes, this.#last).catch(() => bytes);
        await sink.frame(picture, name);
      },
      alive: () => sink.alive(),
      waiting: (cause) => sink.waiting(cause),
      broken: (error) => sink.broken(error),
    };
  }
}

async function altered(
  kind: PictureFault['kind'] | undefined,
  bytes: Uint8Array,
  last: Uint8Array | undefined,
): Promise<Uint8Array> {
  if (kind === 'frozen') return last ?? bytes;
  if (kind !== 'covered' && kind !== 'moved') return bytes;
  const sharp = await loadSharp();
  const picture = sharp(bytes);
  if (kind === 'covered') return picture.blur(20).linear(DARKENED, 4).jpeg({ quality: 85 }).toBuffer();
  const { width = 0, height = 0 } = await picture.metadata();
  const by = Math.round(width * TURNED);
  // What was beyond the edge is not known: the neighbouring pixels stand for it, mirrored.
  return picture
    .extract({ left: by, top: 0, width: width - by, height })
    .extend({ right: by, extendWith: 'mirror' })
    .jpeg({ quality: 85 })
    .toBuffer();
}

const gone = (): ParlmeshError => new ParlmeshError('CAMERA_LOST', 'the camera was unplugged by chaos');
