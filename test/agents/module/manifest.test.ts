import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { ModulesConfig } from '../../../agents/module/config.ts';
import { moduleArgv } from '../../../agents/module/confinement.ts';
import { grant, readManifest } from '../../../agents/module/manifest.ts';
import { FrameReader } from '../../../agents/module/protocol.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { moduleFolder } from './module-folder.ts';

const settings = (given: Partial<ModulesConfig> = {}) =>
  Value.Parse(ModulesConfig, Value.Default(ModulesConfig, given));
const granted = (text: string, given: Partial<ModulesConfig> = {}) =>
  grant('it', readManifest('it', text), settings(given));
const refusal = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('a manifest', () => {
  it('may be missing or empty: then nothing is asked for', () => {
    const nothing = { capabilities: [], read: [], write: [], network: false, memory: 64, slots: 1 };
    expect(grant('it', readManifest('it', undefined), settings())).toMatchObject(nothing);
    expect(granted('')).toMatchObject(nothing);
  });

  it('is granted what the settings allow', () => {
    const text = 'capabilities: [agent.message]\nread: [/srv/photos/new]\nmemory: 100\nnetwork: true';
    expect(granted(text, { read: ['/srv/photos/'], network: true })).toMatchObject({
      capabilities: [{ action: 'agent.message', scope: 'node' }],
      read: ['/srv/photos/new'],
      memory: 100,
    });
  });

  it.each([
    ['read: [/etc]', 'to read /etc'],
    ['read: [/srv/photos-private]', 'to read /srv/photos-private'],
    ['read: [/srv/photos/../secret]', 'to read /srv/photos/../secret'],
    ['write: [/srv/photos]', 'to write /srv/photos'],
    ['network: true', 'for the network'],
    ['memory: 5000', 'for 5000 MiB'],
    ['environment: [HOME]', 'the variable HOME'],
    ['capabilities: [camera.capture]', 'to do camera.capture'],
    ['capabilities: [agent.message@network]', 'to do agent.message@network'],
  ])('is refused when it asks %j', (text, what) => {
    expect(() => granted(text, { read: ['/srv/photos'] })).toThrow(refusal('MODULE_NOT_GRANTED', what));
  });

  it.each(['memory: lots', 'reed: []', '- a', 'read: [relative]', 'read: ["/a*"]', 'capabilities: ["*"]', '{'])(
    'is refused when it is wrong: %j',
    (text) => {
      expect(() => granted(text)).toThrow(refusal('MODULE_MANIFEST', 'it.yaml'));
    },
  );

  it('is taken or refused with a code, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          granted(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ParlmeshError);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the command line of a module', () => {
  it('grants files one by one, and never programs, threads, native code or the inspector', () => {
    const files = { module: '/m/it.mjs', folder: undefined, dataFolder: '/d/it' };
    const grants = { ...granted(''), read: ['/srv/a'], write: ['/srv/b'], memory: 48 };
    const argv = moduleArgv('/opt/child.js', files, grants, 'guard');
    expect(argv.filter((one) => one.startsWith('--allow'))).toEqual([
      '--allow-fs-read=/opt',
      '--allow-fs-read=/m/it.mjs',
      '--allow-fs-read=/d/it',
      '--allow-fs-read=/srv/a',
      '--allow-fs-write=/d/it',
      '--allow-fs-write=/srv/b',
    ]);
    expect(argv).toContain('--permission');
    expect(argv).toContain('--max-old-space-size=48');
  });
});

describe('frames of a module', () => {
  it('are read whatever the pieces they come in', () => {
    const text = '{"t":"started"}\n{"t":"pong","rss":1}\n';
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        const reader = new FrameReader(1_000);
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const frames = at.slice(1).flatMap((end, index) => [...reader.push(Buffer.from(text.slice(at[index], end)))]);
        expect(frames).toEqual([{ t: 'started' }, { t: 'pong', rss: 1 }]);
      }),
    );
  });

  it('are refused with a code, whatever bytes come, and never held beyond their bound', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 10 }), (chunks) => {
        const reader = new FrameReader(100);
        try {
          for (const chunk of chunks)
            for (const frame of reader.push(Buffer.from(chunk))) expect(frame.t).toBeDefined();
        } catch (error) {
          expect(error).toMatchObject({ code: 'MODULE_PROTOCOL' });
        }
      }),
    );
    expect(() => [...new FrameReader(100).push(Buffer.alloc(101, 32))]).toThrow(
      refusal('MODULE_PROTOCOL', '100 bytes'),
    );
  });
});

describe('the folder of modules', () => {
  it('is off while it is empty, and names what is in it', () => {
    const { modules, add, remove } = moduleFolder();
    expect(modules.names()).toEqual([]);
    add('b', '');
    add('a', '', {});
    expect(modules.names()).toEqual(['a', 'b']);
    modules.configure(settings({ enabled: false }));
    expect(modules.names()).toEqual([]);
    expect(() => modules.grants('a')).toThrow(refusal('MODULE_UNKNOWN', '"a"'));
    remove();
  });

  it('is refused when everybody may write into it, or a name is odd', () => {
    const { modules, add, remove, dataDir } = moduleFolder();
    add('Odd Name', '');
    expect(() => modules.names()).toThrow(refusal('MODULE_FOLDER', 'Odd Name'));
    chmodSync(join(dataDir, 'agents'), 0o777);
    expect(() => modules.names()).toThrow(refusal('MODULE_FOLDER', 'everybody'));
    remove();
  });
});
