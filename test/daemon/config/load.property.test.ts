import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { checkConfig, loadConfig } from '../../../daemon/config/load.ts';
import { describeProblem } from '../../../daemon/config/problem.ts';
import { Config } from '../../../daemon/config/schema.ts';
import { annotations, SETTINGS } from '../../../daemon/config/settings.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parlmesh-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Either a whole configuration or a list of problems that can be printed; anything else fails the property. */
function judge(text: string, env: NodeJS.ProcessEnv = {}, flags: Record<string, string> = {}): void {
  const file = path.join(folder, 'any.yaml');
  writeFileSync(file, text);
  const check = checkConfig({ file, env, flags });
  if (check.ok) {
    expect(Value.Check(Config, check.loaded.config)).toBe(true);
  } else {
    expect(check.problems.length).toBeGreaterThan(0);
    for (const problem of check.problems) expect(describeProblem(problem)).toMatch(/\S/);
  }
}

/** Values that look a lot like a configuration: right names, any values. */
const lookalike = fc.dictionary(
  fc.constantFrom(...Object.keys(Config.properties), '__proto__', 'htp', 'toString'),
  fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(
      fc.constantFrom(...SETTINGS.map(({ path: name }) => name.split('.').at(-1)!), 'source', 'zones'),
      fc.jsonValue({ maxDepth: 3 }),
    ),
    fc.array(fc.record({ name: fc.string(), source: fc.string(), zones: fc.jsonValue() }, { requiredKeys: [] })),
  ),
);

/** Values that a schema accepts, by its own rules and those of `rules.ts`. */
function valid(schema: TSchema, name: string): fc.Arbitrary<unknown> {
  const { exclusiveMinimum, minimum = exclusiveMinimum, maximum, minItems = 0, maxItems = 4 } = annotations(schema);
  if (name === 'cameras[].source') return fc.constantFrom('rendered:', 'folder:/srv/a', 'rtsp://me:x@cam:554/1');
  // They name zones of their camera, which are drawn apart from them.
  if (name === 'cameras[].readings' || name === 'cameras[].places') return fc.constant([]);
  if (/^cameras\[\]\.schedule\[\]\.(from|to)$/.test(name)) return fc.constantFrom('06:30', '23:59', '24:00');
  if (/\.quietHours(\[\])?\.(from|until|to)$/.test(name)) return fc.constantFrom('06:30', '23:59', '00:00');
  if (name.endsWith('.webhook')) return fc.constant('https://hooks.lan/parlmesh');
  if (name === 'federation.store') return fc.constantFrom('sqlite', 'postgres://me:x@db.lan/parlmesh');
  if (name === 'federation.learners') return fc.constantFrom({}, { 'parl-policy': { budget: 10 } });
  // What is said of a budget must fit what is said of noise.
  if (name === 'federation.privacy')
    return fc.constantFrom({}, { noise: 1, budget: 8 }, { leaves: { experience: 'deny' } });
  if (name === 'power.dutyCycle') return fc.constantFrom({ awake: 60, every: 600 }, { awake: 10.5, every: 86_400 });
  if (name === 'mesh.area') return fc.constantFrom('main', 'attic-2');
  if (name === 'mesh.kernelRoutes.prefixes[]') return fc.constantFrom('10.55.0.0/16', 'fd55::/48');
  if (name === 'mesh.forward.allow[]') return fc.constantFrom('127.0.0.1:22', 'printer.lan:631');
  if (name.startsWith('mesh.') && name.endsWith('[]')) return fc.constant('/ip4/10.1.2.3/tcp/7421');
  if (name === 'mqtt.url') return fc.constantFrom('mqtt://a:1', ['mqtts://a:2', 'ws://b']);
  if (name === 'oracle.members[]' || name === 'oracle.jobs[]') return fc.constantFrom('task.*', 'agent.restart');
  if (name === 'swarm.labels') return fc.constantFrom({}, { room: 'attic' });
  if (name === 'mqtt.embedded.host') return fc.constantFrom('127.0.0.1', '::1', 'localhost');
  if (name === 'agents.httpChecks[].url') return fc.constant('http://router.lan/');
  if (name === 'agents.bridges[].url') return fc.constant('mqtt://broker.lan:1883');
  if (/^agents\.bridges\[\]\.(from|to)$/.test(name)) return fc.constantFrom('zigbee2mqtt/', 'barn/z2m/');
  if (/^agents\.modules\.(read|write)\[\]$/.test(name)) return fc.constant('/srv/photos');
  if (name === 'mapek.restartUnits[].unit') return fc.constantFrom('mosquitto.service', 'emqx@a-1.service');
  if (name === 'profile') return fc.constant('raspberry-pi-5');
  if (name.startsWith('http.tls.')) return fc.constant('/proc/self/status');
  if (Type.IsObject(schema)) {
    const fields = Object.entries(schema.properties).map(([key, inner]) => [
      key,
      valid(inner, name ? `${name}.${key}` : key),
    ]);
    const needed = Object.entries(schema.properties).filter(
      ([, inner]) => !Type.IsOptional(inner) && annotations(inner).default === undefined,
    );
    return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
      requiredKeys: needed.map(([key]) => key),
    });
  }
  if (Type.IsUnion(schema)) return fc.oneof(...schema.anyOf.map((one) => valid(one, name)));
  if (Type.IsLiteral(schema)) return fc.constant(schema.const);
  if (Type.IsBoolean(schema)) return fc.boolean();
  if (Type.IsInteger(schema)) return fc.integer({ min: minimum ?? -1000, max: maximum ?? 2_000_000_000 });
  if (Type.IsNumber(schema)) {
    return fc
      .double({
        ...{ min: minimum ?? -1e6, max: maximum ?? 1e6, noNaN: true },
        ...(exclusiveMinimum !== undefined && { minExcluded: true }),
      })
      .map((value) => (value === 0 ? 0 : value));
  }
  if (Type.IsArray(schema)) {
    const lengths = { minLength: minItems, maxLength: Math.min(maxItems, minItems + 3) };
    const item = valid(schema.items, `${name}[]`);
    const named = Type.IsObject(schema.items) && 'name' in schema.items.properties;
    return named
      ? fc.uniqueArray(item, { ...lengths, selector: (one) => JSON.stringify(one, ['name']) })
      : fc.array(item, lengths);
  }
  return fc.stringMatching(/^[a-z][a-z0-9]{2,20}$/);
}

describe('loading', () => {
  it('answers any text with a configuration or with problems', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => judge(text)),
      { numRuns: 200 },
    );
  });

  it('answers text in the manner of YAML with a configuration or with problems', () => {
    const piece = fc.constantFrom(
      'http',
      'port',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '|',
      '>',
      '"',
      "'",
      '#',
      '!!int',
      '<<',
      '---',
      '~',
      '1',
      '\t',
      '? ',
      ',',
      'cameras',
      '%YAML 1.1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => judge(pieces.join(''))),
      { numRuns: 500 },
    );
  });

  it('answers any value under the right names with a configuration or with problems', () => {
    fc.assert(
      fc.property(fc.oneof(lookalike, fc.anything()), (value) => {
        let text: string;
        try {
          text = stringify(value);
        } catch {
          return;
        }
        judge(text ?? '');
      }),
      { numRuns: 500 },
    );
  });

  it('answers any environment and any flags with a configuration or with problems', () => {
    const variables = fc.constantFrom(...SETTINGS.map(({ variable }) => variable), 'PARLMESH_', 'PARLMESH_X');
    const paths = fc.constantFrom(...SETTINGS.map(({ path: name }) => name), '__proto__', 'cameras[0].name', '');
    const value = fc.oneof(fc.string(), fc.json(), fc.constantFrom('1e999', '-0', 'NaN', '[null]', '{"__proto__":1}'));
    fc.assert(
      fc.property(fc.dictionary(variables, value), fc.dictionary(paths, value), (env, flags) =>
        judge('log: {}', env, flags),
      ),
      { numRuns: 300 },
    );
  });

  it('reads back every valid configuration that was written as YAML', () => {
    fc.assert(
      fc.property(valid(Config, ''), (config) => {
        const file = path.join(folder, 'valid.yaml');
        writeFileSync(file, stringify(config));
        const { config: loaded, explicit } = loadConfig({ file, env: {}, flags: {} });
        expect(loaded).toMatchObject(config as object);
        writeFileSync(file, stringify(loaded));
        expect(loadConfig({ file, env: {}, flags: {} }).config).toEqual(loaded);
        for (const name of explicit) expect(SETTINGS.some((setting) => setting.path === name)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
