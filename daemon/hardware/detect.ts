// Which profile suits this board, and why: by the device tree's model text, else its `compatible` list, else by
// architecture and memory.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NamedProfile } from './profile.ts';
import { listProfiles } from './profiles.ts';

/** What a board tells of itself. */
export interface BoardFacts {
  /** `Raspberry Pi 4 Model B Rev 1.4`; absent where there is no device tree. */
  model?: string;
  /** `["raspberrypi,4-model-b", "brcm,bcm2711"]`, most specific first. */
  compatible: string[];
  /** As `process.arch` says it. */
  architecture: string;
  memoryBytes?: number;
}

export interface Detection {
  profile: NamedProfile;
  /** A sentence: `The device tree says "Raspberry Pi 4 Model B Rev 1.4".` */
  reason: string;
}

export interface DetectOptions {
  /** Where `/proc` is, for tests. */
  root?: string;
  architecture?: string;
  profiles?: NamedProfile[];
}

export function detectProfile(options: DetectOptions = {}): Detection {
  const facts = readBoardFacts(options.root ?? '/', options.architecture ?? process.arch);
  return chooseProfile(options.profiles ?? listProfiles(), facts);
}

/** Never throws: what cannot be read is absent. */
export function readBoardFacts(root: string, architecture: string): BoardFacts {
  const texts = (file: string): string[] => {
    try {
      // Device tree texts end with NUL, lists are separated by it.
      return readFileSync(path.join(root, file), 'utf8')
        .split('\0')
        .map((text) => text.trim())
        .filter((text) => text !== '' && text.length <= 200);
    } catch {
      return [];
    }
  };
  const model = texts('proc/device-tree/model')[0];
  const memory = /^MemTotal:\s+(\d+) kB/m.exec(readAll(path.join(root, 'proc/meminfo')))?.[1];
  return {
    ...(model === undefined ? {} : { model }),
    compatible: texts('proc/device-tree/compatible').slice(0, 32),
    architecture,
    ...(memory === undefined ? {} : { memoryBytes: Number(memory) * 1024 }),
  };
}

function readAll(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Pure. `profiles` must hold `generic-x64` and `generic-arm64`. */
export function chooseProfile(profiles: readonly NamedProfile[], facts: BoardFacts): Detection {
  const { model } = facts;
  if (model !== undefined) {
    const named = profiles.find(({ match }) => match.models.some((pattern) => new RegExp(pattern, 'i').test(model)));
    if (named !== undefined) return { profile: named, reason: `The device tree says "${model}".` };
  }
  for (const entry of facts.compatible) {
    const named = profiles.find(({ match }) => match.compatible?.includes(entry));
    if (named !== undefined) return { profile: named, reason: `The device tree lists "${entry}" as compatible.` };
  }

  const known = model === undefined ? 'The board does not say what it is' : `No profile names "${model}"`;
  const memory =
    facts.memoryBytes === undefined ? '' : ` with ${(facts.memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`;
  const alike = profiles.find((profile) => suits(profile, facts));
  if (alike !== undefined) {
    return { profile: alike, reason: `${known}; ${facts.architecture}${memory} suits this profile.` };
  }
  const fallback = profiles.find(({ name }) => name === 'generic-arm64')!;
  return {
    profile: fallback,
    reason: `${known} and no profile is for ${facts.architecture}${memory}; this one is careful.`,
  };
}

function suits({ match }: NamedProfile, facts: BoardFacts): boolean {
  if (match.architectures?.some((architecture) => architecture === facts.architecture) !== true) return false;
  if (facts.memoryBytes === undefined) return match.memoryBytes?.most === undefined;
  const { least = 0, most = Number.POSITIVE_INFINITY } = match.memoryBytes ?? {};
  return facts.memoryBytes >= least && facts.memoryBytes <= most;
}
