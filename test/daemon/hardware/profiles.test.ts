import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { listProfiles, PROFILES_FOLDER, profileNames, showProfile } from '../../../daemon/hardware/profiles.ts';

describe('the board profiles', () => {
  it('are there for every board, and each is valid', () => {
    expect(profileNames()).toEqual([
      'beagleplay',
      'generic-arm64',
      'generic-x64',
      'jetson-nano',
      'odroid-n2',
      'orange-pi-5',
      'raspberry-pi-3',
      'raspberry-pi-4',
      'raspberry-pi-5',
      'raspberry-pi-cm4',
      'raspberry-pi-zero-2w',
      'rock-5b',
    ]);
    expect(listProfiles().map(({ name }) => name)).toEqual(profileNames());
  });

  it('say why beside every number', () => {
    for (const name of profileNames()) {
      const lines = readFileSync(path.join(PROFILES_FOLDER, `${name}.yaml`), 'utf8').split('\n');
      expect(parseDocument(lines.join('\n')).warnings).toEqual([]);
      for (const [index, line] of lines.entries()) {
        if (
          !/^(inferenceThreads|detector|framesPerSecond|workers|cacheBytes|flushInterval|meshPreset|maxPeers):/.test(
            line,
          )
        )
          continue;
        expect(lines[index - 1], `${name}: ${line}`).toMatch(/^# \S/);
      }
    }
  });

  it('hold regular expressions that are valid and anchored', () => {
    for (const { name, match } of listProfiles()) {
      for (const pattern of match.models) {
        expect(() => new RegExp(pattern), name).not.toThrow();
        expect(pattern, name).toMatch(/^\^/);
      }
    }
  });
});

describe('showProfile', () => {
  it('names the profiles that there are when asked for another', () => {
    expect(() => showProfile('../package')).toThrow(
      expect.objectContaining({ code: 'PROFILE_UNKNOWN', message: expect.stringContaining('raspberry-pi-4') }),
    );
  });

  it('says which file is wrong', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'parlmesh-profiles-'));
    writeFileSync(path.join(folder, 'mine.yaml'), 'title: Mine\nthreads: 2\n');
    expect(() => showProfile('mine', folder)).toThrow(
      expect.objectContaining({ code: 'PROFILE_INVALID', message: expect.stringContaining('mine.yaml') }),
    );
    rmSync(folder, { recursive: true });
  });
});
