// What the authority's node answers to members and to those who pretend to be some: every refusal is counted.

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { DropCounters } from '../../../mesh/counters.ts';
import { Gossip } from '../../../mesh/gossip/gossip.ts';
import { SequenceNumbers } from '../../../mesh/gossip/sequence.ts';
import { Authority, RENEWAL_GRACE } from '../../../mesh/membership/authority.ts';
import { checkCertificate, issueCertificate } from '../../../mesh/membership/certificate.ts';
import { HeldCredentials } from '../../../mesh/membership/held-credentials.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { Members } from '../../../mesh/membership/members.ts';
import { type Credentials, createNetwork } from '../../../mesh/membership/network.ts';
import { KeyGrant, keyRequest, readKeyAnswer, readKeyRequest } from '../../../mesh/membership/network-key-handover.ts';
import { MOST_KEYS, type NetworkKeys, stillAccepted, withNewKey } from '../../../mesh/membership/network-keys.ts';
import { Registrar, type RegistrarOutcome } from '../../../mesh/membership/registrar.ts';
import {
  expiryStage,
  readRenewalAnswer,
  readRenewalRequest,
  renewalDue,
  renewalRequest,
} from '../../../mesh/membership/renewal.ts';
import { MemoryState } from '../../../mesh/membership/state.ts';
import { makeStatement, readStatement } from '../../../mesh/membership/statement.ts';
import { memorySequence } from '../virtual-mesh.ts';

const DAY = 24 * 3600_000;
const LIFE = 360 * DAY;

const founder = SigningKey.generate();
const member = SigningKey.generate();

let clock: VirtualClock;
let credentials: Credentials;
let authority: Authority;
let registrar: Registrar;
let revoked: Set<string>;
let journal: JournalEntry[];
/** The member's own. */
let certificate: Uint8Array;

beforeEach(async () => {
  clock = new VirtualClock();
  credentials = createNetwork('home', founder, 'founder', clock.wall(), LIFE);
  const { network, authorityKey, authority: publicKey } = credentials;
  if (authorityKey === undefined) throw new Error('no authority');
  const state = new MemoryState();
  authority = new Authority({ networkId: network.id, key: authorityKey, state, clock, lifetime: LIFE });
  const { secret } = await authority.createInvite({ expiresIn: DAY });
  const redeemed = await authority.redeem(secret, member.publicKey, 'barn');
  if (!redeemed.ok) throw new Error(redeemed.refusal);
  certificate = redeemed.certificate;
  revoked = new Set();
  journal = [];
  const isRevoked = (id: string): boolean => revoked.has(id);
  const members = new Members({ network: { id: network.id, authority: publicKey }, clock, isRevoked, most: 10 });
  const gossip = new Gossip({
    ...{ networkId: network.id, key: founder, members, clock, transports: [], overtaken: () => {} },
    certificate: () => credentials.certificate,
    sequence: await SequenceNumbers.open(memorySequence()),
    drops: new DropCounters(),
    logger: silentLogger,
  });
  registrar = new Registrar({
    ...{ self: founder.nodeId, authority, authorityKey, gossip, clock, isRevoked, nameOf: (id) => id },
    credentials: new HeldCredentials(state, credentials),
    journal: { record: (entry) => journal.push(entry) },
  });
});

const count = (outcome: RegistrarOutcome): number => registrar.counts()[outcome];
const ask = async (request: Uint8Array) => readRenewalAnswer(await registrar.renew(request));
const own = (): Uint8Array => renewalRequest(member, credentials.network.id, certificate);
const lifeOf = (base64: string | undefined) => {
  const { id } = credentials.network;
  const bytes = Buffer.from(base64 ?? '', 'base64');
  const checked = checkCertificate(bytes, { id, authority: credentials.authority }, clock.wall());
  return checked.ok ? checked.certificate : undefined;
};

describe('a renewal', () => {
  it('gives a new certificate once half of the old one’s life is over, and enters it', async () => {
    clock.advance(0.7 * LIFE);
    const answer = await ask(own());
    expect(lifeOf(answer?.certificate)).toMatchObject({ node: member.nodeId, expiresAt: clock.wall() + LIFE });
    expect(authority.members()).toMatchObject([{ id: member.nodeId, expiresAt: clock.wall() + LIFE }]);
    expect(count('renewed')).toBe(1);
    expect(journal).toMatchObject([{ kind: 'mesh.renewed', message: 'The certificate of barn was renewed' }]);
  });

  it('that is asked for again, or replayed, gives the same one and writes nothing', async () => {
    clock.advance(0.7 * LIFE);
    const first = await ask(own());
    clock.advance(DAY);
    expect(await ask(own())).toEqual(first);
    expect(count('renewed')).toBe(1);
    expect(count('repeated')).toBe(1);
    expect(journal).toHaveLength(1);
  });

  it('is too early in the first half: the certificate comes back as it was', async () => {
    clock.advance(0.4 * LIFE);
    expect((await ask(own()))?.certificate).toBe(Buffer.from(certificate).toString('base64'));
    expect(count('repeated')).toBe(1);
  });

  it('is granted for a while after the end, and then no more', async () => {
    clock.advance(LIFE + RENEWAL_GRACE);
    expect(await ask(own())).toEqual({ refusal: 'expired' });
    expect(count('expired')).toBe(1);
  });

  it('works for a member that a restored register does not know', async () => {
    clock.advance(0.7 * LIFE);
    const forgotten = SigningKey.generate();
    if (credentials.authorityKey === undefined) throw new Error('no authority');
    const lost = issueCertificate(credentials.authorityKey, {
      ...{ network: credentials.network.id, node: forgotten.publicKey, name: 'attic', serial: 'lost' },
      ...{ issuedAt: clock.wall() - 0.7 * LIFE, expiresAt: clock.wall() + 0.3 * LIFE },
    });
    const answer = await ask(renewalRequest(forgotten, credentials.network.id, lost));
    expect(lifeOf(answer?.certificate)?.name).toBe('attic');
    expect(authority.members()).toHaveLength(2);
  });

  it('is refused to who was removed, by its statement or by the register alone', async () => {
    clock.advance(0.7 * LIFE);
    revoked.add(member.nodeId);
    expect(await ask(own())).toEqual({ refusal: 'revoked' });
    revoked.clear();
    await authority.revoke(member.nodeId);
    expect(await ask(own())).toEqual({ refusal: 'revoked' });
    expect(count('revoked')).toBe(2);
  });

  it('is refused when another key signed it, or it is of another network or authority', async () => {
    clock.advance(0.7 * LIFE);
    const thief = SigningKey.generate();
    expect(await ask(renewalRequest(thief, credentials.network.id, certificate))).toEqual({ refusal: 'forged' });
    expect(await ask(renewalRequest(member, 'ffffffffffffffff', certificate))).toEqual({ refusal: 'other-network' });
    const other = createNetwork('other', member, 'barn', clock.wall());
    expect(await ask(renewalRequest(member, other.network.id, other.certificate))).toEqual({
      refusal: 'other-network',
    });
    expect(count('forged')).toBe(1);
    expect(count('other-network')).toBe(2);
  });

  it('waits while the authority’s own clock is behind what it has signed', async () => {
    const past = new VirtualClock({ epoch: 0 });
    const late = new Authority({
      ...{ networkId: credentials.network.id, key: SigningKey.generate(), state: new MemoryState(), clock: past },
    });
    const { id } = credentials.network;
    const checked = checkCertificate(certificate, { id, authority: credentials.authority }, clock.wall());
    if (!checked.ok) throw new Error(checked.fault);
    expect(await late.renew(checked.certificate)).toEqual({ ok: false, refusal: 'clock' });
  });

  it('is bounded in size and rate, and never thrown at, whatever the bytes are', async () => {
    expect(await ask(new Uint8Array(5000))).toEqual({ refusal: 'oversized' });
    const network = { id: credentials.network.id, authority: credentials.authority };
    const valid = own();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(valid.length - 1), fc.nat(255), (bytes, at, value) => {
        expect(typeof readRenewalRequest(bytes, network, clock.wall())).toBe('string');
        const changed = Uint8Array.from(valid);
        changed[at] = value;
        readRenewalRequest(changed, network, clock.wall());
        readRenewalAnswer(bytes);
      }),
      { numRuns: 500 },
    );
    for (let asked = 0; asked < 250; asked++) await ask(new Uint8Array(1));
    expect(count('malformed')).toBeGreaterThan(150);
    expect(count('rate')).toBeGreaterThan(40);
  });
});

describe('the newest network key', () => {
  const grantOf = async (have: number) => {
    const { grant } = readKeyAnswer(await registrar.key(member.nodeId, keyRequest(have))) ?? {};
    return grant && readStatement('network-key', credentials.authority, KeyGrant, grant);
  };

  it('is given to a member that has an older one, and its having it is noted', async () => {
    await registrar.rotate(DAY);
    expect(await grantOf(0)).toMatchObject({ number: 1, until: clock.wall() + DAY });
    expect(registrar.rotation()?.missing).toMatchObject([{ name: 'barn' }]);
    expect(await grantOf(1)).toBeUndefined();
    expect(registrar.rotation()).toMatchObject({ missing: [], completedAt: clock.wall() });
  });

  it('is not given to who was removed, nor for what is no question', async () => {
    await registrar.rotate(DAY);
    await expect(registrar.key(member.nodeId, new Uint8Array(9000))).rejects.toThrow('malformed');
    await authority.revoke(member.nodeId);
    await expect(grantOf(0)).rejects.toThrow('revoked');
    expect(count('revoked')).toBe(1);
    expect(count('malformed')).toBe(1);
  });

  it('ends the time of those before it also for members that stay away', async () => {
    registrar.start();
    await registrar.rotate(DAY);
    clock.advance(DAY + 2 * 60_000);
    await expect.poll(() => registrar.rotation()?.completedAt).toBeDefined();
    expect(journal.at(-1)).toMatchObject({ severity: 'warning', message: expect.stringContaining('barn') });
    registrar.stop();
  });

  it('is asked for and answered in bounded messages; nothing that comes instead is thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(Buffer.from)), (bytes) => {
        readKeyRequest(bytes);
        readKeyAnswer(bytes);
        const statement = { body: Buffer.from(bytes).toString('latin1'), signature: 'AAAA' };
        expect(readStatement('network-key', credentials.authority, KeyGrant, statement)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('signed for one purpose does not pass for another', () => {
    const { authorityKey, network } = credentials;
    if (authorityKey === undefined) throw new Error('no authority');
    const grant = { network: network.id, number: 9, key: Buffer.alloc(32).toString('base64'), since: 0, until: 0 };
    const statement = makeStatement('revocation', authorityKey, grant);
    expect(readStatement('network-key', credentials.authority, KeyGrant, statement)).toBeUndefined();
    expect(readStatement('revocation', credentials.authority, KeyGrant, statement)).toEqual(grant);
  });
});

describe('the ring of network keys', () => {
  it('always has the newest first, is bounded, and never brings back an older one', () => {
    const random = seededRandom(3);
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 20 }), fc.nat(12), (numbers, oldest) => {
        let keys: NetworkKeys = [{ number: 0, key: new Uint8Array(32), since: 0 }];
        for (const number of numbers) {
          const before = keys[0].number;
          keys = withNewKey(keys, { number, key: new Uint8Array(32), since: 0 }, 100 + random.below(100));
          expect(keys[0].number).toBe(Math.max(before, number));
          expect(keys.length).toBeLessThanOrEqual(MOST_KEYS);
          expect(keys.slice(1).every(({ until }) => until !== undefined)).toBe(true);
        }
        const left = stillAccepted(keys, oldest, 50);
        expect(left[0]).toEqual(keys[0]);
        expect(left.slice(1).every(({ number }) => number >= oldest)).toBe(true);
        expect(stillAccepted(keys, 0, 1000)).toHaveLength(1);
      }),
    );
  });
});

describe('the end of a certificate', () => {
  const { publicKey: key } = member;
  const issued = {
    network: 'n',
    node: member.nodeId,
    name: 'barn',
    serial: 's',
    key,
    issuedAt: 0,
    expiresAt: 365 * DAY,
  };

  it.each([
    [350 * DAY, 'fine'],
    [351 * DAY, 'near'],
    [362 * DAY, 'close'],
    [365 * DAY, 'expired'],
  ])('at %i ms is %s', (now, stage) => {
    expect(expiryStage(issued, now)).toBe(stage);
  });

  it('is far when the renewal is due: between two thirds of its life and a twentieth later', () => {
    expect(renewalDue(issued, 0)).toBeCloseTo((365 * DAY * 2) / 3);
    expect(renewalDue(issued, 1)).toBeLessThan(0.72 * 365 * DAY);
  });
});
