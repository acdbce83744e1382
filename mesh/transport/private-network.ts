// The private-network layer of libp2p with several keys: everything on a connection is under XSalsa20, so that a stranger
// cannot even negotiate. The bytes are those of @libp2p/pnet, which knows one key only. Who is dialled tells which key
// the other side has used by the first bytes, which are always the same (multistream-select).

import { randomBytes } from 'node:crypto';
import type { AbortOptions, ConnectionProtector, MessageStream } from '@libp2p/interface';
import { AbstractMultiaddrConnection, byteStream } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';
import xsalsa20 from 'xsalsa20';

export interface PrivateNetworkOptions {
  /** Of 32 bytes each, the newest first; asked at each connection. */
  keys: () => readonly Uint8Array[];
  /** Milliseconds for the exchange of nonces, and for the first bytes of who dials. */
  timeout: number;
}

const NONCE_BYTES = 24;
/** What libp2p says first on every connection: 19 bytes follow. */
const GREETING = Buffer.from('\x13/multistream/1.0.0\n');
/** Targets whose key is remembered. */
const MOST_TARGETS = 1024;

export class PrivateNetwork implements ConnectionProtector {
  readonly #options: PrivateNetworkOptions;
  /** The key of the last try with each target that was dialled, and whether its other side knew it. */
  readonly #tried = new Map<string, { key: Uint8Array; worked: boolean }>();

  constructor(options: PrivateNetworkOptions) {
    this.#options = options;
  }

  /** Rejects when nonces are not exchanged in time, or the other side uses none of the keys. */
  async protect(
    connection: MessageStream & { remoteAddr?: Multiaddr },
    { signal = AbortSignal.timeout(this.#options.timeout) }: AbortOptions = {},
  ): Promise<MessageStream> {
    const { remoteAddr } = connection;
    if (remoteAddr === undefined) throw new TypeError('only connections with an address can be protected');
    const bytes = byteStream(connection);
    const ownNonce = randomBytes(NONCE_BYTES);
    const [theirs] = await Promise.all([bytes.read({ bytes: NONCE_BYTES, signal }), bytes.write(ownNonce, { signal })]);
    const nonces = { own: ownNonce, their: theirs.subarray() };
    if (connection.direction === 'outbound') {
      const target = targetOf(remoteAddr);
      const key = this.#keyFor(target);
      this.#note(target, { key, worked: false });
      const heard = (): void => this.#note(target, { key, worked: true });
      return new ProtectedConnection({ connection: bytes.unwrap(), remoteAddr, key, nonces, heard });
    }
    const first = (await bytes.read({ bytes: GREETING.length, signal })).subarray();
    const key = this.#options.keys().find((one) => isGreeting(first, one, nonces.their));
    bytes.unwrap();
    if (key === undefined) throw new Error('the other side uses no key of this network');
    connection.unshift(first);
    return new ProtectedConnection({ connection, remoteAddr, key, nonces, heard: () => {} });
  }

  /** The one that worked last; after one that did not, the next older; the newest at first. */
  #keyFor(target: string): Uint8Array {
    const keys = this.#options.keys();
    const last = this.#tried.get(target);
    const at = last === undefined ? -1 : keys.findIndex((key) => Buffer.compare(key, last.key) === 0);
    const key = keys[at === -1 ? 0 : (at + (last?.worked ? 0 : 1)) % keys.length];
    if (key === undefined) throw new Error('there is no network key');
    return key;
  }

  #note(target: string, tried: { key: Uint8Array; worked: boolean }): void {
    this.#tried.delete(target);
    this.#tried.set(target, tried);
    const [oldest] = this.#tried.keys();
    if (this.#tried.size > MOST_TARGETS && oldest !== undefined) this.#tried.delete(oldest);
  }
}

function isGreeting(first: Uint8Array, key: Uint8Array, nonce: Uint8Array): boolean {
  const cipher = xsalsa20(nonce, key);
  const plain = cipher.update(first);
  cipher.finalize();
  return GREETING.equals(plain);
}

/** The node, where the address names it. */
function targetOf(address: Multiaddr): string {
  return address.getComponents().findLast(({ name }) => name === 'p2p')?.value ?? address.toString();
}

interface ProtectedParts {
  connection: MessageStream;
  remoteAddr: Multiaddr;
  key: Uint8Array;
  nonces: { own: Uint8Array; their: Uint8Array };
  /** The other side says something. */
  heard: () => void;
}

class ProtectedConnection extends AbstractMultiaddrConnection {
  readonly #connection: MessageStream;
  readonly #outbound: ReturnType<typeof xsalsa20>;
  readonly #inbound: ReturnType<typeof xsalsa20>;

  constructor({ connection, remoteAddr, key, nonces, heard }: ProtectedParts) {
    super({ remoteAddr, direction: connection.direction, log: connection.log.newScope('private') });
    this.#connection = connection;
    this.#outbound = xsalsa20(nonces.own, key);
    this.#inbound = xsalsa20(nonces.their, key);
    connection.addEventListener('message', heard, { once: true });
    connection.addEventListener('message', ({ data }) => {
      if (this.status === 'closed' || this.status === 'aborted' || this.status === 'reset') return;
      for (const piece of data instanceof Uint8Array ? [data] : data) this.onData(this.#inbound.update(piece));
    });
    connection.addEventListener('drain', () => this.onMuxerDrain());
    connection.addEventListener('close', ({ error, local }) => {
      if (error === undefined) this.onTransportClosed();
      else if (local) this.abort(error);
      else this.onRemoteReset();
      this.#inbound.finalize();
      this.#outbound.finalize();
    });
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    if ('close' in this.#connection && typeof this.#connection.close === 'function') {
      await this.#connection.close(options);
    }
  }

  sendData(
    data: Parameters<AbstractMultiaddrConnection['sendData']>[0],
  ): ReturnType<AbstractMultiaddrConnection['sendData']> {
    const canSendMore = this.#connection.send(this.#outbound.update(data.subarray()));
    return { sentBytes: data.byteLength, canSendMore };
  }

  sendReset(error: Error): void {
    this.#connection.abort(error);
  }

  sendPause(): void {
    this.#connection.pause();
  }

  sendResume(): void {
    this.#connection.resume();
  }
}
