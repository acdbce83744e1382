// Which hardware decodes video on this board: found out once, by what the kernel and ffmpeg say they have. Where it then
// does not decode a stream, the processor does.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface DecodingOffers {
  /** `/dev/dri/renderD128`. */
  renderNodes: readonly string[];
  /** Names of V4L2 devices: `bcm2835-codec-decode`. */
  videoDevices: readonly string[];
  /** Of `ffmpeg -hwaccels`. */
  accelerations: readonly string[];
  /** Of `ffmpeg -decoders`. */
  decoders: readonly string[];
}

/** A way of decoding in hardware, as arguments before ffmpeg's input. */
export interface HardwareDecoding {
  name: 'v4l2m2m' | 'vaapi';
  arguments: readonly string[];
}

const ASK_WITHIN = 10_000;
const MOST_OUTPUT = 1_000_000;

/** A Raspberry Pi's decoder for H.264 first, then a graphics chip's; undefined where there is none. Pure. */
export function decodingOf({
  renderNodes,
  videoDevices,
  accelerations,
  decoders,
}: DecodingOffers): HardwareDecoding | undefined {
  const isPi = videoDevices.some((name) => /^(bcm2835-codec-decode|rpi-h264-dec)/.test(name));
  if (isPi && decoders.includes('h264_v4l2m2m')) return { name: 'v4l2m2m', arguments: ['-c:v', 'h264_v4l2m2m'] };
  const [node] = renderNodes;
  if (node !== undefined && accelerations.includes('vaapi')) {
    return { name: 'vaapi', arguments: ['-hwaccel', 'vaapi', '-hwaccel_device', node] };
  }
  return undefined;
}

/** Never rejects: what cannot be found out is not there. */
export async function offersOf(ffmpeg: string): Promise<DecodingOffers> {
  const [nodes, videoDevices, accelerations, decoders] = await Promise.all([
    readdir('/dev/dri').catch(() => []),
    videoDeviceNames(),
    linesOf(ffmpeg, '-hwaccels'),
    linesOf(ffmpeg, '-decoders'),
  ]);
  return {
    renderNodes: nodes.filter((name) => name.startsWith('renderD')).map((name) => join('/dev/dri', name)),
    videoDevices,
    accelerations: accelerations.map((line) => line.trim()),
    decoders: decoders.map((line) => /^\s*V\S*\s+(\S+)/.exec(line)?.[1] ?? ''),
  };
}

async function videoDeviceNames(): Promise<string[]> {
  const folder = '/sys/class/video4linux';
  const devices = await readdir(folder).catch(() => []);
  const names = await Promise.all(devices.map((name) => readFile(join(folder, name, 'name'), 'utf8').catch(() => '')));
  return names.map((name) => name.trim());
}

async function linesOf(program: string, question: string): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)(program, ['-hide_banner', question], {
      timeout: ASK_WITHIN,
      maxBuffer: MOST_OUTPUT,
    });
    return stdout.split('\n');
  } catch {
    return [];
  }
}
