// One bounded HTTP GET: header limits, a time-out until the answer starts, few redirects, credentials from the URL
// sent to that host only and never shown.

import { type ClientRequest, get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { HttpLogin } from './http-login.ts';
import { redactUrls } from './source.ts';

const MOST_REDIRECTS = 5;
const ANSWER_MS = 10_000;

/**
 * The answer to a GET, its body not yet read: 200, or 304 where `headers` made it conditional.
 * @param login kept by the caller from request to request: what the camera asked for is answered at once then
 */
export async function openUrl(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  login = new HttpLogin(),
): Promise<IncomingMessage> {
  let target = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await loggedIn(target, headers, signal, login);
    const status = response.statusCode ?? 0;
    if (status === 200 || status === 304) return response;
    response.destroy();
    const location = response.headers.location;
    if (status < 300 || status > 399 || location === undefined) throw refused(target, status);
    const next = URL.parse(location, target.href);
    if (next === null || !/^https?:$/.test(next.protocol)) {
      throw new ParlmeshError('HTTP_FAILED', `${shown(target)} redirects to an address that is not HTTP`);
    }
    if (next.host === target.host && next.username === '') {
      next.username = target.username;
      next.password = target.password;
    }
    target = next;
  }
  throw new ParlmeshError('HTTP_FAILED', `${shown(url)} redirects more than ${MOST_REDIRECTS} times`);
}

/** The whole body. Rejects when it is over `most` bytes, or ends early. */
export async function readBody(response: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > most) {
      response.destroy();
      throw new ParlmeshError('HTTP_FAILED', `the answer is longer than ${most} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Answers a camera that asks who is there, once. */
async function loggedIn(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  login: HttpLogin,
): Promise<IncomingMessage> {
  const authorization = login.header(url);
  const response = await request(url, { ...headers, ...(authorization !== undefined && { authorization }) }, signal);
  if (response.statusCode !== 401) return response;
  if (!login.asked(url, response.headers['www-authenticate'], authorization !== undefined)) return response;
  response.destroy();
  const answer = login.header(url);
  return request(url, { ...headers, ...(answer !== undefined && { authorization: answer }) }, signal);
}

function request(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? httpsGet : httpGet;
    // Node would send what the address holds in the clear, asked or not.
    const options = { headers, auth: '', signal, agent: false, maxHeaderSize: 16_384, timeout: ANSWER_MS } as const;
    const outgoing: ClientRequest = get(url, options, (response) => {
      // From here on the reader's own limits count.
      outgoing.setTimeout(0);
      response.on('error', () => {});
      resolve(response);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
    outgoing.on('error', (error) =>
      reject(new ParlmeshError('HTTP_FAILED', `${shown(url)}: ${redactUrls(messageOf(error))}`, { cause: error })),
    );
  });
}

function refused(url: URL, status: number): ParlmeshError {
  const meaning = status === 401 ? ' (wrong user or password)' : status === 404 ? ' (no such address)' : '';
  return new ParlmeshError('HTTP_FAILED', `${shown(url)} answered ${status}${meaning}`);
}

/** An address without credentials and query. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
