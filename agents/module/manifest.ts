// What a module says it needs (NAME.yaml), and whether the node's settings grant it. Pure.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { type AgentCapabilities, type Capability, isAttenuationOf } from '../capabilities.ts';
import { CapabilityText, type ModulesConfig } from './config.ts';

const Path = Type.String({ minLength: 1, maxLength: 1024, pattern: '^/[^*]*$' });

export const ModuleManifest = Type.Object(
  {
    version: Type.String({ default: '1', maxLength: 32 }),
    capabilities: Type.Array(CapabilityText, { default: [], maxItems: 32, description: 'What it does beyond itself.' }),
    memory: Type.Integer({ default: 64, minimum: 16, maximum: 65_536, description: 'MiB it may hold.' }),
    slots: Type.Integer({ default: 1, minimum: 1, maximum: 16, description: 'Tasks that it runs at once.' }),
    read: Type.Array(Path, { default: [], maxItems: 32, description: 'Paths it reads, with all below them.' }),
    write: Type.Array(Path, { default: [], maxItems: 32, description: 'Paths it writes, with all below them.' }),
    network: Type.Boolean({ default: false, description: 'It uses the network.' }),
    environment: Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), { default: [], maxItems: 32 }),
  },
  { additionalProperties: false, default: {} },
);
export type ModuleManifest = Static<typeof ModuleManifest>;

/** What a module runs with. */
export interface Grants extends Omit<ModuleManifest, 'capabilities'> {
  capabilities: AgentCapabilities;
}

/** @param text of NAME.yaml; undefined when there is none. Throws `MODULE_MANIFEST`. */
export function readManifest(name: string, text: string | undefined): ModuleManifest {
  const value = Value.Default(ModuleManifest, text === undefined ? {} : (parseYaml(name, text) ?? {}));
  if (Value.Check(ModuleManifest, value)) return value;
  const [problem] = Value.Errors(ModuleManifest, value);
  const where = problem?.instancePath || 'it';
  throw new ParlmeshError('MODULE_MANIFEST', `${name}.yaml: ${where} ${problem?.message ?? 'is wrong'}`, {
    hint: 'docs/agents.md lists what a manifest may say',
  });
}

/** All that it asks for, or `MODULE_NOT_GRANTED` that names the first thing which the settings do not allow. */
export function grant(name: string, manifest: ModuleManifest, allowed: ModulesConfig): Grants {
  const refuse = (what: string, setting: string): never => {
    throw new ParlmeshError('MODULE_NOT_GRANTED', `module ${name} asks ${what}, which this node does not grant`, {
      hint: `agents.modules.${setting} says what modules may ask for`,
    });
  };
  for (const path of manifest.read) {
    if (!allowed.read.some((one) => within(path, one))) refuse(`to read ${path}`, 'read');
  }
  for (const path of manifest.write) {
    if (!allowed.write.some((one) => within(path, one))) refuse(`to write ${path}`, 'write');
  }
  if (manifest.network && !allowed.network) refuse('for the network', 'network');
  for (const variable of manifest.environment) {
    if (!allowed.environment.includes(variable)) refuse(`to see the variable ${variable}`, 'environment');
  }
  if (manifest.memory > allowed.mostMemory) refuse(`for ${manifest.memory} MiB of memory`, 'mostMemory');
  const wide = allowed.capabilities.map(capabilityOf);
  const capabilities = manifest.capabilities.map((text) => {
    const asked = capabilityOf(text);
    if (!isAttenuationOf([asked], wide)) refuse(`to do ${text}`, 'capabilities');
    return asked;
  });
  return { ...manifest, capabilities };
}

/** `/srv/photos` and what is below it; `..` leads nowhere. */
function within(path: string, folder: string): boolean {
  if (path.split('/').includes('..')) return false;
  const base = folder.endsWith('/') ? folder : `${folder}/`;
  return path === folder || path.startsWith(base);
}

/** `agent.message` is meant for this node, `agent.message@network` for all. */
function capabilityOf(text: string): Capability {
  const [action = '', scope = 'node'] = text.split('@');
  const reach = scope === 'network' || scope === 'group' ? scope : 'node';
  return { action, scope: reach, mostNodes: reach === 'node' ? 1 : 1_000, largestShare: 1, approvals: 0 };
}

function parseYaml(name: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 10 });
  } catch (error) {
    throw new ParlmeshError('MODULE_MANIFEST', `${name}.yaml is not YAML: ${messageOf(error)}`);
  }
}
