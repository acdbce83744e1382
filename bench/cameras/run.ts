// Measures what watching costs: 1 to 8 cameras at five frames a second, with the motion gate alone, with detection where
// something moves, and with detection on every frame, beside Debian's `motion` on the same streams in the same run.
//
//   node bench/cameras/run.ts [--seconds 20] [--cameras 1,2,4,8]

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { note, Report } from '../rig/report.ts';
import type { Watched } from './measured.ts';
import { motionVersion, watchWithMotion } from './motion.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    cameras: { type: 'string', default: '1,2,4,8' },
    json: { type: 'boolean' },
  },
});
const seconds = Number(values.seconds);
const here = import.meta.dirname;
const streams = spawn(process.execPath, [join(here, 'streams.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
const [printed] = (await once(streams.stdout, 'data')) as [Buffer];
const port = printed.toString().trim();
const version = motionVersion();
if (version === undefined) note('motion is not installed (apt install motion): nothing is measured beside it');
const report = new Report('cameras');

function tell(subject: string, what: string, watched: Watched): void {
  const { frames, searched, cpuSeconds, memoryBytes, loopDelaySeconds } = watched;
  report.tell(subject, { case: what, metric: 'CPU a camera-frame', value: cpuSeconds / frames, unit: 's' });
  report.tell(subject, { case: what, metric: 'memory', value: memoryBytes / 1e6, unit: 'MB' });
  if (subject !== 'parlmesh') return;
  report.tell(subject, { case: what, metric: 'frames looked at', value: frames / seconds, unit: '1/s' });
  report.tell(subject, { case: what, metric: 'frames searched', value: searched / seconds, unit: '1/s' });
  if (loopDelaySeconds === undefined) return;
  report.tell(subject, { case: what, metric: 'loop delay p99', value: loopDelaySeconds.p99, unit: 's' });
  report.tell(subject, { case: what, metric: 'loop delay most', value: loopDelaySeconds.most, unit: 's' });
}

try {
  for (const cameras of values.cameras.split(',').map(Number)) {
    const peer = version === undefined ? undefined : await watchWithMotion(port, cameras, seconds);
    for (const mode of ['motion', 'detection', 'every-frame']) {
      const what = `${cameras} ${cameras === 1 ? 'camera' : 'cameras'}, ${mode.replace('-', ' ')}`;
      const args = [join(here, 'parlmesh.ts'), port, String(cameras), String(seconds), mode];
      const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' };
      const line = execFileSync(process.execPath, args, { encoding: 'utf8', env });
      tell('parlmesh', what, JSON.parse(line) as Watched);
      if (peer !== undefined) tell(`motion ${version}`, what, peer);
    }
  }
} finally {
  streams.kill();
}
