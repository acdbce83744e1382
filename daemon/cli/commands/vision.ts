// `parlmesh vision`: what the node's eyes make of pictures in files. No daemon is needed.

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
    .summary('look at pictures in files')
    .description('Runs on picture files what cameras are looked at with, without a daemon.')
    .example('vision ocr sign.jpg', 'what is written there?');
  registerVisionDetect(vision, cli);
  registerVisionOcr(vision, cli);
  registerVisionTamper(vision, cli);
  registerVisionTopology(vision, cli);
  registerVisionCorrections(vision, cli);
}
