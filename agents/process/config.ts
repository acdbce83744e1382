// Settings of one command that agents and jobs may run.

import { type Static, Type } from 'typebox';

export const CommandConfig = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9_-]{0,31}$',
      description: 'Unique on the node; jobs and agents name it.',
    }),
    argv: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
      minItems: 1,
      maxItems: 64,
      description: 'The program and its arguments, as a list. No shell reads it: `*`, `|` and `$` mean themselves.',
    }),
    interval: Type.Optional(
      Type.Number({ minimum: 1, maximum: 604_800, description: 'Seconds between runs. Left out: on demand only.' }),
    ),
    timeout: Type.Number({
      default: 60,
      minimum: 0.1,
      maximum: 86_400,
      description: 'Seconds after which it is ended, with all that it started.',
    }),
    mostOutput: Type.Integer({
      default: 1_000_000,
      minimum: 1_000,
      maximum: 64_000_000,
      description: 'Bytes that it may print; more ends it.',
    }),
    memory: Type.Optional(
      Type.Integer({
        minimum: 8,
        maximum: 1_048_576,
        description: 'MiB of data that each of its processes may hold (RLIMIT_DATA). Needs `prlimit` of util-linux.',
      }),
    ),
    nice: Type.Integer({ default: 5, minimum: 0, maximum: 19, description: 'How far it stands back for others.' }),
    environment: Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), {
      default: [],
      maxItems: 32,
      description: 'Variables of the daemon that it may see, besides PATH, HOME and LANG.',
    }),
    folder: Type.String({ default: '/', minLength: 1, maxLength: 1024, description: 'Where it runs.' }),
    extraArguments: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 32,
      description:
        'Further arguments that whoever runs it may give. One that begins with `-` is refused unless `argv` ends with `--`.',
    }),
    failures: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 100,
      description: 'Failed runs in a row after which it is told that it fails.',
    }),
    recoveries: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 100,
      description: 'Good runs in a row after which that is over.',
    }),
  },
  { additionalProperties: false },
);
export type CommandConfig = Static<typeof CommandConfig>;
