import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { picturesIn, readPicture } from '../../../daemon/cli/picture-files.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n and more', 'latin1');

it('finds the pictures of a folder by name and by content, those of its folders too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-pictures-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'more'));
  await writeFile(join(folder, 'b.jpg'), 'damaged');
  await writeFile(join(folder, 'a'), PNG);
  await writeFile(join(folder, 'notes.txt'), 'no picture');
  await writeFile(join(folder, 'more/c.png'), PNG);
  expect((await picturesIn([folder])).map(({ file }) => file)).toEqual(['a', 'b.jpg', 'more/c.png']);
  const named = join(folder, 'notes.txt');
  expect(await picturesIn([named])).toEqual([{ file: named, path: named }]);
  await expect(picturesIn([join(folder, 'nothing')])).rejects.toMatchObject({ code: 'PICTURE_NOT_FOUND' });
  await expect(readPicture(folder)).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' });
});
