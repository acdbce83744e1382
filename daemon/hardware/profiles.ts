// The profiles that come with parlmesh: `hw-profiles/*.yaml`, each file one profile.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { type NamedProfile, Profile } from './profile.ts';

export const PROFILES_FOLDER = path.join(import.meta.dirname, '../../hw-profiles');

const EXTENSION = '.yaml';

/** Names of all profiles, sorted. */
export function profileNames(folder: string = PROFILES_FOLDER): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}

/** @throws ParlmeshError PROFILE_UNKNOWN, PROFILE_INVALID */
export function showProfile(name: string, folder: string = PROFILES_FOLDER): NamedProfile {
  const names = profileNames(folder);
  if (!names.includes(name)) {
    throw new ParlmeshError('PROFILE_UNKNOWN', `"${name}" is no board profile. There are: ${names.join(', ')}`, {
      hint: '`parlmesh profile list` shows them.',
    });
  }
  const file = path.join(folder, `${name}${EXTENSION}`);
  try {
    const profile: unknown = parse(readFileSync(file, 'utf8'));
    Value.Assert(Profile, profile);
    return { name, ...profile };
  } catch (thrown) {
    const at = thrown instanceof Error && 'cause' in thrown ? ` ${JSON.stringify(thrown.cause)}` : '';
    throw new ParlmeshError('PROFILE_INVALID', `${file}: ${messageOf(thrown)}${at}`, { cause: thrown });
  }
}

/** All profiles, sorted by name. */
export function listProfiles(folder: string = PROFILES_FOLDER): NamedProfile[] {
  return profileNames(folder).map((name) => showProfile(name, folder));
}
