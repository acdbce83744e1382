// The renewal of a certificate: what is asked, by whom, and when. Pure.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import { type Certificate, type CertificateNetwork, checkCertificate } from './certificate.ts';
import type { SigningKey } from './keys.ts';
import { makeStatement, readJson, readStatement, StatementOf } from './statement.ts';

/** Relay service of the node with the authority. */
export const RENEWAL_SERVICE = 'renewal';
export const MOST_REQUEST_BYTES = 4096;
export const MOST_ANSWER_BYTES = 2048;

const REQUEST_BODY_BYTES = 1500;
const Request = StatementOf(REQUEST_BODY_BYTES);
const RequestBody = Type.Object({
  network: Type.String({ maxLength: 64 }),
  /** The one to be renewed, base64. */
  certificate: Type.String({ maxLength: 800 }),
});

const Answer = Type.Object({
  /** Base64. */
  certificate: Type.Optional(Type.String({ maxLength: 800 })),
  /** Why there is none. */
  refusal: Type.Optional(Type.String({ maxLength: 40 })),
});
export type RenewalAnswer = Static<typeof Answer>;

/**
 * Signed by the node itself: whoever carries it can do nothing with it, and nothing else with the answer, which is a
 * certificate of that node.
 */
export function renewalRequest(key: SigningKey, network: string, certificate: Uint8Array): Uint8Array {
  const body = { network, certificate: Buffer.from(certificate).toString('base64') };
  return Buffer.from(JSON.stringify(makeStatement('renewal', key, body)));
}

/** The certificate that is to be renewed, expired or not, or what is wrong. Never throws. */
export function readRenewalRequest(
  bytes: Uint8Array,
  network: CertificateNetwork,
  now: Millis,
): Certificate | 'oversized' | 'malformed' | 'other-network' | 'forged' {
  if (bytes.length > MOST_REQUEST_BYTES) return 'oversized';
  const statement = readJson(Request, bytes, MOST_REQUEST_BYTES);
  const claimed = statement && readJson(RequestBody, Buffer.from(statement.body), REQUEST_BODY_BYTES);
  if (statement === undefined || claimed === undefined) return 'malformed';
  const checked = checkCertificate(Buffer.from(claimed.certificate, 'base64'), network, now);
  if (!checked.ok && checked.fault !== 'expired') return checked.fault;
  const { certificate } = checked;
  const body = readStatement('renewal', certificate.key, RequestBody, statement);
  if (body === undefined) return 'forged';
  return body.network === network.id ? certificate : 'other-network';
}

export const renewalAnswer = (answer: { certificate: Uint8Array } | { refusal: string }): Uint8Array =>
  Buffer.from(
    JSON.stringify('refusal' in answer ? answer : { certificate: Buffer.from(answer.certificate).toString('base64') }),
  );

export function readRenewalAnswer(bytes: Uint8Array): RenewalAnswer | undefined {
  return readJson(Answer, bytes, MOST_ANSWER_BYTES);
}

/**
 * After two thirds of its life, and up to a twentieth later: not all members of a network come at once.
 * @param spread 0 to 1, drawn once a certificate
 */
export function renewalDue({ issuedAt, expiresAt }: Certificate, spread: number): Millis {
  return issuedAt + (expiresAt - issuedAt) * (2 / 3 + spread / 20);
}

const DAY: Millis = 24 * 3600_000;

/** How near a certificate is to its end. */
export type ExpiryStage = 'fine' | 'near' | 'close' | 'expired';

/** Warned of from 14 days before the end, urgently from 3, or from an eighth and a fortieth of a shorter life. */
export function expiryStage({ issuedAt, expiresAt }: Certificate, now: Millis): ExpiryStage {
  const left = expiresAt - now;
  const life = expiresAt - issuedAt;
  if (left <= 0) return 'expired';
  if (left <= Math.min(3 * DAY, life / 40)) return 'close';
  return left <= Math.min(14 * DAY, life / 8) ? 'near' : 'fine';
}
