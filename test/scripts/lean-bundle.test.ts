import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, expect, it } from 'vitest';
import { leanBuiltins, oneByteACharacter } from '../../scripts/lean-bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'parlmesh-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a bundle of this module prints. */
async function run(source: string): Promise<unknown> {
  writeFileSync(join(folder, 'main.js'), source);
  const bundle = await rolldown({
    input: join(folder, 'main.js'),
    platform: 'node',
    plugins: [leanBuiltins, oneByteACharacter],
    treeshake: { propertyReadSideEffects: false },
  });
  await bundle.write({ file: join(folder, 'bundle.mjs'), format: 'esm', minify: true });
  await bundle.close();
  return JSON.parse(execFileSync(process.execPath, [join(folder, 'bundle.mjs')], { encoding: 'utf8' }));
}

const LOADED = 'process.moduleLoadList.filter((name) => /undici|webstreams/.test(name))';

it("takes what it needs of Node's HTTP without loading Node's fetch", async () => {
  const said = await run(
    `import http, { createServer, request as ask } from 'node:http';
     import * as path from 'path';
     const all = [typeof createServer, typeof ask, typeof http.Agent, path.join('a', 'b')];
     console.log(JSON.stringify({ all, loaded: ${LOADED} }));`,
  );
  expect(said).toEqual({ all: ['function', 'function', 'function', 'a/b'], loaded: [] });
});

it('writes characters beyond ASCII so that they are the same and cost nothing', async () => {
  const said = await run(
    'const text = `“ready” → ` + "…"; console.log(JSON.stringify([text, /^.…$/u.test("🙂…"), { é: 1 }]));',
  );
  expect(said).toEqual(['“ready” → …', true, { é: 1 }]);
});
