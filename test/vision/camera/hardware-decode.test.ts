import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ffmpegArguments } from '../../../vision/camera/ffmpeg.ts';
import { decodingOf, offersOf } from '../../../vision/camera/hardware-decode.ts';
import { temporaryFolder } from '../support/journal.ts';

const nothing = { renderNodes: [], videoDevices: [], accelerations: [], decoders: [] };

describe('decoding in hardware', () => {
  it('is a Raspberry Pi’s own decoder, or a graphics chip’s, where ffmpeg can use it', () => {
    expect(decodingOf(nothing)).toBeUndefined();
    const pi = { ...nothing, videoDevices: ['unicam', 'bcm2835-codec-decode'], decoders: ['h264', 'h264_v4l2m2m'] };
    expect(decodingOf(pi)?.name).toBe('v4l2m2m');
    expect(decodingOf({ ...pi, decoders: ['h264'] })).toBeUndefined();
    const chip = { ...nothing, renderNodes: ['/dev/dri/renderD128'], accelerations: ['vdpau', 'vaapi'] };
    expect(decodingOf(chip)?.arguments).toEqual(['-hwaccel', 'vaapi', '-hwaccel_device', '/dev/dri/renderD128']);
    // A Raspberry Pi 5 has a render node, and no decoder behind it that vaapi knows.
    expect(decodingOf({ ...chip, accelerations: ['drm'] })).toBeUndefined();
  });

  it('stands before the input', () => {
    const chosen = decodingOf({ ...nothing, videoDevices: ['bcm2835-codec-decode'], decoders: ['h264_v4l2m2m'] })!;
    const all = ffmpegArguments({ kind: 'rtsp', url: new URL('rtsp://host/s') }, 5, chosen);
    expect(all.indexOf('h264_v4l2m2m')).toBeLessThan(all.indexOf('-i'));
  });

  it('is found out from what ffmpeg says, and is nothing where there is no ffmpeg', async () => {
    const program = join(await temporaryFolder(), 'ffmpeg');
    await writeFile(
      program,
      '#!/bin/sh\ncase "$2" in -hwaccels) printf "Hardware acceleration methods:\\nvaapi\\n";; *) printf " V....D h264  H.264\\n V..... h264_v4l2m2m  V4L2\\n";; esac\n',
    );
    await chmod(program, 0o755);
    const offers = await offersOf(program);
    expect(offers.accelerations).toContain('vaapi');
    expect(offers.decoders).toEqual(expect.arrayContaining(['h264', 'h264_v4l2m2m']));
    expect(await offersOf('/no/such/ffmpeg')).toMatchObject({ accelerations: [], decoders: [] });
  });
});
