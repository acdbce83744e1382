import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import { JpegSplitter } from '../../../vision/camera/jpeg-splitter.ts';
import { RpicamSource, rpicamArguments } from '../../../vision/camera/rpicam.ts';
import { parseSource } from '../../../vision/camera/source.ts';
import { jpeg, startCamera } from '../support/camera.ts';
import { temporaryFolder } from '../support/journal.ts';

const input = { camera: 0, width: 640, height: 480 };

describe('JPEG files one after the other', () => {
  it('come out whole, however they come in, a thumbnail in one with an end of its own', async () => {
    const plain = await jpeg(64, 48);
    const thumbnail = await jpeg(16, 12, 'red');
    // APP1 with a JPEG in it, right behind the beginning.
    const segment = Buffer.alloc(4);
    segment.writeUInt16BE(0xffe1);
    segment.writeUInt16BE(thumbnail.length + 2, 2);
    const nested = Buffer.concat([plain.subarray(0, 2), segment, thumbnail, plain.subarray(2)]);
    const stream = Buffer.concat([Buffer.from('noise'), plain, nested, plain, plain.subarray(0, 100)]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const splitter = new JpegSplitter();
        const found: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length]!;
          found.push(...splitter.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(found.map(({ length }) => length)).toEqual([plain.length, nested.length, plain.length]);
      }),
      { numRuns: 30 },
    );
  });

  it('are refused where one does not end, or none begins', () => {
    const endless = new JpegSplitter();
    endless.push(Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2]));
    expect(() => {
      for (let i = 0; i < 12; i++) endless.push(Buffer.alloc(1_000_000, 1));
    }).toThrow('does not end');
    expect(() => {
      const splitter = new JpegSplitter();
      for (let i = 0; i < 3; i++) splitter.push(Buffer.alloc(600_000, 1));
    }).toThrow('no picture began');
  });
});

describe('a board’s own camera', () => {
  it('is named with its number and size', () => {
    expect(parseSource('libcamera:')).toEqual({ kind: 'libcamera', input: { camera: 0, width: 1280, height: 720 } });
    expect(parseSource('rpicam:?camera=1&width=640&height=480')).toMatchObject({ input: { camera: 1, width: 640 } });
    expect(() => parseSource('libcamera:?width=9000')).toThrow('width must be a whole number from 64 to 4608');
    expect(rpicamArguments(input, 0.2).join(' ')).toContain('--timeout 0');
    expect(rpicamArguments(input, 0.2).join(' ')).toContain('--framerate 1 ');
  });

  it('says what to install where its program is not', async () => {
    const programs = ['/no/such/rpicam-vid', '/no/such/libcamera-vid'];
    const { camera } = startCamera(new RpicamSource({ input, framesPerSecond: 5, clock: systemClock, programs }));
    await vi.waitFor(
      () =>
        expect(camera.state).toMatchObject({
          kind: 'lost',
          cause: expect.stringMatching(/\/no\/such\/rpicam-vid cannot be started.*apt install rpicam-apps/),
        }),
      { timeout: 10_000, interval: 10 },
    );
  });

  it('shows what the program writes, by the older name where there is only that', async () => {
    const folder = await temporaryFolder();
    const program = join(folder, 'libcamera-vid');
    await sharp({ create: { width: 64, height: 48, channels: 3, background: '#357' } })
      .jpeg()
      .toFile(join(folder, 'a.jpg'));
    await writeFile(program, `#!/bin/sh\nwhile :; do cat ${folder}/a.jpg; sleep 0.05; done\n`);
    await chmod(program, 0o755);
    const programs = [join(folder, 'rpicam-vid'), program];
    const { frames } = startCamera(new RpicamSource({ input, framesPerSecond: 20, clock: systemClock, programs }));
    await vi.waitFor(() => expect(frames.length).toBeGreaterThanOrEqual(2), { timeout: 10_000, interval: 10 });
    expect(frames[0]).toMatchObject({ width: 64, height: 48 });
  });

  it('tells the program’s own words when it ends', async () => {
    const program = join(await temporaryFolder(), 'rpicam-vid');
    await writeFile(program, '#!/bin/sh\necho "ERROR: *** no cameras available ***" >&2\nexit 255\n');
    await chmod(program, 0o755);
    const { camera } = startCamera(
      new RpicamSource({ input, framesPerSecond: 5, clock: systemClock, programs: [program] }),
    );
    await vi.waitFor(
      () =>
        expect(camera.state).toMatchObject({
          kind: 'lost',
          cause: expect.stringContaining('ended with code 255 (ERROR: *** no cameras available ***)'),
        }),
      { timeout: 10_000, interval: 10 },
    );
  });
});
