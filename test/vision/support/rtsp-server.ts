// A small RTSP camera for tests: H.264 that ffmpeg makes, handed on inside the RTSP connection, behind a password where
// one is given. Real enough for ffmpeg as the client.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RtspCamera {
  url: URL;
  /** Sends nothing more, and keeps its connections. */
  fallSilent(): void;
  /** Closes its connections; new ones are taken. */
  hangUp(): void;
}

export async function rtspCamera(
  options: { size?: string; user?: string; password?: string } = {},
): Promise<RtspCamera> {
  const { size = '160x120', user, password } = options;
  const packets = createSocket('udp4').bind(0, '127.0.0.1');
  await once(packets, 'listening');
  const encoder = spawn(
    'ffmpeg',
    [
      ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', `testsrc=size=${size}:rate=10`],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '5', '-pix_fmt', 'yuv420p'],
      ...['-threads', '1', '-f', 'rtp', `rtp://127.0.0.1:${packets.address().port}?pkt_size=1200`],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let printed = '';
  encoder.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const viewers = new Set<Socket>();
  const connections = new Set<Socket>();
  let silent = false;
  packets.on('message', (packet) => {
    if (silent) return;
    const head = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]);
    for (const viewer of viewers) viewer.write(Buffer.concat([head, packet]));
  });
  const known = user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => {
      viewers.delete(socket);
      connections.delete(socket);
    });
    socket.on('error', () => {});
    let waiting = '';
    socket.on('data', (chunk) => {
      waiting += chunk.toString('latin1');
      for (let end = waiting.indexOf('\r\n\r\n'); end >= 0; end = waiting.indexOf('\r\n\r\n')) {
        answer(waiting.slice(0, end), socket);
        waiting = waiting.slice(end + 4);
      }
    });
  });
  const answer = (request: string, socket: Socket): void => {
    const method = /([A-Z_]+) rtsp/.exec(request)?.[1];
    const lines = [`CSeq: ${/CSeq: *(\d+)/i.exec(request)?.[1] ?? 0}`];
    const reply = (status: string, more: string[] = [], body = ''): void => {
      const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
      socket.write(`RTSP/1.0 ${status}\r\n${[...lines, ...more, ...length].join('\r\n')}\r\n\r\n${body}`);
    };
    if (method !== 'OPTIONS' && known !== undefined && !request.includes(`Authorization: ${known}`)) {
      reply('401 Unauthorized', ['WWW-Authenticate: Basic realm="camera"']);
      return;
    }
    if (method === 'OPTIONS') {
      reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
      return;
    }
    if (method === 'DESCRIBE') {
      reply('200 OK', ['Content-Type: application/sdp'], sdpOf(printed));
      return;
    }
    if (method === 'SETUP') {
      reply('200 OK', ['Session: 1', 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1']);
      return;
    }
    reply('200 OK', ['Session: 1']);
    if (method === 'PLAY') viewers.add(socket);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  while (!/m=video/.test(printed)) await once(encoder.stdout, 'data');
  onTestFinished(async () => {
    encoder.kill('SIGKILL');
    packets.close();
    for (const socket of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = new URL(`rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/stream`);
  return {
    url,
    fallSilent: () => {
      silent = true;
    },
    hangUp: () => {
      for (const socket of connections) socket.destroy();
    },
  };
}

/** What ffmpeg says of its stream, with the track's name in place of its own port. */
function sdpOf(printed: string): string {
  const lines = printed.replace('SDP:', '').trim().split(/\r?\n/);
  return `${[...lines.map((line) => line.replace(/^m=video \d+/, 'm=video 0')), 'a=control:track0'].join('\r\n')}\r\n`;
}
