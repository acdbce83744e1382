// Zones, masks and private areas that were drawn on the page: a small file in the data folder that counts more than the
// configuration's for the cameras it names. Reads it, lays it over a configuration, and writes it.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { CameraConfig } from '../../vision/config.ts';
import type { LoadedConfig } from '../config/load.ts';

const { zones, masks, privacy } = CameraConfig.properties;
const CAMERA_NAME = '^[a-z0-9][a-z0-9_-]{0,31}$';

/** What can be drawn; what never was stays the configuration's. Without defaults: what is left out must stay left out. */
export const DrawnAreas = Type.Object(
  {
    zones: Type.Optional(Type.Array(zones.items, { maxItems: 16 })),
    masks: Type.Optional(Type.Array(masks.items, { maxItems: 16 })),
    privacy: Type.Optional(Type.Array(privacy.items, { maxItems: 16 })),
  },
  { additionalProperties: false },
);
export type DrawnAreas = Static<typeof DrawnAreas>;

const DrawnFile = Type.Record(Type.String({ pattern: CAMERA_NAME }), DrawnAreas, { maxProperties: 64 });
type DrawnFile = Static<typeof DrawnFile>;

const FILE = 'drawn-areas.json';
const MOST_BYTES = 500_000;

/** Cameras of the configuration whose areas come from the page's file. */
export function drawnCameras(dataDir: string, cameras: readonly { name: string }[]): string[] {
  const drawn = readDrawn(dataDir);
  return cameras.map(({ name: camera }) => camera).filter((camera) => Object.hasOwn(drawn, camera));
}

/** The configuration with what was drawn. A file that cannot be read counts as none: a camera must not stay dark for it. */
export function withDrawnAreas(loaded: LoadedConfig, dataDir: string): LoadedConfig {
  const drawn = readDrawn(dataDir);
  const cameras = loaded.config.cameras.map((camera) => ({ ...camera, ...drawn[camera.name] }));
  return { ...loaded, config: { ...loaded.config, cameras } };
}

/** @param areas what is left out stays as it was drawn before; undefined goes back to the configuration's */
export function writeDrawnAreas(dataDir: string, camera: string, areas: DrawnAreas | undefined): void {
  const names = areas?.zones?.map((zone) => zone.name) ?? [];
  const twice = names.find((zone, index) => names.indexOf(zone) !== index);
  if (twice !== undefined) throw new ParlmeshError('ZONE_EXISTS', `There are two zones "${twice}"`);
  const { [camera]: before, ...others } = readDrawn(dataDir);
  const next: DrawnFile = areas === undefined ? others : { ...others, [camera]: { ...before, ...areas } };
  const file = join(dataDir, FILE);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.part`, JSON.stringify(next), { mode: 0o600, flush: true });
    renameSync(`${file}.part`, file);
  } catch (error) {
    throw new ParlmeshError('AREAS_UNAVAILABLE', `${file} cannot be written: ${messageOf(error)}`);
  }
}

function readDrawn(dataDir: string): DrawnFile {
  try {
    const text = readFileSync(join(dataDir, FILE), 'utf8');
    const parsed: unknown = text.length > MOST_BYTES ? undefined : JSON.parse(text);
    const drawn = Value.Default(DrawnFile, parsed);
    return Value.Check(DrawnFile, drawn) ? drawn : {};
  } catch {
    return {};
  }
}
