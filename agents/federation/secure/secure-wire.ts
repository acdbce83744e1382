// Secure messages as bytes, and questions with them over streams of the network: a masked update is larger than one message
// of the relay.
//
// Frame: bytes that follow (4, big-endian) · bytes of JSON (4) · JSON · data.

import type { Duplex } from 'node:stream';
import { type Static, Type } from 'typebox';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { AgentNetwork } from '../../network.ts';
import { SignedOf } from '../../oracle/keys.ts';
import { frameOf, readJson } from '../messages.ts';
import { MOST_PARAMETERS, type SecureMessage } from './messages.ts';

export const SECURE_SERVICE = 'federation-secure';

const MOST_JSON = 640_000;
const MOST_FRAME = 4 + MOST_JSON + 4 * MOST_PARAMETERS;
const WORD = 4;

/** A node that does not answer says why. `again`: the same question may have an answer later. */
const Stopped = Type.Object({
  reason: Type.String({ maxLength: 32, pattern: '^[a-z-]+$' }),
  sentence: Type.String({ maxLength: 500 }),
  again: Type.Boolean(),
});
export type Stopped = Static<typeof Stopped>;

export type SecureAnswer = { message: SecureMessage } | { stopped: Stopped };

const Frame = Type.Union([Type.Object({ signed: SignedOf(MOST_JSON) }), Type.Object({ stopped: Stopped })]);

export function encodeAnswer(answer: SecureAnswer): Buffer {
  const frame = 'stopped' in answer ? frameOf(answer) : frameOf({ signed: answer.message.signed }, answer.message.data);
  const length = Buffer.alloc(WORD);
  length.writeUInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}

/** @param frame without its first four bytes. Undefined for what is no message. Never throws. */
export function decodeAnswer(frame: Buffer): SecureAnswer | undefined {
  if (frame.length < WORD || frame.length > MOST_FRAME) return undefined;
  const length = frame.readUInt32BE(0);
  if (WORD + length > frame.length) return undefined;
  const value = readJson(Frame, frame.subarray(WORD, WORD + length), MOST_JSON);
  if (value === undefined || 'stopped' in value) return value;
  // A copy: masks are added up as 32-bit words, which must begin at a multiple of four.
  return { message: { signed: value.signed, data: new Uint8Array(frame.subarray(WORD + length)) } };
}

/** Asks a node. Rejects when it does not answer within `deadline`, or with what is no answer (`SECURE_NO_ANSWER`). */
export async function askSecurely(
  network: Pick<AgentNetwork, 'openStream'>,
  clock: Clock,
  node: string,
  message: SecureMessage,
  deadline: Millis,
): Promise<SecureAnswer> {
  let stream: Duplex | undefined;
  let late = false;
  const timer = clock.after(deadline, () => {
    late = true;
    stream?.destroy(new ParlmeshError('SECURE_NO_ANSWER', `${node} did not answer within ${deadline} ms`));
  });
  try {
    stream = await network.openStream(node, SECURE_SERVICE, '');
    if (late) throw new ParlmeshError('SECURE_NO_ANSWER', `${node} did not answer within ${deadline} ms`);
    stream.write(encodeAnswer({ message }));
    const answer = await readAnswer(stream);
    if (answer === undefined) throw new ParlmeshError('SECURE_NO_ANSWER', `${node} answered with what is no message`);
    return answer;
  } finally {
    timer.cancel();
    stream?.destroy();
  }
}

/** Answers such questions; before the network starts. `answer` must not throw. */
export function serveSecurely(
  network: Pick<AgentNetwork, 'handleStream'>,
  clock: Clock,
  patience: Millis,
  answer: (coordinator: string, message: SecureMessage) => Promise<SecureAnswer>,
): void {
  network.handleStream(SECURE_SERVICE, async (origin, stream) => {
    // The opener may write once this returns.
    void serveOne(stream, clock, patience, (message) => answer(origin, message));
  });
}

async function serveOne(
  stream: Duplex,
  clock: Clock,
  patience: Millis,
  answer: (message: SecureMessage) => Promise<SecureAnswer>,
): Promise<void> {
  const timer = clock.after(patience, () => stream.destroy());
  stream.on('error', () => {});
  try {
    const asked = await readAnswer(stream);
    if (asked === undefined || !('message' in asked)) stream.destroy();
    else stream.end(encodeAnswer(await answer(asked.message)));
  } catch {
    // The stream broke: the coordinator asks again, or goes on without this node.
    stream.destroy();
  } finally {
    timer.cancel();
  }
}

/** One frame; no more is kept in memory than it says it has, and never more than the bound. */
async function readAnswer(stream: Duplex): Promise<SecureAnswer | undefined> {
  const chunks: Buffer[] = [];
  let have = 0;
  let wanted: number | undefined;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) return undefined;
    chunks.push(Buffer.from(chunk));
    have += chunk.length;
    if (wanted === undefined && have >= WORD) {
      wanted = WORD + Buffer.concat(chunks).readUInt32BE(0);
      if (wanted > WORD + MOST_FRAME) return undefined;
    }
    if (wanted !== undefined && have >= wanted) return decodeAnswer(Buffer.concat(chunks).subarray(WORD, wanted));
  }
  return undefined;
}
