// Measures detection: pictures per second from JPEG to observations beside the bare ONNX Runtime session in the same
// process, the event loop's worst delay meanwhile, and accuracy on the COCO development pictures: of the packaged models
// and of those in a folder of others, beside each other.
//
//   node bench/detect/run.ts --json [--accuracy]   (--accuracy leaves the speed out)
//
// PARLMESH_TEST_DATA names the data folder (default ../shared/data), PARLMESH_TEST_MODELS that of other models (default
// ../shared/models; what is there and of a known family is measured too).

process.env.ORT_DISABLE_TELEMETRY = '1';

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { candidatesAt } from '../../vision/detection/candidates.ts';
import { listModels, PACKAGED_MODELS } from '../../vision/detection/model-file.ts';
import { readModelForm } from '../../vision/detection/model-form.ts';
import { OnnxDetector } from '../../vision/detection/onnx-detector.ts';
import { findAll, scoreOf } from './accuracy.ts';
import { readCoco } from './coco.ts';
import { measureSpeed } from './speed.ts';

interface Line {
  bench: 'detect';
  case: string;
  metric: string;
  value: number;
  unit: string;
  peer?: string;
  peerValue?: number;
  ratio?: number;
}

/** Of which small things are looked for in parts of the picture as well. */
const TILED = 'mb3-centernet-512';
const accuracyOnly = process.argv.includes('--accuracy');
const json = process.argv.includes('--json');

function print(line: Line): void {
  if (json) {
    console.log(JSON.stringify(line));
    return;
  }
  const peer =
    line.peer === undefined ? '' : `   ${line.peer}: ${line.peerValue?.toFixed(4)} (ratio ${line.ratio?.toFixed(3)})`;
  console.log(`${line.case}: ${line.metric} ${line.value.toFixed(4)} ${line.unit}${peer}`);
}

const folder = resolve(process.env.PARLMESH_TEST_DATA ?? '../shared/data', 'vision/coco-dev');
if (!existsSync(folder)) {
  console.error(`no test pictures in ${folder}; set PARLMESH_TEST_DATA`);
  process.exit(1);
}
const coco = await readCoco(folder);

const others = resolve(process.env.PARLMESH_TEST_MODELS ?? '../shared/models');
const models = [
  ...(await listModels([PACKAGED_MODELS])),
  ...(existsSync(others) ? await candidatesAt(others, {}, readModelForm) : []),
];
for (const model of models) {
  const { id } = model.manifest;
  for (const threads of accuracyOnly ? [] : [1, 2]) {
    const name = `${id}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
    const pictures = coco.images.slice(0, 20).map((image) => image.path);
    const speed = await measureSpeed(model, threads, pictures);
    const about = { bench: 'detect', case: name } as const;
    const { path, bare, usualDelay, idleDelay, worstDelay } = speed;
    const besideBare = { peer: 'bare session', peerValue: bare, ratio: path / bare };
    print({ ...about, metric: 'time per picture', value: path, unit: 's', ...besideBare });
    print({ ...about, metric: 'pictures', value: 1 / path, unit: '1/s' });
    const besideIdle = { peer: 'idle loop', peerValue: idleDelay, ratio: usualDelay / idleDelay };
    print({ ...about, metric: 'event loop delay, worst of a round', value: usualDelay, unit: 's', ...besideIdle });
    print({ ...about, metric: 'event loop delay, worst of all', value: worstDelay, unit: 's' });
  }
  const detector = new OnnxDetector({ model, threads: 2, clock: systemClock, random: seededRandom(1) });
  detector.open();
  for (const tiles of id === TILED ? [1, 2] : [1]) {
    const accuracy = scoreOf(coco, await findAll(coco.images, detector, model.manifest.input.fit, tiles));
    const name = `${id}${tiles === 1 ? '' : `, ${tiles} × ${tiles} tiles`}, ${coco.images.length} COCO pictures`;
    for (const [metric, value] of Object.entries(accuracy)) {
      print({ bench: 'detect', case: name, metric, value, unit: 'average precision' });
    }
  }
  await detector.close();
}
