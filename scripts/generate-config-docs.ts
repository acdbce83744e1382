// Writes docs/configuration.md from the schema: the introduction is kept here, the reference is generated.
//
//   node scripts/generate-config-docs.ts

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TSchema, Type } from 'typebox';
import { OTHER_VARIABLES } from '../daemon/config/overrides.ts';
import { isLive } from '../daemon/config/reload.ts';
import { Config } from '../daemon/config/schema.ts';
import { annotations, expectation, SETTINGS, type Setting } from '../daemon/config/settings.ts';

const INTRODUCTION = `# Configuration

<!-- Written by scripts/generate-config-docs.ts: change the schema or that script, not this file. -->

parlmesh runs without any configuration. What you want otherwise goes into one YAML file, and anything in it can be
overridden for one start:

1. the defaults below,
2. then the YAML file: \`--config FILE\`, or \`PARLMESH_CONFIG\`, or \`/etc/parlmesh/config.yaml\` if it is there,
3. then environment variables, each setting by the name beside it,
4. then flags of \`parlmesh run\`; \`--set http.port=8080\` sets any of them.

[config.example.yaml](config.example.yaml) is a file to start from.

\`\`\`sh
parlmesh config check FILE   # every problem at once, by line
parlmesh config show         # what is in force, secrets hidden
parlmesh config schema       # JSON Schema, for editors
\`\`\`

**Wrong settings.** The daemon does not start on a wrong configuration; it lists all that is wrong, with line, column,
what was expected and the nearest right name:

\`\`\`text
/etc/parlmesh/config.yaml:2:3: http.prot: is not a setting. Did you mean "http.port"?
/etc/parlmesh/config.yaml:6:3: log.level: is wrong, expected one of debug, info, warn, error, silent, got "loud"
environment PARLMESH_STORE_KEEP_DAYS: store.keepDays: is wrong, expected a number from 0.01 to 3650, got "x"
\`\`\`

**Reload.** \`systemctl reload parlmesh\` (or \`SIGHUP\`) reads the file again. Settings marked *live* take effect at
once; the others are named in the log and wait for the next start. A wrong file changes nothing.

**In the file.** A key with nothing after it is not set. Durations are seconds, sizes bytes, shares 0 to 1.
**In variables and flags.** Lists of texts are separated by commas, lists of groups are JSON, an empty variable is not
set. An unknown variable that begins with \`PARLMESH_\` is an error, but for ${OTHER_VARIABLES.map((name) => `\`${name}\``).join(', ')}.
`;

interface Row {
  name: string;
  kind: string;
  standard: string;
  notes: string[];
}

function row(name: string, schema: TSchema, extra: string[]): Row {
  const { default: value, description = '' } = annotations(schema);
  const kind = expectation(schema).replace(/that matches (.*)$/, 'that matches `$1`');
  return {
    name: `\`${name}\``,
    kind,
    standard: value === undefined ? '' : `\`${JSON.stringify(value)}\``,
    notes: [description, ...extra].filter((note) => note !== ''),
  };
}

function table(rows: Row[]): string {
  const lines = rows.map(({ name, kind, standard, notes }) => [name, kind, standard, notes.join(' ')]);
  return [['Setting', 'Value', 'Default', 'Meaning'], Array(4).fill('---'), ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function settingRow(setting: Setting): Row {
  return row(setting.path, setting.schema, [`\`${setting.variable}\``, ...(isLive(setting.path) ? ['*live*'] : [])]);
}

/** The settings of the groups that a list holds, as `cameras[].name`. */
function entryRows(schema: TSchema, prefix: string): Row[] {
  if (!Type.IsArray(schema) || !Type.IsObject(schema.items)) return [];
  return Object.entries(schema.items.properties).flatMap(([key, inner]) => [
    row(
      `${prefix}[].${key}`,
      inner,
      Type.IsOptional(inner) || annotations(inner).default !== undefined ? [] : ['Required.'],
    ),
    ...entryRows(inner, `${prefix}[].${key}`),
  ]);
}

/** The whole page. */
export function configurationPage(): string {
  const sections = Object.entries(Config.properties).map(([name, schema]) => {
    const settings = SETTINGS.filter(({ path }) => path === name || path.startsWith(`${name}.`));
    if (!Type.IsObject(schema) && !Type.IsArray(schema))
      return { title: '', rows: settings.map(settingRow), intro: '' };
    const rows = [...settings.map(settingRow), ...entryRows(schema, name)];
    return { title: name, rows, intro: annotations(schema).description ?? '' };
  });
  const general = sections.filter(({ title }) => title === '').flatMap(({ rows }) => rows);
  const groups = sections.filter(({ title }) => title !== '');
  return [
    INTRODUCTION,
    '## General\n',
    `${table(general)}\n`,
    ...groups.map(({ title, intro, rows }) => `## ${title}\n\n${intro}\n\n${table(rows)}\n`),
  ].join('\n');
}

export const PAGE_FILE = path.join(import.meta.dirname, '../docs/configuration.md');

if (import.meta.main) writeFileSync(PAGE_FILE, configurationPage());
