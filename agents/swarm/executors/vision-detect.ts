// Tasks that find objects in a picture, with the detector of the node that carries them out.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../../core/errors.ts';
import { resultsIn } from '../job-spec.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';
import { PictureInput, pictureOf } from './picture-input.ts';

const Input = Type.Object(
  {
    picture: PictureInput,
    minConfidence: Type.Optional(Type.Number({ minimum: 0.05, maximum: 1 })),
    /** Only these classes; all when left out. */
    labels: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 })),
  },
  { additionalProperties: false },
);

/** In shares of the picture. */
export interface SearchedObject {
  label: string;
  confidence: number;
  box: { x: number; y: number; width: number; height: number };
}

/** What searches: the node's detector, as far as tasks need it. */
export interface PictureSearch {
  /** Rejects with `PICTURE_UNREADABLE`, `PICTURE_TOO_LARGE`, or when the detector cannot run. */
  detect(picture: Uint8Array, minConfidence: number): Promise<{ model: string; detections: readonly SearchedObject[] }>;
}

const USUAL_CONFIDENCE = 0.4;
/** So many fit into a result. */
const MOST_OBJECTS = 90;

/** `{ picture, minConfidence?, labels? }` resolves to `{ model, objects: [{ label, confidence, box }] }`, the surest first. */
export class VisionDetectExecutor implements TaskExecutor {
  readonly kind = 'vision.detect';
  readonly #search: PictureSearch;

  constructor(search: PictureSearch) {
    this.#search = search;
  }

  check(input: unknown): void {
    if (resultsIn(input).length === 0) checked(input);
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    const { picture, minConfidence = USUAL_CONFIDENCE, labels } = checked(input);
    const { model, detections } = await this.#search.detect(await pictureOf(picture, context), minConfidence);
    const wanted = detections.filter(({ label }) => labels === undefined || labels.includes(label));
    return { model, objects: wanted.slice(0, MOST_OBJECTS).map(rounded) };
  }
}

/** To a ten-thousandth, which is less than a pixel. */
function rounded({ label, confidence, box: { x, y, width, height } }: SearchedObject): SearchedObject {
  const short = (value: number): number => Math.round(value * 1e4) / 1e4;
  const box = { x: short(x), y: short(y), width: short(width), height: short(height) };
  return { label, confidence: short(confidence), box };
}

function checked(input: unknown): Static<typeof Input> {
  if (Value.Check(Input, input)) return input;
  const [problem] = Value.Errors(Input, input);
  throw new ParlmeshError(
    'TASK_INPUT_INVALID',
    `A \`vision.detect\` task takes \`{ picture: a blob or { base64 }, minConfidence, labels }\`: ${problem?.instancePath || '/'} ${problem?.message}`,
  );
}
