// What every kind of camera source must do, by name.

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import type { FrameSource } from '../../../vision/camera/frame-source.ts';
import { openSource } from '../../../vision/camera/open-source.ts';
import { openPicture } from '../../../vision/picture/decode.ts';
import { jpeg, jpegPart, serve } from '../support/camera.ts';
import { temporaryFolder } from '../support/journal.ts';

const kinds: [kind: string, setting: () => Promise<string>][] = [
  ['folder', folderSetting],
  ['still', async () => (await serve(async (_request, response) => void response.end(await jpeg()))).href],
  ['mjpeg', mjpegSetting],
  ['rendered', async () => 'rendered:'],
];
if (spawnSync('ffmpeg', ['-version']).status === 0) kinds.push(['ffmpeg', videoSetting]);

describe.each(kinds)('a %s source', (kind, setting) => {
  const open = async (): Promise<FrameSource> =>
    openSource(await setting(), { name: 'test', framesPerSecond: 10, clock: systemClock });

  it('delivers readable pictures, ends when told to, and delivers again', async () => {
    const source = await open();
    expect(source.kind).toBe(kind);
    for (const life of ['first', 'second']) {
      const picture = await firstPicture(source, life === 'second' && kind === 'folder');
      if (picture !== undefined) expect((await openPicture(picture)).width).toBeGreaterThan(0);
    }
  });

  it('opens nothing when it is told to end before it began', async () => {
    const source = await open();
    await settled(
      source.run(
        sinkOf(() => {}),
        AbortSignal.abort(new Error('ended')),
      ),
    );
  });
});

/** The first picture of one life of a source, which has given everything back when this resolves. */
async function firstPicture(source: FrameSource, alreadyShown: boolean): Promise<Uint8Array | undefined> {
  const end = new AbortController();
  let picture: Uint8Array | undefined;
  // A folder does not show the same picture twice; it says nothing, and is ended by time.
  const signal = alreadyShown ? AbortSignal.timeout(300) : end.signal;
  const sink = sinkOf((bytes) => {
    picture ??= bytes;
    end.abort(new Error('ended'));
  });
  await settled(source.run(sink, signal));
  if (!alreadyShown) expect(picture).toBeDefined();
  return picture;
}

function sinkOf(onFrame: (bytes: Uint8Array) => void) {
  return { frame: async (bytes: Uint8Array) => onFrame(bytes), alive: () => {}, waiting: () => {}, broken: () => {} };
}

const settled = (run: Promise<void>): Promise<unknown> => run.catch(() => {});

async function folderSetting(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.jpg'), await jpeg());
  return `folder:${folder}`;
}

async function mjpegSetting(): Promise<string> {
  const picture = await jpeg();
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' }).write(jpegPart(picture));
  });
  return `mjpeg+${url.href}`;
}

async function videoSetting(): Promise<string> {
  const file = join(await temporaryFolder(), 'clip.mp4');
  const make = ['-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=10:duration=1', '-pix_fmt', 'yuv420p', file];
  execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', ...make]);
  return `file:${file}`;
}
