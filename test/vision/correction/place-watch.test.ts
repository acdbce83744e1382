// Places in real pictures: a lamp that goes dark is told once it is sure, and is gone when it is lit again.

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { PlaceConfig } from '../../../vision/correction/config.ts';
import { LOOK_SIDE, lookOf } from '../../../vision/correction/look.ts';
import { areaOf, PlaceWatch } from '../../../vision/correction/place-watch.ts';

const BOX = { x: 0.4, y: 0.4, width: 0.2, height: 0.2 };
const corners = [
  [0.4, 0.4],
  [0.6, 0.4],
  [0.6, 0.6],
  [0.4, 0.6],
];

/** A grey case with a lamp, or a door, in its middle. */
function scene(inside: string): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240">
    <rect width="320" height="240" fill="#3a3c40"/><rect x="20" y="30" width="80" height="150" fill="#777"/>${inside}</svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 85 }).toBuffer();
}
const lamp = (colour: string): Promise<Buffer> => scene(`<circle cx="160" cy="120" r="7" fill="${colour}"/>`);

function watch(place: PlaceConfig, taught: { state: string; looks: number[][] }[] = []) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const places = new PlaceWatch({
    ...{ camera: 'rack', places: [place], zones: [{ name: 'spot', points: corners }], clock },
    taught: () => taught,
    report: ({ kind, subject, message }) => told.push(`${kind} ${subject}: ${message}`),
    gone: (id) => told.push(`gone ${id}`),
    seen: (_, subject, isWell) => told.push(`${subject} ${isWell ? 'well' : 'not well'}`),
  });
  const show = async (picture: Buffer, seconds: number): Promise<void> => {
    for (let at = 0; at < seconds * 2; at++) {
      clock.advance(500);
      if (places.isDue(clock.now())) await places.look(picture);
    }
  };
  return { places, told, show };
}

describe('a watched place', () => {
  it('tells of a lamp that goes dark, and of its light again', async () => {
    const place: PlaceConfig = {
      name: 'power',
      zone: 'spot',
      about: 'node/pi-3',
      kind: 'led',
      colours: ['green'],
      well: ['on'],
    };
    const { places, told, show } = watch(place);
    await show(await lamp('#30e050'), 6);
    expect(places.states()).toEqual([{ name: 'power', kind: 'led', about: 'node/pi-3', shows: 'green', isWell: true }]);
    await show(await lamp('#26302a'), 10);
    await show(await lamp('#30e050'), 10);
    expect([...new Set(told)]).toEqual([
      'node/pi-3 well',
      'node/pi-3 not well',
      'lamp-off node/pi-3: power of pi-3 is off',
      'gone place/rack/power',
    ]);
    await show(await lamp('#e03020'), 10);
    expect(told.at(-1)).toBe('lamp-wrong node/pi-3: power of pi-3 is red');
  });

  it('knows a door by the looks that it was taught', async () => {
    const closed = await scene('<rect x="130" y="98" width="30" height="46" fill="#ccc"/>');
    const open = await scene('<rect x="175" y="98" width="14" height="46" fill="#181818"/>');
    const look = async (picture: Buffer) => [...lookOf(await areaOf(picture, BOX, LOOK_SIDE, false))!];
    const taught = [
      { state: 'closed', looks: [await look(closed)] },
      { state: 'open', looks: [await look(open)] },
    ];
    const { places, told, show } = watch({ name: 'door', zone: 'spot', kind: 'look', well: ['closed'] }, taught);
    await show(closed, 10);
    expect(places.states()[0]).toMatchObject({ shows: 'closed', isWell: true });
    await show(open, 10);
    expect(told[0]).toBe('looks-wrong camera/rack: door is open');
  });

  it('finds a fault in what a display says', () => {
    const { places, told } = watch({
      name: 'panel',
      zone: 'spot',
      about: 'agent/pump',
      kind: 'display',
      fault: 'err(or)? *\\d+',
    });
    places.read('elsewhere', 'ERROR 7');
    places.read('spot', 'FLOW 12 l/min');
    expect(places.states()[0]).toMatchObject({ shows: 'FLOW 12 l/min', isWell: true });
    places.read('spot', 'ERROR 42');
    expect(told).toEqual([
      'agent/pump well',
      'agent/pump not well',
      'display-fault agent/pump: panel of pump shows "ERROR 42"',
    ]);
    places.forget();
    expect(told.at(-1)).toBe('gone place/rack/panel');
  });
});
