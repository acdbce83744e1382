// Opens a connection to a port and, if asked, waits for the text with which the service greets.

import { connect } from 'node:net';
import type { TcpCheckConfig } from './check-config.ts';
import type { Probe } from './checker.ts';

const MOST_CHARACTERS = 1_000_000;

export function tcpProbe({ host, port, expectText }: TcpCheckConfig): Probe {
  return (signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host, port, signal });
    let heard = '';
    if (expectText === undefined) socket.once('connect', resolve);
    else {
      socket.setEncoding('utf8');
      socket.on('data', (text: string) => {
        heard = (heard + text).slice(-MOST_CHARACTERS);
        if (heard.includes(expectText)) resolve();
      });
      socket.once('end', () => reject(new Error(`it closed without saying "${expectText}"`)));
    }
    socket.once('error', reject);
    return promise.finally(() => socket.destroy());
  };
}
