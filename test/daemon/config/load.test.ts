import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParlmeshError } from '../../../core/errors.ts';
import { checkConfig, type LoadOptions, loadConfig } from '../../../daemon/config/load.ts';
import { describeProblem } from '../../../daemon/config/problem.ts';
import { Config } from '../../../daemon/config/schema.ts';
import { cameraOf } from '../../../vision/config.ts';

let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parlmesh-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string | Buffer): string {
  const name = path.join(folder, `${++count}.yaml`);
  writeFileSync(name, text);
  return name;
}

function options(more: Partial<LoadOptions> = {}): LoadOptions {
  return { env: {}, flags: {}, defaultFile: path.join(folder, 'absent.yaml'), ...more };
}

/** Loads a text that must be wrong; the problems as lines, with the file's name cut off. */
function problemsOf(text: string | Buffer, more: Partial<LoadOptions> = {}): string[] {
  const name = file(text);
  const check = checkConfig(options({ file: name, ...more }));
  if (check.ok) throw new Error('expected problems');
  return check.problems.map((problem) => describeProblem(problem).replace(`${name}:`, ''));
}

describe('a duty cycle', () => {
  it('without time to rest is refused', () => {
    expect(problemsOf('power:\n  dutyCycle:\n    awake: 600\n    every: 600\n')).toEqual([
      expect.stringContaining(
        'power.dutyCycle.awake: leaves no time to rest, expected less than power.dutyCycle.every',
      ),
    ]);
  });
});

describe('the order of layers', () => {
  it('needs no file at all: everything has a default', () => {
    const loaded = loadConfig(options());
    expect(loaded.file).toBeUndefined();
    expect(Value.Check(Config, loaded.config)).toBe(true);
    expect(loaded.config.http.port).toBe(7420);
    expect(loaded.explicit.size).toBe(0);
  });

  it('takes the file over defaults, the environment over the file, flags over all', () => {
    const name = file('http:\n  port: 1000\n  host: 127.0.0.1\nlog:\n  level: warn\nstore:\n  keepDays: 5\n');
    const { config, sources, explicit } = loadConfig(
      options({
        file: name,
        env: { PARLMESH_HTTP_PORT: '2000', PARLMESH_LOG_LEVEL: 'debug', HOME: '/root' },
        flags: { 'http.port': '3000' },
      }),
    );
    expect(config.http).toMatchObject({ port: 3000, host: '127.0.0.1', enabled: true });
    expect(config.log.level).toBe('debug');
    expect([...explicit].sort()).toEqual(['http.host', 'http.port', 'log.level', 'store.keepDays']);
    expect(sources.get('http.port')).toEqual({ kind: 'flag', flag: 'http.port' });
    expect(sources.get('log.level')).toEqual({ kind: 'environment', variable: 'PARLMESH_LOG_LEVEL' });
    expect(sources.get('store.keepDays')).toEqual({ kind: 'file', file: name, line: 7, column: 3 });
  });

  it('uses the default file when it is there, and PARLMESH_CONFIG before it', () => {
    const standard = file('http: { port: 1 }');
    const named = file('http: { port: 2 }');
    expect(loadConfig(options({ defaultFile: standard })).config.http.port).toBe(1);
    const env = { PARLMESH_CONFIG: named };
    expect(loadConfig(options({ defaultFile: standard, env })).config.http.port).toBe(2);
  });

  it('takes a section with nothing in it, and a key with nothing after it, as not set', () => {
    const { config, explicit } = loadConfig(options({ file: file('http:\n  port:\nmesh:\ncameras:\n') }));
    expect(config.http.port).toBe(7420);
    expect(config.cameras).toEqual([]);
    expect(explicit.size).toBe(0);
  });

  it('sets a value inside a section that the file leaves empty', () => {
    const loaded = loadConfig(options({ file: file('http:\n'), flags: { 'http.port': '5' } }));
    expect(loaded.config.http.port).toBe(5);
  });

  it('names places outside of every zone, and patterns that are no regular expressions', () => {
    const place = (more: string): string =>
      `cameras: [{ name: a, source: "rendered:", places: [{ name: p, zone: nope, ${more} }] }]`;
    expect(() => loadConfig(options({ file: file(place('kind: led')) }))).toThrow('is no zone of this camera');
    expect(() => loadConfig(options({ file: file(place('kind: display, fault: "("')) }))).toThrow(
      'cameras[0].places[0].fault: is no regular expression',
    );
  });

  it('names a budget of privacy without noise, and a renewal of none', () => {
    const privacy = (more: string): string => `federation: { privacy: { ${more} } }`;
    expect(() => loadConfig(options({ file: file(privacy('budget: 8')) }))).toThrow(
      'federation.privacy.budget: needs noise',
    );
    expect(() => loadConfig(options({ file: file(privacy('noise: 1, renewal: 30')) }))).toThrow('there is none');
    expect(loadConfig(options({ file: file(privacy('noise: 1, budget: 8')) })).config.federation.privacy.budget).toBe(
      8,
    );
  });

  it('takes groups of settings by names that are free, with their defaults, and names what is wrong in them', () => {
    const learners = (more: string): string => `federation: { learners: { parl-policy: { ${more} } } }`;
    const { config } = loadConfig(options({ file: file(learners('budget: 10')) }));
    expect(config.federation.learners['parl-policy']).toMatchObject({ enabled: true, epochs: 4, budget: 10 });
    expect(() => loadConfig(options({ file: file(learners('epocs: 3')) }))).toThrow(
      'federation.learners.parl-policy.epocs: is not a setting',
    );
    expect(() => loadConfig(options({ file: file('federation: { learners: { Nobody: {} } }') }))).toThrow(
      'federation.learners.Nobody: is no such name',
    );
  });

  it('fills in the defaults of each camera', () => {
    const { config, explicit } = loadConfig(options({ file: file('cameras: [{ name: a, source: "rendered:" }]') }));
    expect(config.cameras).toEqual([cameraOf({ name: 'a', source: 'rendered:' })]);
    expect(explicit.has('cameras')).toBe(true);
  });
});

describe('text from the environment and flags', () => {
  it('reads lists of texts by commas, lists of groups and unions as JSON, and ignores empty variables', () => {
    const { config } = loadConfig(
      options({
        env: {
          PARLMESH_MESH_BOOTSTRAP: '/ip4/10.0.0.1/tcp/1, /ip4/10.0.0.2/tcp/2,',
          PARLMESH_CAMERAS: '[{"name":"a","source":"folder:/tmp"}]',
          PARLMESH_MQTT_URL: '["mqtt://a:1","mqtt://b:2"]',
          PARLMESH_MESH_MDNS: 'false',
          PARLMESH_HTTP_PORT: '',
          PARLMESH_TEST_DATA: '/somewhere',
        },
        flags: { 'mesh.listen': '' },
      }),
    );
    expect(config.mesh.bootstrap).toEqual(['/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.2/tcp/2']);
    expect(config.cameras[0]).toMatchObject({ name: 'a', role: 'watch' });
    expect(config.mqtt.url).toEqual(['mqtt://a:1', 'mqtt://b:2']);
    expect(config.mesh.mdns).toBe(false);
    expect(config.mesh.listen).toEqual([]);
    expect(config.http.port).toBe(7420);
  });

  it('names the variable or flag that is wrong, and the nearest right one', () => {
    const check = checkConfig(
      options({
        env: { PARLMESH_HTTP_PROT: '1', PARLMESH_STORE_KEEP_DAYS: 'ten', PARLMESH_CAMERAS: '[{' },
        flags: { 'mesh.mdsn': 'true', 'mesh.mdns': 'perhaps' },
      }),
    );
    expect(check.ok || check.problems.map(describeProblem).sort()).toEqual([
      expect.stringContaining('environment PARLMESH_CAMERAS: cameras: is not JSON'),
      'environment PARLMESH_HTTP_PROT: is not a variable of parlmesh. Did you mean "PARLMESH_HTTP_PORT"?',
      'environment PARLMESH_STORE_KEEP_DAYS: store.keepDays: is wrong, expected a number from 0.01 to 3650, got "ten"',
      'flag mesh.mdns: mesh.mdns: is wrong, expected true or false, got "perhaps"',
      'flag mesh.mdsn: is not a setting of parlmesh. Did you mean "mesh.mdns"?',
    ]);
  });

  it('blames the variable, not the file, for an entry of a list that the variable replaced', () => {
    const name = file('mesh:\n  bootstrap:\n    - /ip4/10.0.0.1/tcp/1\n');
    const check = checkConfig(options({ file: name, env: { PARLMESH_MESH_BOOTSTRAP: 'nonsense' } }));
    expect(check.ok || check.problems.map((problem) => problem.source)).toEqual([
      { kind: 'environment', variable: 'PARLMESH_MESH_BOOTSTRAP' },
    ]);
  });
});

describe('what is wrong in a file', () => {
  it('is told all at once, each with line, column, path, what was expected, what came and the nearest name', () => {
    const text = `http:
  prot: 80
  port: 99999
log:
  level: loud
htp:
mesh:
  bootstrap:
    - /ip4/1.2.3.4/tcp/1
    - hello
cameras:
  - name: north
    source: folder:/tmp
    zones:
      - name: a
        points: [[0, 0], [1, 2]]
  - name: North
    sorce: rendered
port: 3
http.port: 4
profile: raspbery-pi-4
`;
    expect(problemsOf(text)).toEqual([
      '2:3: http.prot: is not a setting. Did you mean "http.port"?',
      '3:3: http.port: is wrong, expected a whole number from 0 to 65535, got 99999',
      '5:3: log.level: is wrong, expected one of debug, info, warn, error, silent, got "loud"',
      '6:1: htp: is not a setting. Did you mean "http"?',
      expect.stringMatching(
        /^10:7: mesh\.bootstrap\[1\]: is not a multiaddress .*, expected one like \/ip4.*, got "hello"$/,
      ),
      '16:9: cameras[0].zones[0].points: is wrong, expected a list of 3 to 32 entries, got a list of 2 entries',
      '17:5: cameras[1].name: is wrong, expected text that matches ^[a-z0-9][a-z0-9_-]{0,31}$, got "North"',
      // Missing: where its group begins.
      '17:5: cameras[1].source: is missing, expected text of 1 to 2048 characters',
      '18:5: cameras[1].sorce: is not a setting. Did you mean "cameras[1].source"?',
      '19:1: port: is not a setting. Did you mean "http.port"?',
      '20:1: ["http.port"]: must be nested: write "http:" and, indented below it, "port:"',
      expect.stringMatching(/^21:1: profile: is no profile, expected one of .* Did you mean "raspberry-pi-4"\?$/),
    ]);
  });

  it('is one CONFIG_INVALID error with the list in its data', () => {
    const name = file('http: { port: x }\nlog: { level: y }\n');
    let thrown: unknown;
    try {
      loadConfig(options({ file: name }));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ParlmeshError);
    expect(thrown).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${name}:1:9: http.port: is wrong`),
      hint: expect.stringContaining('parlmesh config schema'),
      data: {
        count: 2,
        problems: [
          { path: 'http.port', got: '"x"', source: { kind: 'file', line: 1, column: 9 } },
          { path: 'log.level', source: { line: 2 } },
        ],
      },
    });
  });

  it('stays short when very much is wrong', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `key${index}: 1`).join('\n');
    expect(() => loadConfig(options({ file: file(text) }))).toThrow(/… and 4950 more$/);
  });

  it('names points inside lists of lists', () => {
    const text = 'cameras:\n  - name: a\n    source: "rendered:"\n    masks:\n      - [[0, 0], [1, 1], [0, 7]]\n';
    expect(problemsOf(text)).toEqual([
      '5:30: cameras[0].masks[0][2][1]: is wrong, expected a number from 0 to 1, got 7',
    ]);
  });

  it('includes keys set twice', () => {
    expect(problemsOf('http:\n  port: 1\n  port: 2\n')).toEqual(['3:3: http.port: is set twice']);
  });

  it('includes cameras and zones of the same name', () => {
    const camera = '  - name: a\n    source: "rendered:"\n';
    expect(problemsOf(`cameras:\n${camera}${camera}`)).toEqual([
      '4:5: cameras[1].name: is the name of cameras[0] already, got "a"',
    ]);
  });

  it('includes sources that no camera can open', () => {
    const cameras = ['rstp://cam/', 'folder:', 'http:camera', '/dev/video0'];
    const text = `cameras:\n${cameras.map((source, index) => `  - { name: c${index}, source: '${source}' }`).join('\n')}\n`;
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/cameras\[0\]\.source: is no source of pictures.* Did you mean "rtsp:"\?/),
      '3:17: cameras[1].source: is incomplete, got "folder:"',
      '4:17: cameras[2].source: is incomplete, got "http:camera"',
      expect.stringMatching(/cameras\[3\]\.source: is no source of pictures/),
    ]);
  });

  it('includes brokers and TLS files that cannot be used', () => {
    const text =
      'mqtt:\n  url: [mqtt://a, "http://b"]\nhttp:\n  tls:\n    certificate: /nowhere/a.pem\n    key: /nowhere/b.pem\n';
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^2:19: mqtt\.url\[1\]: is not a broker/),
      expect.stringMatching(/^5:5: http\.tls\.certificate: cannot be read \(ENOENT/),
      expect.stringMatching(/^6:5: http\.tls\.key: cannot be read/),
    ]);
  });

  it('includes addresses that the mesh has no transport for', () => {
    expect(problemsOf('mesh:\n  listen: [/ip4/0.0.0.0/udp/7421/quic-v1]\n')).toEqual([
      expect.stringMatching(/^2:12: mesh\.listen\[0\]: is not an address over TCP/),
    ]);
  });

  it('includes a broker that lets everybody in', () => {
    const open = 'mqtt:\n  username: me\n  embedded:\n    host: 0.0.0.0\n';
    expect(problemsOf(open)).toEqual(['1:1: mqtt.password: is missing: the broker listens on 0.0.0.0']);
    const env = { PARLMESH_MQTT_PASSWORD: 'secret' };
    expect(checkConfig(options({ file: file(open), env })).ok).toBe(true);
    expect(checkConfig(options({ file: file(`${open}  url: mqtt://broker\n`) })).ok).toBe(true);
    expect(checkConfig(options({ flags: { 'mqtt.embedded.host': '127.0.0.1' } })).ok).toBe(true);
  });

  it('never shows a password', () => {
    const text =
      'mqtt:\n  password: [hunter2]\n  url: http://me:hunter2@broker\ncameras:\n  - { name: a, source: "x://me:hunter2@cam" }\n';
    const shown = problemsOf(text).join('\n');
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('http://•••@broker');
  });
});

describe('files that are no configuration', () => {
  it('are refused when they were named and are missing, a folder, or over a megabyte', () => {
    const missing = path.join(folder, 'missing.yaml');
    expect(() => loadConfig(options({ file: missing }))).toThrow(/missing\.yaml:1:1: cannot be read: ENOENT/);
    mkdirSync(path.join(folder, 'a-folder'));
    expect(() => loadConfig(options({ file: path.join(folder, 'a-folder') }))).toThrow(/is not a file/);
    expect(problemsOf(`# ${'x'.repeat(1_000_000)}`)[0]).toMatch(/has 1000002 bytes; at most 1000000 are read/);
  });

  it('are refused with the place of the syntax error, and nothing is guessed from the rest', () => {
    const problems = problemsOf('http:\n  port: [1\nlog: 5\n');
    expect(problems[0]).toMatch(/^3:1: /);
    expect(problems.join('\n')).not.toContain('log');
  });

  it('are refused when they are not UTF-8, not a map, or two documents', () => {
    expect(problemsOf(Buffer.from([0xff, 0xfe, 0x00]))[0]).toMatch(/cannot be read/);
    expect(problemsOf('- a\n- b\n')[0]).toMatch(/is wrong, expected a group of settings .*got a list of 2 entries/);
    expect(problemsOf('log: {}\n---\nlog: {}\n')[0]).toMatch(/multiple documents/i);
  });

  it('cannot blow up by aliases, cycles, depth or many keys', () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [index, name] of [...'bcdefghi'].entries()) {
      const before = String.fromCharCode(97 + index);
      levels.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
    }
    const started = performance.now();
    expect(problemsOf(levels.join('\n')).join('\n')).toContain('holds more than 20000 values');
    expect(problemsOf('mesh: &m\n  listen: *m\n').join('\n')).toContain('is nested more than 32 levels deep');
    expect(problemsOf('['.repeat(100_000)).length).toBeGreaterThan(0);
    expect(problemsOf(`a: ${'{a: '.repeat(500)}1${'}'.repeat(500)}`).join('\n')).toContain('32 levels');
    expect(problemsOf(Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n')).length).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('do not reach the prototype of anything', () => {
    expect(problemsOf('__proto__: { port: 1 }\nhttp: { __proto__: { port: 1 }, constructor: 1 }\n')).toEqual([
      '1:1: __proto__: is not a setting',
      '2:9: http.__proto__: is not a setting',
      '2:33: http.constructor: is not a setting',
    ]);
  });

  it('may use anchors and aliases within reason', () => {
    const text =
      'cameras:\n  - &a { name: a, source: "rendered:", masks: &m [[[0,0],[1,0],[1,1]]] }\n  - { name: b, source: "rendered:", masks: *m }\n';
    const { config } = loadConfig(options({ file: file(text) }));
    expect(config.cameras[1]?.masks).toEqual(config.cameras[0]?.masks);
  });
});
