// `parlmesh vision ocr`: reads the text in pictures, without a daemon.

import type { TextReading } from '../../../vision/ocr/reading.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { percent } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';

interface OcrOptions extends CommonOptions {
  threads?: number;
}

type Read = { file: string } & (Pick<TextReading, 'text' | 'regions' | 'unreadable'> & { error?: string });

/** Pictures under way: one is read while the next is decoded. */
const AT_ONCE = 2;

export function registerVisionOcr(vision: CliCommand, cli: Cli): void {
  vision
    .command('ocr')
    .argument('<path...>', 'pictures, or folders of them')
    .summary('read the text in pictures')
    .description(
      'Finds and reads the text in pictures. JSON is a list, one picture a line, with each text’s corners in pixels and how sure it is; a picture that cannot be read has an `error`, and the exit code is 1.',
    )
    .option('--threads <count>', 'cores that are used (default: all, up to 4)', integerOption(1, 16))
    .common()
    .example('vision ocr sign.jpg', 'what is written there?')
    .example('vision ocr receipts/ -o json', 'all pictures of a folder and the folders in it, for a script')
    .action((paths: string[], options: OcrOptions) => readAll(cli, paths, options));
}

async function readAll(cli: Cli, paths: readonly string[], options: OcrOptions): Promise<void> {
  const { availableParallelism } = await import('node:os');
  const { TextReader } = await import('../../../vision/ocr/text-reader.ts');
  const { picturesIn } = await import('../picture-files.ts');
  const { systemClock, systemRandom } = await import('../../clock.ts');
  const pictures = await picturesIn(paths);
  const threads = options.threads ?? Math.min(4, availableParallelism());
  const reader = new TextReader({ threads, clock: systemClock, random: systemRandom() });
  const json = options.output === 'json';
  const rows: Read[] = [];
  try {
    const pending: Promise<Read>[] = [];
    for (let next = 0; next < pictures.length && !cli.signal.aborted; next++) {
      for (let ahead = next + pending.length; ahead < Math.min(pictures.length, next + AT_ONCE); ahead++) {
        pending.push(readOne(reader, pictures[ahead]!, cli.signal));
      }
      const read = await pending.shift()!;
      if (read.error !== undefined) cli.exitCode = 1;
      // As they come: a folder may take long.
      if (json) cli.terminal.print(`${next === 0 ? '[' : ','}${JSON.stringify(read)}`);
      else rows.push(read);
    }
  } finally {
    await reader.stop();
  }
  if (json) cli.terminal.print(pictures.length === 0 ? '[]' : ']');
  else cli.terminal.print(rendered(cli, rows));
}

async function readOne(
  reader: { read(picture: Uint8Array, options: { signal: AbortSignal }): Promise<TextReading> },
  { file, path }: { file: string; path: string },
  signal: AbortSignal,
): Promise<Read> {
  const { readPicture } = await import('../picture-files.ts');
  try {
    const { text, regions, unreadable } = await reader.read(await readPicture(path), { signal });
    return { file, text, regions, unreadable };
  } catch (error) {
    const { messageOf } = await import('../../../core/errors.ts');
    return { file, text: '', regions: [], unreadable: [], error: messageOf(error) };
  }
}

function rendered(cli: Cli, rows: readonly Read[]): string {
  if (rows.length === 0) return 'There are no pictures.';
  return table(cli.terminal, rows, [
    { title: 'file', value: ({ file }) => plain(file) },
    { title: 'text', value: ({ text }) => plain(text.replaceAll('\n', ' / ')) },
    {
      title: 'sure',
      align: 'right',
      value: ({ regions }) =>
        regions.length === 0 ? '' : percent(Math.min(...regions.map(({ confidence }) => confidence))),
    },
    { title: 'unreadable', align: 'right', value: ({ unreadable }) => String(unreadable.length || '') },
    {
      title: 'error',
      value: ({ error }) => error ?? '',
      style: ({ error }) => (error === undefined ? undefined : 'red'),
    },
  ]);
}
