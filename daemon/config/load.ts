// Loads the configuration: defaults, then the YAML file, then the environment, then flags. Either all of it is right,
// or one CONFIG_INVALID error lists everything that is not.

import { readFileSync, statSync } from 'node:fs';
import { Value } from 'typebox/value';
import { messageOf } from '../../core/errors.ts';
import { profileNames } from '../hardware/profiles.ts';
import { readDocument } from './document.ts';
import { environmentOverrides, flagOverrides, type Override } from './overrides.ts';
import { type ConfigProblem, configInvalid, type Source } from './problem.ts';
import { configRules } from './rules.ts';
import { Config } from './schema.ts';
import { SETTINGS } from './settings.ts';
import { isGroup, isSet, valueAt, withoutUnset } from './tree.ts';
import { validate } from './validate.ts';

/** Read when no file is named, if it is there. */
export const DEFAULT_CONFIG_FILE = '/etc/parlmesh/config.yaml';

/** A configuration is a page or two; more is a mistake or an attack. */
const MOST_BYTES = 1_000_000;

export interface LoadOptions {
  /** Must exist. Without it: `PARLMESH_CONFIG`, which must exist too, else `defaultFile` if that is there. */
  file?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Dotted path -> text: `{ 'http.port': '0' }`. */
  flags: Readonly<Record<string, string>>;
  /** Default `DEFAULT_CONFIG_FILE`. */
  defaultFile?: string;
}

export interface LoadedConfig {
  /** Complete: defaults filled in. */
  config: Config;
  /** The file that was read, if any. */
  file: string | undefined;
  /** Dotted paths of the settings that somebody set: `http.port`, `cameras`. */
  explicit: ReadonlySet<string>;
  /** Who set each of them. */
  sources: ReadonlyMap<string, Source>;
}

interface FileLayer {
  value: unknown;
  positions: ReadonlyMap<string, Source>;
  problems: ConfigProblem[];
}

export type ConfigCheck = { ok: true; loaded: LoadedConfig } | { ok: false; problems: ConfigProblem[] };

/** @throws ParlmeshError CONFIG_INVALID, with every problem in its message and in `data.problems` */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const check = checkConfig(options);
  if (!check.ok) throw configInvalid(check.problems);
  return check.loaded;
}

/** The same without the throw, for `parlmesh config check`. */
export function checkConfig(options: LoadOptions): ConfigCheck {
  const named = options.file ?? (options.env.PARLMESH_CONFIG || undefined);
  const file = named ?? existing(options.defaultFile ?? DEFAULT_CONFIG_FILE);
  const layer: FileLayer = file === undefined ? { value: {}, positions: new Map(), problems: [] } : readFile(file);
  const environment = environmentOverrides(options.env);
  const flags = flagOverrides(options.flags);
  const overrides = [...environment.overrides, ...flags.overrides];
  const tree = layer.value;
  for (const override of overrides) apply(tree, override);

  const overridden = new Map(overrides.map(({ setting, source }) => [setting.path, source]));
  const sourceOf = (path: string): Source | undefined =>
    around(path, overridden) ?? around(path, layer.positions) ?? layer.positions.get('');
  const findings = validate(Config, tree, configRules(profileNames()));
  const problems = [
    ...layer.problems,
    ...environment.problems,
    ...flags.problems,
    ...findings.map((finding) => ({ ...finding, source: sourceOf(finding.path) })),
  ];
  if (problems.length > 0) return { ok: false, problems: problems.sort(byPlace) };

  const given = withoutUnset(tree);
  const sources = new Map<string, Source>();
  for (const { path } of SETTINGS) {
    const source = valueAt(given, path) === undefined ? undefined : sourceOf(path);
    if (source !== undefined) sources.set(path, source);
  }
  const config = Value.Default(Config, given);
  if (!Value.Check(Config, config)) {
    return { ok: false, problems: [{ path: '', message: 'does not fit its schema', source: undefined }] };
  }
  return { ok: true, loaded: { config, file, explicit: new Set(sources.keys()), sources } };
}

/** In the order in which one reads the file; what is not in it comes after. */
function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  const place = ({ source }: ConfigProblem): [number, number] =>
    source?.kind === 'file' ? [source.line, source.column] : [Number.MAX_SAFE_INTEGER, 0];
  const [lineA, columnA] = place(a);
  const [lineB, columnB] = place(b);
  return lineA - lineB || columnA - columnB;
}

function existing(file: string): string | undefined {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : file;
}

function readFile(file: string): FileLayer {
  const source: Source = { kind: 'file', file, line: 1, column: 1 };
  const refused = (message: string): FileLayer => ({
    value: {},
    positions: new Map(),
    problems: [{ path: '', message, source }],
  });
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return refused('is not a file');
    if (stat.size > MOST_BYTES) return refused(`has ${stat.size} bytes; at most ${MOST_BYTES} are read`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    const document = readDocument(text, file);
    if (document.value === undefined) return { ...document, value: {} };
    return document;
  } catch (thrown) {
    return refused(`cannot be read: ${messageOf(thrown)}`);
  }
}

/** Sets an override in the tree. Where the file has something else than a group on the way, that is the problem. */
function apply(tree: unknown, { setting, value }: Override): void {
  const keys = setting.path.split('.');
  const last = keys.pop()!;
  let group = tree;
  for (const key of keys) {
    if (!isGroup(group)) return;
    if (!isSet(group, key)) group[key] = {};
    group = group[key];
  }
  if (isGroup(group)) group[last] = value;
}

/** Where `path` was set, else where the nearest thing around it was. */
function around(path: string, places: ReadonlyMap<string, Source>): Source | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.'), at.lastIndexOf('[')))) {
    const source = places.get(at);
    if (source !== undefined) return source;
  }
  return undefined;
}
