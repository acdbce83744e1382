// What goes wrong on a node is said in its first sentence, not only in its log.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LocalNode } from '../../daemon/cli/local-node.ts';
import type { NodeView } from '../../daemon/view/schema.ts';

const scratch = mkdtempSync(join(tmpdir(), 'parlmesh-health-'));
const packaged = resolve(import.meta.dirname, '../../vision/models');
const nodes: LocalNode[] = [];

async function start(name: string, settings: Record<string, string>, prepare?: (dataDir: string) => void) {
  const dataDir = join(scratch, name);
  mkdirSync(dataDir, { mode: 0o700 });
  prepare?.(dataDir);
  const node = new LocalNode({ name, dataDir, settings });
  nodes.push(node);
  node.start();
  await node.ready();
  return node;
}

const sentence = async (node: LocalNode) => (await node.get<NodeView>('node')).health.sentence;

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(scratch, { recursive: true, force: true });
});

describe('The health sentence of a real node', () => {
  it('tells of a model file with flipped bytes, while the camera goes on', async () => {
    const camera = JSON.stringify([{ name: 'test', source: 'rendered:' }]);
    const settings = { PARLMESH_CAMERAS: camera, PARLMESH_MAPEK_MODE: 'off' };
    const node = await start('model', settings, (dataDir) => {
      const models = join(dataDir, 'models');
      mkdirSync(models);
      for (const file of readdirSync(packaged)) copyFileSync(join(packaged, file), join(models, file));
      const model = join(models, readdirSync(models).find((file) => file.endsWith('.onnx'))!);
      const bytes = readFileSync(model);
      bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + 4);
      writeFileSync(model, bytes);
    });
    await expect.poll(() => sentence(node), { timeout: 20_000 }).toMatch(/^Vision is degraded.*nothing is detected/);
    await expect
      .poll(async () => (await node.get<{ framesTotal: number }[]>('cameras'))[0]?.framesTotal ?? 0, {
        timeout: 20_000,
      })
      .toBeGreaterThan(0);
  });
});
