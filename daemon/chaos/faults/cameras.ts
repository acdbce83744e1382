// Cameras that are lost, covered, moved and frozen, and a model whose file is broken.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParlmeshError } from '../../../core/errors.ts';
import { findModel } from '../../../vision/detection/model-file.ts';
import type { VisionProcessor } from '../../../vision/processor.ts';
import type { Disturbances } from '../disturbances.ts';
import type { PictureFault } from '../disturbed-source.ts';
import type { InjectionKind } from '../injection.ts';
import type { Traces } from '../traces.ts';

export interface CameraFaultsParts {
  dataDir: string;
  /** Folder of the models that came with parlmesh. */
  packagedModels: string;
  vision: Pick<VisionProcessor, 'cameras' | 'detectorId' | 'detectorState' | 'lookForDetector'>;
  disturbances: Pick<Disturbances, 'disturbCamera' | 'pictureFault'>;
  traces: Traces;
}

const PICTURES: readonly (PictureFault & { does: string; lasts: number })[] = [
  { kind: 'lost', does: 'takes a camera away, as if it had been unplugged', lasts: 15_000 },
  { kind: 'covered', does: 'darkens and blurs what a camera sees, as a hand over the lens', lasts: 20_000 },
  { kind: 'moved', does: 'turns the view of a camera aside', lasts: 20_000 },
  {
    kind: 'frozen',
    does: 'has a camera send the same picture again and again until it is opened anew',
    lasts: 45_000,
  },
];
const MANIFEST = join('models', 'manifest.json');

export function cameraFaults(parts: CameraFaultsParts): InjectionKind[] {
  const { vision, disturbances } = parts;
  const live = (): string[] =>
    vision
      .cameras()
      .filter(({ id, state }) => state === 'live' && disturbances.pictureFault(id) === undefined)
      .map(({ id }) => id);
  return [
    ...PICTURES.map(({ kind, does, lasts: usual }): InjectionKind => {
      const fault = `camera-${kind}` as const;
      return {
        ...{ name: fault, fault, does, lasts: usual, targets: live, why: () => 'no camera of this node is live' },
        at: (camera, lasts) => ({
          ...{ fault, subject: `camera/${camera}`, target: camera, lasts },
          harms: () => disturbances.pictureFault(camera) !== undefined,
          inject: async () => {
            disturbances.disturbCamera(camera, { kind });
            return () => disturbances.disturbCamera(camera, undefined);
          },
        }),
      };
    }),
    brokenModel(parts),
  ];
}

/** A copy of the detector's model goes before the packaged one, and its bytes are wrong. */
function brokenModel({ dataDir, packagedModels, vision, traces }: CameraFaultsParts): InjectionKind {
  return {
    ...{ name: 'model-broken', fault: 'model-broken', lasts: 30_000 },
    does: 'puts a damaged copy of the detector’s model before the one that came with parlmesh',
    targets: () =>
      vision.detectorState().kind === 'ready' && !existsSync(join(dataDir, MANIFEST)) ? [vision.detectorId] : [],
    why: () =>
      existsSync(join(dataDir, MANIFEST))
        ? 'this node has models of its own, which are left alone'
        : 'no detector runs on this node',
    at: async (id, lasts) => {
      const model = await findModel([packagedModels], id);
      const file = join('models', model.manifest.file);
      return {
        ...{ fault: 'model-broken', subject: `model/${id}`, target: id, lasts },
        harms: () => vision.detectorState().kind !== 'ready',
        traces: [MANIFEST, file].map((path) => ({ kind: 'file', path })),
        inject: async () => {
          const undo = async (): Promise<void> => {
            traces.deleteFile(MANIFEST);
            traces.deleteFile(file);
            await vision.lookForDetector();
          };
          try {
            const bytes = readFileSync(model.path);
            for (let at = 0; at < 4096 && at < bytes.length; at++) bytes[bytes.length - 1 - at]! ^= 0xff;
            await mkdir(join(dataDir, 'models'), { recursive: true });
            await writeFile(join(dataDir, file), bytes);
            await writeFile(join(dataDir, MANIFEST), JSON.stringify({ models: [model.manifest] }));
            await vision.lookForDetector();
          } catch (cause) {
            await undo();
            throw new ParlmeshError('CHAOS_FAILED', 'the model could not be broken', { cause });
          }
          return undo;
        },
      };
    },
  };
}
