// Settings given as text: environment variables and command-line flags. Pure.

import { type TSchema, Type } from 'typebox';
import { messageOf } from '../../core/errors.ts';
import { type ConfigProblem, nearest, type Source } from './problem.ts';
import { redactText } from './redact.ts';
import { annotations, SETTINGS, type Setting } from './settings.ts';

export interface Override {
  setting: Setting;
  value: unknown;
  source: Source;
}

export interface Overrides {
  overrides: Override[];
  problems: ConfigProblem[];
}

const PREFIX = 'PARLMESH_';

/** Variables that are no settings: they say where things are, to the daemon, the command line, the installer, tests. */
export const OTHER_VARIABLES: readonly string[] = [
  'PARLMESH_CONFIG',
  'PARLMESH_SOCKET',
  'PARLMESH_INSTALL_WAIT',
  'PARLMESH_TEST_DATA',
  'PARLMESH_TEST_MODELS',
  'PARLMESH_CHROMIUM',
  'PARLMESH_SOURCES',
  'PARLMESH_HUMAN_MODELS',
];

/** A variable that is set but empty sets nothing, as service managers and containers expect. */
export function environmentOverrides(env: NodeJS.ProcessEnv): Overrides {
  const given = Object.entries(env)
    .filter(([name, text]) => name.startsWith(PREFIX) && text !== undefined && text !== '')
    .filter(([name]) => !OTHER_VARIABLES.includes(name))
    .map(([name, text]) => ({ name, text: text ?? '' }));
  return read(
    given,
    (setting) => setting.variable,
    (variable) => ({ kind: 'environment', variable }),
    'variable',
  );
}

/** @param flags dotted path -> text; empty text is an empty value */
export function flagOverrides(flags: Readonly<Record<string, string>>): Overrides {
  const given = Object.entries(flags).map(([name, text]) => ({ name, text }));
  return read(
    given,
    (setting) => setting.path,
    (flag) => ({ kind: 'flag', flag }),
    'setting',
  );
}

function read(
  given: { name: string; text: string }[],
  nameOf: (setting: Setting) => string,
  sourceOf: (name: string) => Source,
  noun: string,
): Overrides {
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  for (const { name, text } of given) {
    const source = sourceOf(name);
    const setting = SETTINGS.find((one) => nameOf(one) === name);
    if (setting === undefined) {
      const suggestion = nearest(name, SETTINGS.map(nameOf));
      problems.push({ path: '', message: `is not a ${noun} of parlmesh`, source, suggestion });
      continue;
    }
    try {
      overrides.push({ setting, value: parse(setting.schema, text), source });
    } catch (thrown) {
      problems.push({ path: setting.path, message: `is not JSON (${redactText(messageOf(thrown))})`, source });
    }
  }
  return { overrides, problems };
}

/**
 * Text as the schema's kind of value; text that is of no such kind stays text, which validation then names. A list of
 * texts is separated by commas; what has more structure is JSON.
 */
function parse(schema: TSchema, text: string): unknown {
  if (Type.IsBoolean(schema)) return text === 'true' ? true : text === 'false' ? false : text;
  if (Type.IsInteger(schema) || Type.IsNumber(schema)) {
    const value = Number(text);
    return text.trim() === '' || Number.isNaN(value) ? text : value;
  }
  const isJson = /^\s*[[{]/.test(text);
  if (Type.IsArray(schema)) {
    if (isJson || !Type.IsString(schema.items)) return JSON.parse(text);
    const most = annotations(schema).maxItems ?? 1000;
    const items = text.split(',', most + 1).map((item) => item.trim());
    return items.filter((item) => item !== '');
  }
  return isJson && Type.IsUnion(schema) ? JSON.parse(text) : text;
}
