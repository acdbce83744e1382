// Questions and answers between the swarms of nodes: checked against their schemas on both sides, counted when refused,
// and carried by a stream where they are too long for one message of the relay.

import type { Duplex } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { AgentNetwork } from '../network.ts';
import type { Question } from './messages.ts';

type Answerer<Q extends TSchema, A extends TSchema> = (
  origin: string,
  asked: Static<Q>,
) => Promise<Static<A>> | Static<A>;

const VERSION = 1;
/** Bytes that go as one message of the relay, which takes 64 kB. */
const MOST_MESSAGE = 48 * 1024;
/** Bytes that a question or an answer may have at all. */
const MOST_STREAM = 64 * 1024 * 1024;
/** The answer is too long for a message: ask again over a stream. */
const TOO_LONG = new Uint8Array(0);

export class SwarmChannel {
  readonly #network: AgentNetwork;
  readonly #refused = new Map<string, number>();
  readonly #checks = new WeakMap<TSchema, ReturnType<typeof Compile>>();

  constructor(network: AgentNetwork) {
    this.#network = network;
  }

  get self(): string {
    return this.#network.self;
  }

  /** Messages that were refused, by reason. */
  refused(): Record<string, number> {
    return Object.fromEntries(this.#refused);
  }

  /** Rejects as `AgentNetwork.request` does, or with `SWARM_ANSWER_INVALID`. */
  async ask<Q extends TSchema, A extends TSchema>(
    node: string,
    { service, asks: _, answers }: Question<Q, A>,
    asked: Static<Q>,
    deadline?: Millis,
  ): Promise<Static<A>> {
    const payload = Buffer.from(JSON.stringify({ v: VERSION, q: asked }));
    let answer: Uint8Array = TOO_LONG;
    if (payload.length <= MOST_MESSAGE) {
      answer = await this.#network.request(node, service, payload, deadline === undefined ? {} : { deadline });
    }
    if (answer.length === 0) answer = await this.#askByStream(node, service, payload);
    const read = this.#read(answers, answer, 'a');
    if (read !== undefined) return read.value;
    this.#count('answer-invalid');
    throw new ParlmeshError('SWARM_ANSWER_INVALID', `${node} answers ${service} as no version of parlmesh does`);
  }

  /** Before the start. */
  handle<Q extends TSchema, A extends TSchema>(question: Question<Q, A>, answerer: Answerer<Q, A>): void {
    const { service, asks } = question;
    const answer = async (origin: string, payload: Uint8Array): Promise<Uint8Array> => {
      const read = this.#read(asks, payload, 'q');
      if (read === undefined) {
        this.#count('question-invalid');
        throw new ParlmeshError('SWARM_QUESTION_INVALID', `${service}: not a question that this version understands`);
      }
      return Buffer.from(JSON.stringify({ v: VERSION, a: await answerer(origin, read.value) }));
    };
    this.#network.handle(service, async (origin, payload) => {
      const bytes = await answer(origin, payload);
      return bytes.length <= MOST_MESSAGE ? bytes : TOO_LONG;
    });
    this.#network.handleStream(service, async (origin, stream) => {
      // The opener writes once it is told that the stream is open, which this return does.
      void this.#answerStream(stream, (payload) => answer(origin, payload));
    });
  }

  async #askByStream(node: string, service: string, payload: Uint8Array): Promise<Uint8Array> {
    const stream = await this.#network.openStream(node, service, '');
    stream.on('error', () => {});
    stream.end(payload);
    const answer = await readAll(stream);
    if (answer.length > 0) return answer;
    throw new ParlmeshError('SWARM_REFUSED', `${node} refuses ${service}`);
  }

  async #answerStream(stream: Duplex, answer: (payload: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    stream.on('error', () => {});
    try {
      stream.end(await answer(await readAll(stream)));
    } catch {
      this.#count('stream');
      stream.end();
    }
  }

  #read<S extends TSchema>(schema: S, payload: Uint8Array, field: 'q' | 'a'): { value: Static<S> } | undefined {
    let check = this.#checks.get(schema);
    if (check === undefined) {
      check = Compile(schema);
      this.#checks.set(schema, check);
    }
    try {
      const document: unknown = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
      if (typeof document !== 'object' || document === null || !('v' in document) || document.v !== VERSION)
        return undefined;
      const value: unknown = field in document ? (document as Record<string, unknown>)[field] : undefined;
      return check.Check(value) ? { value: value as Static<S> } : undefined;
    } catch {
      return undefined;
    }
  }

  #count(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }
}

async function readAll(stream: Duplex): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const bytes: Uint8Array = chunk;
    length += bytes.length;
    if (length > MOST_STREAM) {
      stream.destroy();
      throw new ParlmeshError('SWARM_TOO_LONG', `More than ${MOST_STREAM} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
