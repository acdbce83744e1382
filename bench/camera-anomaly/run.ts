// Measures the watch over disturbed views and the eye for unusual scenes on made recordings.
//
//   node bench/camera-anomaly/run.ts --json [--part scoring|tuning] [--recordings 6] [--hours 6] [--only tamper|scenes|cost]
//
// Recall: share of disturbances told within 20 s of being whole. False alarms: disturbances told in healthy recordings,
// by camera-day, at one picture a second, with many times the clouds, lamps, lorries and rain of a real day.

import { parseArgs } from 'node:util';
import { measureCost } from './cost.ts';
import type { Part } from './places.ts';
import { Places } from './places.ts';
import { scoreScenes } from './scenes.ts';
import { scoreTamper } from './tamper.ts';

const { values } = parseArgs({
  strict: false,
  options: {
    part: { type: 'string', default: 'scoring' },
    recordings: { type: 'string', default: '6' },
    hours: { type: 'string', default: '6' },
    only: { type: 'string' },
    kinds: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const part: Part = values.part === 'tuning' ? 'tuning' : 'scoring';
const places = await Places.open(part);
if (places === undefined) {
  console.error('no photographs: set PARLMESH_TEST_DATA');
  process.exit(1);
}
const print = (line: Record<string, unknown>): void =>
  console.log(JSON.stringify({ bench: 'camera-anomaly', ...line }));
const told = values.verbose === true ? (text: string): void => console.error(text) : (): void => {};

if (values.only === undefined || values.only === 'tamper') {
  const kinds = typeof values.kinds === 'string' ? { kinds: values.kinds.split(',') } : {};
  await scoreTamper({
    ...kinds,
    places,
    part,
    recordings: Number(values.recordings),
    hours: Number(values.hours),
    print,
    told,
  });
}
if (values.only === undefined || values.only === 'scenes') {
  await scoreScenes({ places, part, recordings: Number(values.recordings), print });
}
if (values.only === undefined || values.only === 'cost') await measureCost(places, print);
