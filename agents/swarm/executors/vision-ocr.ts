// Tasks that read the text in a picture, which is brought as a blob or stands in the input.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../../core/errors.ts';
import { resultsIn } from '../job-spec.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';
import { PictureInput, pictureOf } from './picture-input.ts';

/** Corner as [x, y] shares of width and height. */
const Corner = Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { minItems: 2, maxItems: 2 });

const Input = Type.Object(
  {
    picture: PictureInput,
    zone: Type.Optional(Type.Array(Corner, { minItems: 3, maxItems: 32 })),
  },
  { additionalProperties: false },
);

/** What reads: the node's reader, as far as tasks need it. */
export interface TextSource {
  read(
    picture: Uint8Array,
    options: { zone?: readonly (readonly number[])[]; signal: AbortSignal },
  ): Promise<{ text: string; regions: readonly unknown[] }>;
}

/** Bytes of a reading that goes into the result as it is. */
const MOST_BY_VALUE = 12_000;
/** Of the text that stands in the result where the rest is a blob. */
const MOST_TEXT = 4_000;

/**
 * `{ picture, zone? }` resolves to `{ text, regions, unreadable, width, height, seconds }`; a long one to the beginning
 * of its `text`, and `reading`, a blob with all of it as JSON.
 */
export class VisionOcrExecutor implements TaskExecutor {
  readonly kind = 'vision.ocr';
  readonly #source: TextSource;

  constructor(source: TextSource) {
    this.#source = source;
  }

  check(input: unknown): void {
    if (resultsIn(input).length === 0) checked(input);
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    const { picture, zone } = checked(input);
    const bytes = await pictureOf(picture, context);
    const options = { ...(zone !== undefined && { zone }), signal: context.signal };
    const reading = await this.#source.read(bytes, options);
    const json = Buffer.from(JSON.stringify(reading));
    if (json.length <= MOST_BY_VALUE) return reading;
    return {
      text: reading.text.slice(0, MOST_TEXT),
      reading: await context.writeBlob(json, 'application/json'),
    };
  }
}

function checked(input: unknown): Static<typeof Input> {
  if (Value.Check(Input, input)) return input;
  const [problem] = Value.Errors(Input, input);
  throw new ParlmeshError(
    'TASK_INPUT_INVALID',
    `A \`vision.ocr\` task takes \`{ picture: a blob or { base64 }, zone }\`: ${problem?.instancePath || '/'} ${problem?.message}`,
  );
}
