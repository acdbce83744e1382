import { randomBytes } from 'node:crypto';
import type { ConnectionProtector, MessageStream } from '@libp2p/interface';
import { preSharedKey } from '@libp2p/pnet';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrivateNetwork } from '../../../mesh/transport/private-network.ts';

const GREETING = Buffer.from('\x13/multistream/1.0.0\n');
const LISTENER = multiaddr('/ip4/127.0.0.1/tcp/7421');
const [oldKey, newKey, strange] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

const ours = (...keys: Uint8Array[]): PrivateNetwork => new PrivateNetwork({ keys: () => keys, timeout: 1000 });
const theirs = (key: Uint8Array): ConnectionProtector => {
  const psk = Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(key).toString('hex')}`);
  return preSharedKey({ psk })();
};

/** Collects what comes until it is `length` bytes. */
function received(stream: MessageStream, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    stream.addEventListener('message', ({ data }) => {
      pieces.push(data.subarray());
      const all = Buffer.concat(pieces);
      if (all.length >= length) resolve(all);
    });
    stream.addEventListener('close', () => reject(new Error('closed')));
  });
}

/** Both ends protected; who dials says the greeting at once, as libp2p does. */
async function joined(
  dialler: ConnectionProtector,
  listener: ConnectionProtector,
): Promise<{ dialling: MessageStream; listening: MessageStream }> {
  const [outbound, inbound] = multiaddrConnectionPair({ outbound: { remoteAddr: LISTENER } });
  const listening = listener.protect(inbound).catch((error: Error) => {
    inbound.abort(error);
    throw error;
  });
  const dialling = dialler.protect(outbound).then((stream) => {
    stream.send(GREETING);
    return stream;
  });
  const [dial, listen] = await Promise.allSettled([dialling, listening]);
  if (dial.status === 'rejected') throw dial.reason;
  if (listen.status === 'rejected') throw listen.reason;
  return { dialling: dial.value, listening: listen.value };
}

describe('the private network', () => {
  it.each([
    ['with @libp2p/pnet as listener', ours(newKey, oldKey), theirs(newKey)],
    ['with @libp2p/pnet as dialler', theirs(oldKey), ours(newKey, oldKey)],
    ['with itself, over the newest key', ours(newKey, oldKey), ours(newKey)],
    ['with a dialler that has only the old key', ours(oldKey), ours(newKey, oldKey)],
  ])('carries any bytes both ways %s', async (_name, dialler, listener) => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, pieces, async (there, back) => {
        const { dialling, listening } = await joined(dialler, listener);
        const [sent, returned] = [Buffer.concat([GREETING, ...there]), Buffer.concat(back)];
        const arrived = Promise.all([received(listening, sent.length), received(dialling, returned.length)]);
        for (const piece of there) dialling.send(piece);
        for (const piece of back) listening.send(piece);
        expect(await arrived).toEqual([sent, returned]);
        dialling.abort(new Error('over'));
      }),
      { numRuns: 12 },
    );
  });

  it('does not let in who uses another key, whatever it says', async () => {
    await expect(joined(ours(strange), ours(newKey, oldKey))).rejects.toThrow('no key of this network');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 44, maxLength: 200 }), async (bytes) => {
        const [outbound, inbound] = multiaddrConnectionPair();
        const listening = ours(newKey, oldKey).protect(inbound);
        outbound.send(bytes);
        await expect(listening).rejects.toThrow('no key of this network');
        outbound.abort(new Error('over'));
      }),
      { numRuns: 30 },
    );
  });

  it('gives up on a dialler that says nothing', async () => {
    const [outbound, inbound] = multiaddrConnectionPair();
    const silent = new PrivateNetwork({ keys: () => [newKey], timeout: 20 });
    outbound.send(randomBytes(24));
    await expect(silent.protect(inbound)).rejects.toThrow();
    outbound.abort(new Error('over'));
  });

  it('tries the next older key with a node that does not know the newest, and keeps to the one that worked', async () => {
    const dialler = ours(newKey, oldKey);
    const late = ours(oldKey);
    await expect(joined(dialler, late)).rejects.toThrow('no key of this network');
    for (let again = 0; again < 2; again++) {
      const { dialling, listening } = await joined(dialler, late);
      const answer = received(dialling, 2);
      listening.send(Buffer.from('ok'));
      expect((await answer).toString()).toBe('ok');
      dialling.abort(new Error('over'));
    }
  });
});
