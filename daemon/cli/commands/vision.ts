// `parlmesh vision`: what the node's eyes make of pictures in files, for which no daemon is needed; and what it corrected.

import type { Cli } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { registerVisionCorrections } from './vision-corrections.ts';
import { registerVisionDetect } from './vision-detect.ts';
import { registerVisionOcr } from './vision-ocr.ts';
import { registerVisionTamper } from './vision-tamper.ts';
import { registerVisionTopology } from './vision-topology.ts';

export function registerVision(program: CliCommand, cli: Cli): void {
  const vision = program
    .command('vision')
    .summary('pictures in files, and faults that cameras helped to find')
    .description(
      '`detect`, `ocr`, `tamper` and `topology` look at picture files as cameras are looked at, without a daemon; the others ask the running node.',
    )
    .example('vision ocr sign.jpg', 'what is written there?');
  registerVisionDetect(vision, cli);
  registerVisionOcr(vision, cli);
  registerVisionTamper(vision, cli);
  registerVisionTopology(vision, cli);
  registerVisionCorrections(vision, cli);
}
