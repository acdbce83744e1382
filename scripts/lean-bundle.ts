// How the bundle names Node's own modules. `import` of one reads every name that it exports, and some of these load
// much: `node:http` alone brings Node's fetch with it, 14 MB that a node never uses. So a bundle asks for the modules
// themselves and takes the names that it needs; and what only some settings need is loaded when it is first used.

import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

const MARK = '\0builtin:';
/** For TLS and HTTP/2 only, which few nodes serve. */
const RARELY_USED = /^const (\w+) = require\(['"](?:node:)?(https|http2|tls)['"]\);?$/gm;

export const leanBuiltins: Plugin = {
  name: 'lean-builtins',
  resolveId(source, _importer, { kind }) {
    if (kind !== 'import-statement' || !isBuiltin(source)) return null;
    return { id: MARK + source.replace(/^(?!node:)/, 'node:'), moduleSideEffects: false };
  },
  load(id) {
    if (!id.startsWith(MARK)) return null;
    const name = id.slice(MARK.length);
    const names = Object.keys(process.getBuiltinModule(name) ?? {}).filter((key) => key !== 'default');
    return [
      `const builtin = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(name)});`,
      'export default builtin;',
      ...names.map((key, at) => `const name${at} = builtin[${JSON.stringify(key)}];`),
      `export { ${names.map((key, at) => `name${at} as ${key}`).join(', ')} };`,
    ].join('\n');
  },
  transform(code, id) {
    if (!id.includes('node_modules') || !code.includes('require(')) return null;
    return code.replace(RARELY_USED, 'const $1 = new Proxy({}, { get: (_, name) => require("node:$2")[name] });');
  },
};

/** One character beyond Latin 1 makes V8 keep the whole file at two bytes a character, 2 MB more in all. */
export const oneByteACharacter: Plugin = {
  name: 'one-byte-a-character',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      file.code = file.code.replace(
        /[\u0080-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
  },
};
