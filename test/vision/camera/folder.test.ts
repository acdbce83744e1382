import { execFileSync } from 'node:child_process';
import { mkdir, open, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Clock, VirtualClock } from '../../../core/clock.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { FolderSource } from '../../../vision/camera/folder.ts';
import { jpeg, startCamera } from '../support/camera.ts';
import { temporaryFolder } from '../support/journal.ts';

const wait = { timeout: 10_000, interval: 5 };
const watchFolder = (path: string) => startCamera(new FolderSource({ path, clock: systemClock }));

describe('a folder of pictures', () => {
  it('waits while it is empty, and shows a dropped picture within a second', async () => {
    const folder = await temporaryFolder();
    const { camera, frames } = watchFolder(folder);
    await vi.waitFor(
      () => expect(camera.state).toMatchObject({ kind: 'waiting', cause: expect.stringContaining('no picture yet') }),
      wait,
    );
    const dropped = performance.now();
    await writeFile(join(folder, 'a.jpg'), await jpeg());
    await vi.waitFor(() => expect(frames).toHaveLength(1), wait);
    expect(performance.now() - dropped).toBeLessThan(1000);
  });

  it('shows the newest of the pictures that are there', async () => {
    const folder = await temporaryFolder();
    for (const [name, width, at] of [
      ['new.jpg', 300, 2000],
      ['old.jpg', 200, 1000],
    ] as const) {
      await writeFile(join(folder, name), await jpeg(width, 100));
      await utimes(join(folder, name), at, at);
    }
    const { frames } = watchFolder(folder);
    await vi.waitFor(() => expect(frames.map(({ width }) => width)).toEqual([300]), wait);
  });

  it('looks at every picture of several that are dropped at once', async () => {
    const folder = await temporaryFolder();
    const { camera, frames } = watchFolder(folder);
    await vi.waitFor(() => expect(camera.state.kind).toBe('waiting'), wait);
    const picture = await jpeg();
    await Promise.all([...Array(12).keys()].map((i) => writeFile(join(folder, `${i}.jpg`), picture)));
    await vi.waitFor(() => expect(frames).toHaveLength(12), wait);
    expect(camera.counts().skipped).toBe(0);
  });

  it('reads a picture that arrives slowly once, when it is whole', async () => {
    const folder = await temporaryFolder();
    const foundIncomplete = Promise.withResolvers<void>();
    // A picture that is not whole is looked at again after two seconds, the only such time here.
    const after: Clock['after'] = (delay, run) => {
      if (delay === 2_000) foundIncomplete.resolve();
      return systemClock.after(delay, run);
    };
    const { camera, frames } = startCamera(new FolderSource({ path: folder, clock: { ...systemClock, after } }));
    await vi.waitFor(() => expect(camera.state.kind).toBe('waiting'), wait);
    const picture = await jpeg(800, 600);
    await using file = await open(join(folder, 'slow.jpg'), 'w');
    await file.write(picture.subarray(0, picture.length / 2));
    await foundIncomplete.promise;
    await file.write(picture.subarray(picture.length / 2));
    await vi.waitFor(() => expect(frames).toHaveLength(1), wait);
    expect(camera.counts()).toMatchObject({ frames: 1, broken: 0 });
  });

  it('gives up on a picture that never becomes whole, and goes on', async () => {
    const folder = await temporaryFolder();
    const { camera, frames, journal } = watchFolder(folder);
    await vi.waitFor(() => expect(camera.state.kind).toBe('waiting'), wait);
    const picture = await jpeg(800, 600);
    await writeFile(join(folder, 'half.jpg'), picture.subarray(0, picture.length / 2));
    await vi.waitFor(() => expect(camera.counts().broken).toBe(1), wait);
    expect(journal.kinds()).toEqual(['camera.picture-broken']);
    await writeFile(join(folder, 'whole.jpg'), picture);
    await vi.waitFor(() => expect(frames).toHaveLength(1), wait);
  });

  it('leaves files alone that are no pictures by name', async () => {
    const folder = await temporaryFolder();
    const { camera, frames } = watchFolder(folder);
    await vi.waitFor(() => expect(camera.state.kind).toBe('waiting'), wait);
    await writeFile(join(folder, 'notes.txt'), 'x');
    await writeFile(join(folder, '.hidden.jpg'), await jpeg());
    await writeFile(join(folder, 'b.jpg'), await jpeg());
    await vi.waitFor(() => expect(frames).toHaveLength(1), wait);
    expect(camera.counts().broken).toBe(0);
  });

  it('refuses drawings and bombs', async () => {
    const folder = await temporaryFolder();
    const { camera, journal } = watchFolder(folder);
    await vi.waitFor(() => expect(camera.state.kind).toBe('waiting'), wait);
    await writeFile(join(folder, 'drawing.png'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await vi.waitFor(() => expect(camera.counts().broken).toBe(1), wait);
    expect(journal.entries[0]!.message).toContain('no JPEG, PNG');
  });

  it.each([
    ['a link to an endless device', (path: string) => symlink('/dev/zero', path)],
    ['a pipe', async (path: string) => void execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdir(path)],
  ])('refuses %s and goes on', async (_what, make) => {
    const folder = await temporaryFolder();
    await make(join(folder, 'z.jpg'));
    const { camera, frames, journal } = watchFolder(folder);
    await vi.waitFor(() => expect(camera.state).toMatchObject({ kind: 'waiting', cause: 'z.jpg is no file' }), wait);
    expect(journal.entries[0]!.message).toContain('z.jpg is no file');
    await writeFile(join(folder, 'a.jpg'), await jpeg());
    await vi.waitFor(() => expect(frames).toHaveLength(1), wait);
  });

  it('names each broken file', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'noise.jpg'), Buffer.alloc(64, 1));
    const { journal } = watchFolder(folder);
    await vi.waitFor(() => expect(journal.entries[0]?.message).toContain('noise.jpg: 64 bytes are no JPEG'), wait);
  });

  it('is lost with the cause while the file system does not answer', async () => {
    const path = await temporaryFolder();
    const clock = new VirtualClock();
    const run = new FolderSource({ path, clock }).run(
      { frame: async () => {}, alive: () => {}, waiting: () => {}, broken: () => {} },
      new AbortController().signal,
    );
    clock.advance(20_000);
    await expect(run).rejects.toThrow(`folder ${path} cannot be read: asking for it takes longer than 20 s`);
  });

  it('is lost when the folder goes, and back when it returns', async () => {
    const folder = join(await temporaryFolder(), 'inbox');
    await mkdir(folder);
    const { camera, frames } = watchFolder(folder);
    await vi.waitFor(() => expect(camera.state.kind).toBe('waiting'), wait);
    await rm(folder, { recursive: true });
    await vi.waitFor(
      () => expect(camera.state).toMatchObject({ kind: 'lost', cause: expect.stringContaining(folder) }),
      wait,
    );
    await mkdir(`${folder}.new`);
    await writeFile(join(`${folder}.new`, 'a.jpg'), await jpeg());
    await rename(`${folder}.new`, folder);
    await vi.waitFor(() => expect(frames).toHaveLength(1), wait);
    expect(camera.state.kind).toBe('live');
  });
});
