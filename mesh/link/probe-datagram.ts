// A probe on the wire: 60 bytes, of which 12 are in the clear and 32 sealed. Fixed in size and form, so that reading one
// cannot fail halfway. Fields of later versions go into the reserved bytes.
//
//   0   session   u32   which of the receiver's sessions this is for; chosen by the receiver, at random
//   4   sequence  u64   counts up; the nonce
//  12   stamp     u64   the sender's monotonic clock, microseconds
//  20   echo      u64   the newest stamp that the sender heard; 0 when none
//  28   held      u32   microseconds between hearing that stamp and sending this
//  32   interval  u16   milliseconds between the sender's probes as it wishes them
//  34   loss      u16   65,535ths of our probes that did not arrive there, smoothed
//  36   flags     u8    1 answer at once; 2 the sender heard us before, and does not any more; 4 a slow pace will do
//  37   reserved  7 zero bytes
//  44   tag       16 bytes, Poly1305

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { ProbeKeys } from './probe-keys.ts';

export interface Probe {
  /** Microseconds of the sender's clock. */
  stamp: number;
  echo: number;
  /** Microseconds. */
  held: number;
  /** Milliseconds. */
  interval: number;
  /** 0 to 1. */
  loss: number;
  /** The receiver should answer at once. */
  poll: boolean;
  /** The sender no longer hears the receiver. */
  deaf: boolean;
  /** The sender needs no more than the slow pace now; a version that does not say so always needs the full one. */
  eased: boolean;
}

export interface ProbeHead {
  /** Which of the receiver's sessions it is for. */
  session: number;
  sequence: number;
}

/** How probes travel between two loops: sealed in datagrams, or, inside a simulation, as they are. */
export interface ProbeCodec<Datagram> {
  /** The part that is readable without a key; undefined when it is no datagram. */
  readHead(datagram: Datagram): ProbeHead | undefined;
  /** For the probes of one session. */
  channel(keys: ProbeKeys): ProbeChannel<Datagram>;
}

export interface ProbeChannel<Datagram> {
  seal(head: ProbeHead, probe: Probe): Datagram;
  /** Undefined when it is not from who holds the key. */
  open(datagram: Datagram): Probe | undefined;
}

export const DATAGRAM_BYTES = 60;
const HEAD_BYTES = 12;
const BODY_BYTES = 32;
const TAG_BYTES = 16;
const ALGORITHM = 'chacha20-poly1305';
const MOST_HELD = 0xffff_ffff;

/** The part that is readable without a key; undefined when the size is wrong. */
export function readHead(datagram: Uint8Array): ProbeHead | undefined {
  if (datagram.length !== DATAGRAM_BYTES) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset, DATAGRAM_BYTES);
  return { session: view.getUint32(0), sequence: Number(view.getBigUint64(4)) };
}

/** @param sequence must never be used twice with one key */
export function seal(key: KeyObject, session: number, sequence: number, probe: Probe): Uint8Array {
  const datagram = new Uint8Array(DATAGRAM_BYTES);
  const view = new DataView(datagram.buffer);
  view.setUint32(0, session);
  view.setBigUint64(4, BigInt(sequence));
  view.setBigUint64(12, BigInt(probe.stamp));
  view.setBigUint64(20, BigInt(probe.echo));
  view.setUint32(28, Math.min(MOST_HELD, probe.held));
  view.setUint16(32, Math.min(0xffff, probe.interval));
  view.setUint16(34, Math.round(probe.loss * 0xffff));
  view.setUint8(36, (probe.poll ? 1 : 0) | (probe.deaf ? 2 : 0) | (probe.eased ? 4 : 0));
  const head = datagram.subarray(0, HEAD_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonceOf(head), { authTagLength: TAG_BYTES });
  cipher.setAAD(head, { plaintextLength: BODY_BYTES });
  datagram.set(cipher.update(datagram.subarray(HEAD_BYTES, HEAD_BYTES + BODY_BYTES)), HEAD_BYTES);
  cipher.final();
  datagram.set(cipher.getAuthTag(), HEAD_BYTES + BODY_BYTES);
  return datagram;
}

/** Undefined when it was not sealed with this key, or changed on the way. */
export function open(key: KeyObject, datagram: Uint8Array): Probe | undefined {
  const head = datagram.subarray(0, HEAD_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(head), { authTagLength: TAG_BYTES });
  decipher.setAAD(head, { plaintextLength: BODY_BYTES });
  decipher.setAuthTag(datagram.subarray(HEAD_BYTES + BODY_BYTES, DATAGRAM_BYTES));
  const body = decipher.update(datagram.subarray(HEAD_BYTES, HEAD_BYTES + BODY_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  const view = new DataView(body.buffer, body.byteOffset, BODY_BYTES);
  const flags = view.getUint8(24);
  return {
    stamp: Number(view.getBigUint64(0)),
    echo: Number(view.getBigUint64(8)),
    held: view.getUint32(16),
    interval: view.getUint16(20),
    loss: view.getUint16(22) / 0xffff,
    poll: (flags & 1) !== 0,
    deaf: (flags & 2) !== 0,
    eased: (flags & 4) !== 0,
  };
}

export const sealedProbes: ProbeCodec<Uint8Array> = {
  readHead,
  channel: (keys) => {
    const [sendKey, receiveKey] = [createSecretKey(keys.send), createSecretKey(keys.receive)];
    return {
      seal: ({ session, sequence }, probe) => seal(sendKey, session, sequence, probe),
      open: (datagram) => open(receiveKey, datagram),
    };
  },
};

/** 96 bits: the sequence, which each key sees once, after four bytes of zero. */
function nonceOf(head: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce.set(head.subarray(4, HEAD_BYTES), 4);
  return nonce;
}
