// From a camera's setting to its source.

import type { Clock } from '../../core/clock.ts';
import { FfmpegSource } from './ffmpeg.ts';
import { FolderSource } from './folder.ts';
import type { FrameSource } from './frame-source.ts';
import { MjpegSource } from './mjpeg.ts';
import { RenderedSource } from './rendered.ts';
import { RpicamSource } from './rpicam.ts';
import { parseSource } from './source.ts';
import { StillSource } from './still.ts';

export interface SourceContext {
  /** The camera's name, which the rendered scene shows. */
  name: string;
  framesPerSecond: number;
  clock: Clock;
}

/** Throws `CAMERA_SOURCE_INVALID` for a setting that names no source. Opens nothing yet. */
export function openSource(text: string, { name, framesPerSecond, clock }: SourceContext): FrameSource {
  const source = parseSource(text);
  switch (source.kind) {
    case 'folder':
      return new FolderSource({ path: source.path, clock });
    case 'still':
      return new StillSource({ url: source.url, framesPerSecond, clock });
    case 'mjpeg':
      return new MjpegSource({ url: source.url, framesPerSecond, clock });
    case 'ffmpeg':
      return new FfmpegSource({ input: source.input, framesPerSecond, clock });
    case 'libcamera':
      return new RpicamSource({ input: source.input, framesPerSecond, clock });
    case 'rendered':
      return new RenderedSource({ scene: source.scene, seed: source.seed, name, framesPerSecond, clock });
  }
}
