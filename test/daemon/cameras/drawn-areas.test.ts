import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DrawnAreas, drawnCameras, withDrawnAreas, writeDrawnAreas } from '../../../daemon/cameras/drawn-areas.ts';
import { type LoadedConfig, loadConfig } from '../../../daemon/config/load.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'parlmesh-areas-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function configured(dir: string): LoadedConfig {
  const file = join(dir, 'config.yaml');
  writeFileSync(
    file,
    `cameras:
  - name: door
    source: rendered:?scene=desk
    zones: [{ name: step, points: [[0, 0], [1, 0], [1, 1]] }]
    masks: [[[0, 0], [0.5, 0], [0.5, 0.5]]]
  - name: yard
    source: rendered:?scene=street
`,
  );
  return loadConfig({ file, env: {}, flags: {} });
}

const areasOf = (loaded: LoadedConfig, camera: string) => loaded.config.cameras.find(({ name }) => name === camera)!;
const PATH = {
  name: 'path',
  points: [
    [0.1, 0.1],
    [0.9, 0.1],
    [0.9, 0.9],
  ] as [number, number][],
  labels: [],
  minSize: 0,
  loiterSeconds: 0,
};

describe('areas that were drawn', () => {
  it('count more than the configuration’s, for their camera alone; what was not drawn stays', () => {
    const dir = folder();
    const loaded = configured(dir);
    writeDrawnAreas(dir, 'door', { zones: [PATH] });
    const drawn = withDrawnAreas(loaded, dir);
    expect(areasOf(drawn, 'door').zones.map(({ name }) => name)).toEqual(['path']);
    expect(areasOf(drawn, 'door').masks).toEqual(areasOf(loaded, 'door').masks);
    expect(areasOf(drawn, 'yard')).toEqual(areasOf(loaded, 'yard'));
    expect(drawnCameras(dir, drawn.config.cameras)).toEqual(['door']);
    writeDrawnAreas(dir, 'door', { masks: [] });
    expect(areasOf(withDrawnAreas(loaded, dir), 'door')).toMatchObject({ zones: [{ name: 'path' }], masks: [] });
  });

  it('say nothing of what a request left out', () => {
    expect(Value.Default(DrawnAreas, { zones: [] })).toEqual({ zones: [] });
  });

  it('are forgotten on request, and the configuration’s count again', () => {
    const dir = folder();
    const loaded = configured(dir);
    writeDrawnAreas(dir, 'door', { zones: [] });
    writeDrawnAreas(dir, 'yard', { zones: [PATH] });
    writeDrawnAreas(dir, 'door', undefined);
    const drawn = withDrawnAreas(loaded, dir);
    expect(areasOf(drawn, 'door')).toEqual(areasOf(loaded, 'door'));
    expect(drawnCameras(dir, drawn.config.cameras)).toEqual(['yard']);
  });

  it('refuse two zones of one name, and a file that is broken counts as none', () => {
    const dir = folder();
    const loaded = configured(dir);
    expect(() => writeDrawnAreas(dir, 'door', { zones: [PATH, PATH] })).toThrow(/two zones "path"/);
    for (const text of ['{', '[]', '{"door":{"zones":[{"name":"UP"}]}}', '{"door":{"source":"file:/etc/passwd"}}']) {
      writeFileSync(join(dir, 'drawn-areas.json'), text);
      expect(withDrawnAreas(loaded, dir).config).toEqual(loaded.config);
    }
  });
});
