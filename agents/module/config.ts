// Settings of the folder of modules: the most that any of them may ask for.

import { type Static, Type } from 'typebox';

const Path = Type.String({ minLength: 1, maxLength: 1024, pattern: '^/[^*]*$' });

/** `agent.message`, `camera.*`, `agent.message@network`. */
export const CapabilityText = Type.String({
  pattern: '^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*(\\.\\*)?(@(node|group|network))?$',
  maxLength: 100,
});

export const ModulesConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Run the modules of the folder. An empty folder costs nothing.',
    }),
    folder: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'Where NAME.mjs and NAME.yaml lie. Default: `agents` in the data folder.',
      }),
    ),
    read: Type.Array(Path, {
      default: [],
      maxItems: 64,
      description: 'Paths that manifests may ask to read, with all below them.',
    }),
    write: Type.Array(Path, {
      default: [],
      maxItems: 64,
      description: 'Paths that manifests may ask to write, with all below them.',
    }),
    network: Type.Boolean({ default: false, description: 'Manifests may ask for the network.' }),
    environment: Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), {
      default: [],
      maxItems: 32,
      description: 'Variables of the daemon that manifests may ask to see.',
    }),
    capabilities: Type.Array(CapabilityText, {
      default: ['agent.message', 'journal.tell'],
      maxItems: 32,
      description: 'What manifests may ask to do: `camera.*` stands for all below it, `…@network` reaches other nodes.',
    }),
    mostMemory: Type.Integer({
      default: 128,
      minimum: 16,
      maximum: 65_536,
      description: 'MiB that a manifest may ask for. Each running module takes about 45 MB besides.',
    }),
    longestRun: Type.Number({
      default: 3_600,
      minimum: 1,
      maximum: 604_800,
      description: 'Seconds that one task of kind `module` may take, whatever its job allows.',
    }),
    idleTime: Type.Number({
      default: 60,
      minimum: 0,
      maximum: 86_400,
      description: 'Seconds that a module’s process is kept for the next task of it.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Modules in JavaScript, each in a process of its own.' },
);
export type ModulesConfig = Static<typeof ModulesConfig>;
