// How a stranger becomes a member: a listener of its own, open only while an invite is open, and the newcomer's side.
//
// The mesh's own listener answers nobody without the network key, so a newcomer cannot knock there. Putting that key
// into the token would make every old, used token a key to the handshake for ever. So the inviter opens a second, plain
// libp2p listener; noise proves that it is the inviter the token names before the secret is said.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { Libp2p, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { FrameReader, frame as framed } from '../transport/framing.ts';
import { type EnrolAnswer, EnrolAnswerSchema, EnrolRequestSchema } from '../wire/generated/parlmesh_pb.ts';
import { type Authority, REFUSALS, type Refusal } from './authority.ts';
import { checkCertificate } from './certificate.ts';
import { PublicKey, rawKeyOf, type SigningKey } from './keys.ts';
import type { Credentials } from './network.ts';
import type { KnownAddress } from './state.ts';
import type { JoinToken } from './token.ts';

const ENROL_PROTOCOL = '/parlmesh/enrol/1';
const MOST_MESSAGE = 16 * 1024;

export interface EnrolmentServerParts {
  key: SigningKey;
  credentials: () => Credentials;
  authority: Authority;
  /** Multiaddresses of the listener. When the port is taken any free one serves: the token tells it. */
  listen: string[];
  /** Milliseconds for one enrolment. */
  timeout: number;
  /** Where the newcomer finds its first peers. */
  peers: () => KnownAddress[];
  enrolled: (node: string, name: string) => void;
  refused: (node: string, refusal: Refusal) => void;
}

/** Lets holders of a token in. */
export class EnrolmentServer {
  readonly #parts: EnrolmentServerParts;
  #node: Libp2p | undefined;

  constructor(parts: EnrolmentServerParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#node !== undefined;
  }

  /** @param before where open tokens say that the listener is */
  async open(before?: readonly string[]): Promise<void> {
    const { listen } = this.#parts;
    const anyPort = listen.map((address) => address.replace(/\/tcp\/\d+/, '/tcp/0'));
    this.#node = await this.#listen(before ?? listen)
      .catch(() => this.#listen(listen))
      .catch(() => this.#listen(anyPort));
  }

  /** Where it listens, as it could be told to `open` again. */
  listeningOn(): string[] {
    const [port] = (this.#node?.getMultiaddrs() ?? []).map((address) => /\/tcp\/(\d+)/.exec(address.toString())?.[1]);
    return port === undefined ? [] : this.#parts.listen.map((address) => address.replace(/\/tcp\/\d+/, `/tcp/${port}`));
  }

  async close(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    await node?.stop();
  }

  /** Ending in this node's peer id: what a token carries. */
  addresses(): string[] {
    const all = (this.#node?.getMultiaddrs() ?? []).map((address) => address.toString());
    const beyond = all.filter((address) => !address.startsWith('/ip4/127.') && !address.startsWith('/ip6/::1/'));
    return (beyond.length > 0 ? beyond : all).slice(0, 8);
  }

  async #listen(listen: readonly string[]): Promise<Libp2p> {
    const { key, timeout } = this.#parts;
    const node = await createNode(key, { listen: [...listen], connections: 8, timeout });
    try {
      await node.handle(ENROL_PROTOCOL, (stream, { remotePeer }) => this.#serve(stream, remotePeer.toString()), {
        maxInboundStreams: 1,
      });
      await node.start();
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  async #serve(stream: Stream, newcomer: string): Promise<void> {
    const { timeout } = this.#parts;
    try {
      const request = await readMessage(stream, AbortSignal.timeout(timeout));
      stream.send(framed(await this.#answer(request, newcomer)));
      await stream.close({ signal: AbortSignal.timeout(timeout) });
    } catch (error) {
      stream.abort(new Error(messageOf(error)));
    }
  }

  async #answer(bytes: Uint8Array, newcomer: string): Promise<Uint8Array> {
    const { authority, credentials, peers, enrolled, refused } = this.#parts;
    const request = fromBinary(EnrolRequestSchema, bytes);
    const refuse = (refusal: Refusal): Uint8Array => {
      refused(newcomer, refusal);
      return toBinary(EnrolAnswerSchema, create(EnrolAnswerSchema, { refusal }));
    };
    const rawKey = rawKeyOf(newcomer);
    if (rawKey === undefined) return refuse('failed');
    if (request.network !== credentials().network.id) return refuse('other-network');
    const redeemed = await authority.redeem(request.secret, new PublicKey(rawKey), request.name);
    if (!redeemed.ok) return refuse(redeemed.refusal);
    enrolled(newcomer, redeemed.name);
    const [{ key, number }] = credentials().keys;
    const { certificate } = redeemed;
    const answer = { certificate, networkKey: key, keyNumber: number, peers: peers() };
    return toBinary(EnrolAnswerSchema, create(EnrolAnswerSchema, answer));
  }
}

const refusalTexts: Record<Refusal, { message: string; hint: string }> = {
  expired: { message: 'The token has expired', hint: 'Ask for a new one: parlmesh network invite' },
  used: { message: 'The token was used by another node', hint: 'Every node needs its own: parlmesh network invite' },
  wrong: { message: 'The inviter does not know this token', hint: 'Ask for a new one: parlmesh network invite' },
  'other-network': {
    message: 'The inviter has moved to another network since it made the token',
    hint: 'Ask for a new one: parlmesh network invite',
  },
  revoked: {
    message: 'This node was removed from the network',
    hint: 'Ask the holder of the network to let it in again',
  },
  full: { message: 'The network has no room for more members', hint: 'Remove members that are gone' },
  failed: { message: 'The inviter could not enrol this node', hint: 'Its log and its events tell why; then try again' },
};

export interface Enrolled {
  credentials: Credentials;
  /** First the inviter. */
  peers: KnownAddress[];
}

/**
 * Joins the network that the token names. Throws `ENROL_EXPIRED`, `ENROL_USED`, `ENROL_WRONG`, `ENROL_OTHER_NETWORK`,
 * `ENROL_REVOKED`, `ENROL_FULL`, `ENROL_FAILED`, `ENROL_UNREACHABLE` or `ENROL_FORGED`.
 * @param wall milliseconds since 1970
 */
export async function enrol(
  token: JoinToken,
  newcomer: { key: SigningKey; name: string },
  options: { wall: number; timeout: number; signal?: AbortSignal },
): Promise<Enrolled> {
  if (options.wall >= token.expiresAt) throw refusal('expired');
  const signals = [AbortSignal.timeout(options.timeout), ...(options.signal === undefined ? [] : [options.signal])];
  const answer = await exchange(token, newcomer, { timeout: options.timeout, signal: AbortSignal.any(signals) });
  if (answer.refusal !== '') throw refusal(REFUSALS.find((known) => known === answer.refusal) ?? 'failed');
  const authority = new PublicKey(token.authority);
  const checked = checkCertificate(answer.certificate, { id: token.network.id, authority }, options.wall);
  if (!checked.ok || checked.certificate.node !== newcomer.key.nodeId || answer.networkKey.length !== 32) {
    throw new ParlmeshError(
      'ENROL_FORGED',
      `The inviter's answer is not of the authority that the token names (${checked.ok ? 'another node' : checked.fault})`,
      { hint: 'Do not use this token. Compare it with what "parlmesh network invite" printed on the inviter' },
    );
  }
  return {
    credentials: {
      network: token.network,
      keys: [{ number: answer.keyNumber, key: answer.networkKey, since: options.wall }],
      authority,
      authorityKey: undefined,
      certificate: answer.certificate,
    },
    peers: answer.peers
      .slice(0, 16)
      .map(({ id, name, addresses }) => ({ id, name, addresses: addresses.slice(0, 16) })),
  };
}

async function exchange(
  token: JoinToken,
  newcomer: { key: SigningKey; name: string },
  { timeout, signal }: { timeout: number; signal: AbortSignal },
): Promise<EnrolAnswer> {
  const node = await createNode(newcomer.key, { listen: [], connections: 4, timeout });
  try {
    await node.start();
    const stream = await node.dialProtocol(
      token.addresses.map((address) => multiaddr(address)),
      ENROL_PROTOCOL,
      { signal },
    );
    const request = create(EnrolRequestSchema, {
      network: token.network.id,
      secret: token.secret,
      name: newcomer.name,
    });
    const answered = readMessage(stream, signal);
    stream.send(framed(toBinary(EnrolRequestSchema, request)));
    return fromBinary(EnrolAnswerSchema, await answered);
  } catch (cause) {
    throw new ParlmeshError(
      'ENROL_UNREACHABLE',
      `The inviter does not answer at ${token.addresses.join(', ')}: ${messageOf(cause)}`,
      {
        cause,
        hint: 'Both boards need a network path to each other; check the firewall for mesh.enrolPort. A token that was used before is not answered either: ask for a new one with parlmesh network invite',
      },
    );
  } finally {
    await node.stop();
  }
}

function refusal(reason: Refusal): ParlmeshError {
  const { message, hint } = refusalTexts[reason];
  return new ParlmeshError(`ENROL_${reason.toUpperCase().replace('-', '_')}`, message, { hint });
}

function createNode(
  key: SigningKey,
  { listen, connections, timeout }: { listen: string[]; connections: number; timeout: number },
): Promise<Libp2p> {
  return createLibp2p({
    start: false,
    privateKey: key.forLibp2p(),
    addresses: { listen },
    transports: [tcp({ maxConnections: connections, backlog: connections })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: 2, maxOutboundStreams: 2, maxEarlyStreams: 2, enableKeepAlive: false })],
    connectionManager: {
      maxConnections: connections,
      // A second, of one address: many boards may stand behind one (a demo, a site behind NAT).
      inboundConnectionThreshold: 2 * connections,
      dialTimeout: timeout,
      inboundUpgradeTimeout: timeout,
      reconnectRetries: 0,
    },
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialMultiaddr: () => false },
  });
}

/** The one message that comes over a stream. */
function readMessage(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(MOST_MESSAGE);
    const done = (outcome: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      stream.removeEventListener('message', onMessage);
      stream.removeEventListener('close', onClose);
      outcome();
    };
    const onAbort = (): void => done(() => reject(new Error('no answer in time')));
    const onClose = (): void => done(() => reject(new Error('the stream was closed')));
    const onMessage = ({ data }: { data: { subarray(): Uint8Array } }): void => {
      try {
        const [message] = reader.push(data.subarray());
        if (message !== undefined) done(() => resolve(message));
      } catch (error) {
        done(() => reject(error));
      }
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    stream.addEventListener('message', onMessage);
    stream.addEventListener('close', onClose);
  });
}
