// The process of one module: loads it, calls what it exports and carries its words to the daemon. Runs under Node's
// permission model with what the module was granted, so it imports nothing but Node's own modules and the guard.

import { AsyncLocalStorage } from 'node:async_hooks';
import net from 'node:net';
import { pathToFileURL } from 'node:url';
import { closeWhatIsOpen } from './child-guard.ts';
import type { Ending, FromModule, PostOrder, ToModule } from './protocol.ts';

interface Exports {
  start?: (api: object) => unknown;
  onMessage?: (letter: object, api: object) => unknown;
  run?: (input: unknown, context: object) => unknown;
  stop?: () => unknown;
}

const LONGEST_LINE = 2_000;

const pipe = new net.Socket({ fd: 3 });
const waiting = new Map<number, PromiseWithResolvers<unknown>>();
const runs = new Map<number, AbortController>();
const handling = new AsyncLocalStorage<number>();
const stopping = new AbortController();
let sequence = 0;
let loaded: Exports = {};
let api: object = {};

function say(frame: FromModule): void {
  pipe.write(`${JSON.stringify(frame)}\n`);
}

/** Tells why and ends. */
function fail(error: unknown): void {
  const frame = { t: 'failed', ...refusal(error) } as const;
  pipe.end(`${JSON.stringify(frame)}\n`, () => process.exit(70));
}

function refusal(error: unknown): { code: string; message: string } {
  const of = (error ?? {}) as { code?: unknown; message?: unknown; permission?: unknown; resource?: unknown };
  if (of.code === 'ERR_ACCESS_DENIED' || of.code === 'ERR_DLOPEN_DISABLED') {
    const message = `it may not do that: ${of.permission ?? of.message} ${of.resource ?? ''}`.trim();
    return { code: 'MODULE_PERMISSION', message: message.slice(0, LONGEST_LINE) };
  }
  const code = typeof of.code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(of.code) ? of.code : 'MODULE_FAILED';
  return { code, message: String(of.message ?? error).slice(0, LONGEST_LINE) };
}

async function endingOf(work: () => unknown): Promise<Ending> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, ...refusal(error) };
  }
}

/** Says something that is answered. */
function ask(frame: (id: number) => FromModule): Promise<unknown> {
  const id = sequence++;
  const answer = Promise.withResolvers<unknown>();
  waiting.set(id, answer);
  say(frame(id));
  return answer.promise;
}

function apiOf(name: string, dataFolder: string): object {
  const order =
    (op: PostOrder['op']) =>
    (to: string, body: unknown, options: Omit<PostOrder, 'op' | 'to'> = {}) =>
      ask((id) => {
        const { deadline, scope, pick } = options;
        const because = handling.getStore();
        return { t: 'post', id, order: JSON.parse(JSON.stringify({ op, to, body, deadline, scope, pick, because })) };
      });
  return Object.freeze({
    name,
    dataFolder,
    signal: stopping.signal,
    log: (line: unknown) => say({ t: 'log', line: String(line).slice(0, LONGEST_LINE) }),
    tell: (severity: 'info' | 'warning' | 'error', message: string) =>
      say({ t: 'tell', severity, message: String(message).slice(0, 500) }),
    send: order('send'),
    request: order('request'),
    sendToKind: order('sendToKind'),
    requestOfKind: order('requestOfKind'),
    broadcast: order('broadcast'),
  });
}

async function load({ name, module, dataFolder, network }: ToModule & { t: 'load' }): Promise<void> {
  closeWhatIsOpen(network);
  api = apiOf(name, dataFolder);
  loaded = (await import(pathToFileURL(module).href)) as Exports;
  const has = (key: keyof Exports): boolean => typeof loaded[key] === 'function';
  say({ t: 'loaded', exports: { start: has('start'), onMessage: has('onMessage'), run: has('run') } });
}

async function run({ id, input, context }: ToModule & { t: 'run' }): Promise<void> {
  const cancel = new AbortController();
  runs.set(id, cancel);
  const own = Object.freeze({
    ...context,
    signal: cancel.signal,
    api,
    progress: (share: number) => say({ t: 'progress', id, share: Math.min(1, Math.max(0, Number(share) || 0)) }),
    log: (line: unknown) => say({ t: 'log', line: String(line).slice(0, LONGEST_LINE), run: id }),
    readBlob: async (ref: unknown) =>
      Buffer.from(String(await ask((at) => ({ t: 'blob', id: at, run: id, read: ref }))), 'base64'),
    writeBlob: (bytes: Uint8Array, mediaType?: string) =>
      ask((at) => ({
        t: 'keep',
        id: at,
        run: id,
        base64: Buffer.from(bytes).toString('base64'),
        ...(mediaType !== undefined && { mediaType }),
      })),
  });
  const ending = await endingOf(() => loaded.run?.(input, own));
  runs.delete(id);
  say({ t: 'ended', id, ending });
}

function onFrame(frame: ToModule): void {
  switch (frame.t) {
    case 'load':
      load(frame).catch(fail);
      break;
    case 'start':
      Promise.resolve(loaded.start?.(api)).then(() => say({ t: 'started' }), fail);
      break;
    case 'stop':
      stopping.abort();
      void endingOf(() => loaded.stop?.()).then(() => process.exit(0));
      break;
    case 'ping':
      say({ t: 'pong', rss: process.memoryUsage.rss() });
      break;
    case 'letter':
      void handling
        .run(frame.id, () => endingOf(() => loaded.onMessage?.(frame.letter, api)))
        .then((ending) => say({ t: 'ended', id: frame.id, ending }));
      break;
    case 'run':
      void run(frame);
      break;
    case 'cancel':
      runs.get(frame.id)?.abort(new Error('the task was cancelled'));
      break;
    case 'done': {
      const answer = waiting.get(frame.id);
      waiting.delete(frame.id);
      if (frame.ending.ok) answer?.resolve(frame.ending.value);
      else answer?.reject(Object.assign(new Error(frame.ending.message), { code: frame.ending.code }));
    }
  }
}

let rest = '';
pipe.setEncoding('utf8');
pipe.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) onFrame(JSON.parse(line));
});
// The daemon is gone.
pipe.on('close', () => process.exit(0));
pipe.on('error', () => process.exit(0));
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
