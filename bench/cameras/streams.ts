// Plays cameras: MJPEG streams over HTTP of a street that is drawn once and shown in a circle, in a process of its own so
// that playing costs nobody's figures anything. `/0` to `/N`: each begins elsewhere in the circle. Prints its port.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { sceneSvg } from '../../vision/camera/rendered-scenes.ts';

const FRAMES_A_SECOND = 5;
/** Pictures in the circle: things move in the first part, and nothing does in the second. */
const MOVING = 50;
const STILL = 50;
const BOUNDARY = 'frame';

const frames: Buffer[] = [];
for (let i = 0; i < MOVING; i++) {
  const svg = sceneSvg('street', 1, 'bench', { elapsed: i / FRAMES_A_SECOND, wall: 0 });
  frames.push(await sharp(Buffer.from(svg)).resize(640, 360).jpeg({ quality: 85 }).toBuffer());
}
for (let i = 0; i < STILL; i++) frames.push(frames[MOVING - 1]!);

const server = createServer((request, response) => {
  let at = (Number(request.url?.slice(1)) || 0) * 7;
  response.writeHead(200, { 'content-type': `multipart/x-mixed-replace; boundary=${BOUNDARY}` });
  const send = setInterval(() => {
    const frame = frames[at++ % frames.length]!;
    response.write(`--${BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: ${frame.length}\r\n\r\n`);
    response.write(frame);
    response.write('\r\n');
  }, 1000 / FRAMES_A_SECOND);
  response.on('close', () => clearInterval(send));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
