// `parlmesh vision tamper`: whether a recording's view is disturbed, picture by picture. Needs no daemon.

import { InvalidArgumentError } from 'commander';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { TamperState } from '../../../vision/anomaly/tamper-watch.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { fixed } from '../format.ts';
import { table } from '../table.ts';

interface TamperOptions extends CommonOptions {
  fps: number;
  stills?: true;
}

interface Seen {
  file: string;
  state: TamperState['kind'];
  confidence: number;
  evidence: TamperState['evidence'];
  message: string;
  /** Why the picture could not be looked at; the state is the one before. */
  error?: string;
}

export function registerVisionTamper(vision: CliCommand, cli: Cli): void {
  vision
    .command('tamper')
    .summary('is the view of a recorded camera disturbed?')
    .description(
      'Takes the pictures of a folder, in the order of their names, as frames of one camera and prints the state after each: clear, covered, sprayed, moved, defocused, blinded, frozen, dark or signal-lost. The first five show the usual view. A picture that cannot be read has an `error` and the state before it, and the exit code is 1.',
    )
    .argument('<folder>', 'where the pictures are')
    .option('--fps <number>', 'pictures in a second of the recording', rateOption, 1)
    .option('--stills', 'the pictures are stills: the same one again is not a frozen camera')
    .common()
    .example('vision tamper ./night -o json', 'the state after each picture, for a script')
    .example('vision tamper ./yard --fps 5', 'a recording with five pictures a second')
    .action(async (folder: string, options: TamperOptions) => {
      const seen = await watchFolder(folder, options, cli.signal);
      if (seen.some(({ error }) => error !== undefined)) cli.exitCode = 1;
      cli.show(options, seen, () => describe(cli, seen));
    });
}

async function watchFolder(folder: string, options: TamperOptions, signal: AbortSignal): Promise<Seen[]> {
  const { TamperWatch } = await import('../../../vision/anomaly/tamper-watch.ts');
  const { readWorkingPicture } = await import('../../../vision/anomaly/working-picture.ts');
  const { picturesIn, readPicture } = await import('../picture-files.ts');
  const pictures = await picturesIn([folder]);
  if (pictures.length === 0) throw new ParlmeshError('PICTURE_NOT_FOUND', `There is no picture in ${folder}`);
  const watch = new TamperWatch({ pace: options.stills === true ? 'stills' : 'video' });
  let state: TamperState | undefined;
  const seen: Seen[] = [];
  for (const [index, { file, path }] of pictures.entries()) {
    signal.throwIfAborted();
    let error: string | undefined;
    try {
      const now = (index * 1000) / options.fps;
      state = watch.look({ pixels: await readWorkingPicture(await readPicture(path)), now, wall: now });
    } catch (cause) {
      error = messageOf(cause);
    }
    seen.push({
      file,
      state: state?.kind ?? 'clear',
      confidence: state?.confidence ?? 0,
      evidence: state?.evidence ?? {},
      message: state?.message ?? 'Nothing was seen yet',
      ...(error !== undefined && { error }),
    });
  }
  return seen;
}

/** For people, only where the state changes. */
function describe(cli: Cli, seen: readonly Seen[]): string {
  const changes = seen.filter(({ state }, i) => i === 0 || state !== seen[i - 1]!.state);
  return table(cli.terminal, changes, [
    { title: 'from', value: ({ file }) => file },
    { title: 'state', value: ({ state }) => state, style: ({ state }) => (state === 'clear' ? undefined : 'red') },
    { title: 'confidence', align: 'right', value: ({ confidence }) => fixed(confidence, 2) },
    { title: 'what is seen', value: ({ message }) => message },
    { title: 'error', value: ({ error }) => error ?? '' },
  ]);
}

function rateOption(text: string): number {
  const rate = Number(text);
  if (text.trim() !== '' && rate >= 0.001 && rate <= 240) return rate;
  throw new InvalidArgumentError('Expected pictures a second, from 0.001 to 240.');
}
