import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { convertCenterNet } from '../../../scripts/convert-detector.ts';
import { findModel, PACKAGED_MODELS } from '../../../vision/detection/model-file.ts';

const packageFolder = process.env.PARLMESH_HUMAN_MODELS;

it.skipIf(packageFolder === undefined)(
  'is made from the npm package byte for byte (skipped without PARLMESH_HUMAN_MODELS, the unpacked package)',
  async () => {
    const bytes = await convertCenterNet(packageFolder!);
    const { manifest } = await findModel([PACKAGED_MODELS], 'mb3-centernet-512');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.sha256);
  },
);
