import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import { lastWords } from '../../../vision/camera/capture-process.ts';
import { FfmpegSource } from '../../../vision/camera/ffmpeg.ts';
import type { FfmpegInput } from '../../../vision/camera/source.ts';
import { startCamera } from '../support/camera.ts';
import { temporaryFolder } from '../support/journal.ts';

const wait = { timeout: 15_000, interval: 20 };
const present = spawnSync('ffmpeg', ['-version']).status === 0;
const source = (input: FfmpegInput, program?: string) =>
  new FfmpegSource({ input, framesPerSecond: 10, clock: systemClock, ...(program !== undefined && { program }) });

/** Processes whose command line names `text`. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

describe.skipIf(!present)('an ffmpeg camera (skipped where ffmpeg is not installed)', () => {
  it('plays a video file for ever and ends its process when it stops', async () => {
    const file = join(await temporaryFolder(), 'clip.mp4');
    execFileSync('ffmpeg', [
      '-nostdin',
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=320x240:rate=10:duration=1',
      '-pix_fmt',
      'yuv420p',
      file,
    ]);
    const { camera, frames } = startCamera(source({ kind: 'file', path: file }));
    // More than the clip's ten frames: it began anew.
    await vi.waitFor(() => expect(frames.length).toBeGreaterThan(14), wait);
    expect(frames[0]).toMatchObject({ width: 320, height: 240 });
    expect(processesNaming(file)).toHaveLength(1);
    await camera.stop();
    expect(processesNaming(file)).toEqual([]);
  });

  it('says in ffmpeg’s own words why it is lost', async () => {
    const { states } = startCamera(source({ kind: 'file', path: '/does/not/exist.mp4' }));
    await vi.waitFor(
      () =>
        expect(states.at(-1)).toMatchObject({
          kind: 'lost',
          cause: expect.stringMatching(/code \d+ \(.*No such file/),
        }),
      wait,
    );
  });

  it('does not show the password of a stream that refuses', async () => {
    const url = new URL('rtsp://me:secret@127.0.0.1:1/stream');
    const { states } = startCamera(source({ kind: 'rtsp', url }));
    await vi.waitFor(() => expect(states.at(-1)?.kind).toBe('lost'), wait);
    expect(states.at(-1)).toMatchObject({ cause: expect.stringContaining('refused') });
    expect(JSON.stringify(states)).not.toContain('secret');
  });
});

describe('the last words of ffmpeg', () => {
  it.each([
    [
      '[tcp @ 0x55f3c47b55c0] Connection to tcp://10.0.0.1:554 failed: Connection refused\nrtsp://me:x@10.0.0.1/s: Connection refused\n',
      ' (rtsp://***@10.0.0.1/s: Connection refused)',
    ],
    [
      '[in#0 @ 0x5f1] Error opening input: No route to host\nError opening input file /dev/video0.\nError opening input files: No route to host\n',
      ' (No route to host)',
    ],
    ['[in#0/v4l2 @ 0x1] [x @ 0x2] buffer 0xdeadbeef is gone\nConversion failed!\n', ' (buffer is gone)'],
    ['\n', ''],
  ])('are its reason without what changes from time to time', (tail, words) => expect(lastWords(tail)).toBe(words));
});

describe('a missing or misbehaving ffmpeg', () => {
  it('is named with what to do', async () => {
    const { states } = startCamera(source({ kind: 'device', path: '/dev/video9' }, '/no/such/ffmpeg'));
    await vi.waitFor(
      () =>
        expect(states.at(-1)).toMatchObject({
          kind: 'lost',
          cause: expect.stringMatching(/cannot be started.*; install ffmpeg \(apt install ffmpeg\)$/),
        }),
      wait,
    );
  });

  it('is stopped by force when it does not end by itself', async () => {
    const program = join(await temporaryFolder(), 'stubborn');
    await writeFile(program, '#!/bin/sh\ntrap "" TERM\necho started >&2\nwhile :; do sleep 1; done\n');
    await chmod(program, 0o755);
    const { camera } = startCamera(source({ kind: 'device', path: '/dev/video9' }, program));
    await vi.waitFor(() => expect(processesNaming(program)).toHaveLength(1), wait);
    await camera.stop();
    expect(processesNaming(program)).toEqual([]);
  });
});
