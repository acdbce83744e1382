// The pictures of text with what is written on them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

export interface TextPicture {
  path: string;
  text: string;
}

const Words = Type.Array(Type.Object({ file: Type.String(), text: Type.String() }));
const Scenes = Type.Array(Type.Object({ file: Type.String(), hard: Type.Boolean(), lines: Type.Array(Type.String()) }));

/** 400 words, cut out tightly (IIIT5K). */
export async function readWords(folder: string): Promise<TextPicture[]> {
  const words = Value.Parse(Words, JSON.parse(await readFile(join(folder, 'words.json'), 'utf8')));
  return words.map(({ file, text }) => ({ path: join(folder, file), text }));
}

/** 120 rendered plates, displays, signs and labels, half of them hard. */
export async function readScenes(folder: string, hard: boolean): Promise<TextPicture[]> {
  const scenes = Value.Parse(Scenes, JSON.parse(await readFile(join(folder, 'scenes.json'), 'utf8')));
  return scenes
    .filter((scene) => scene.hard === hard)
    .map(({ file, lines }) => ({ path: join(folder, file), text: lines.join(' ') }));
}
