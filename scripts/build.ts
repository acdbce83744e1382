// Builds what a board runs into `dist/`: the daemon's sources bundled to a few files of plain JavaScript, which start
// twice as fast and take a third less memory than the sources. Native packages and those that read their own files
// stay in node_modules. `bin/parlmesh` runs `dist/main.js` where it exists, else the sources.

import { rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import './build-kernel.ts';
import { leanBuiltins, oneByteACharacter } from './lean-bundle.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

const entries = [
  'daemon/main.ts',
  'daemon/store/writer.worker.ts',
  'daemon/store/job.worker.ts',
  'agents/module/module-child.worker.ts',
  'daemon/jobs/job-text.worker.ts',
  'agents/swarm/executors/compute.worker.ts',
  'agents/parl/evaluation.worker.ts',
  'agents/parl/training.worker.ts',
  'agents/parl/shard.worker.ts',
  'agents/federation/aggregation/aggregation.worker.ts',
  'mesh/link/probe.worker.ts',
  'mesh/routing/optimizer.worker.ts',
  'vision/detection/detector-worker.ts',
  'vision/detection/bare-session.worker.ts',
  'vision/ocr/reader-worker.ts',
  'vision/topology/drawing.worker.ts',
];
const external = [/^better-sqlite3/, /^sharp/, /^onnxruntime-node/, /^piscina/, /^@fastify\/swagger-ui/];

/** Files that a module finds beside itself are still where they were; workers are bundles beside the main one. */
const placesOfTheSources: Plugin = {
  name: 'places-of-the-sources',
  transform(code, id) {
    if (id.includes('node_modules') || !code.includes('import.meta.')) return null;
    const from = (path: string): string => JSON.stringify(relative(dist, path));
    return code
      .replace(/new URL\('\.\/([\w.-]+)\.ts', import\.meta\.url\)/g, "new URL('./$1.js', import.meta.__url)")
      .replace(/import\.meta\.url/g, `new URL(${from(id)}, import.meta.__url).href`)
      .replace(/import\.meta\.dirname/g, `decodeURI(new URL(${from(dirname(id))}, import.meta.__url).pathname)`)
      .replace(/import\.meta\.__url/g, 'import.meta.url');
  },
};

rmSync(dist, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((entry) => [basename(entry, '.ts'), entry])),
  platform: 'node',
  external,
  plugins: [placesOfTheSources, leanBuiltins, oneByteACharacter],
  // Reading a name of a module of Node does nothing that could be missed.
  treeshake: { propertyReadSideEffects: false },
  logLevel: 'silent',
});
await bundle.write({
  dir: dist,
  format: 'esm',
  minify: true,
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
