import { Duplex, Transform } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BlobExchange } from '../../../../agents/swarm/blobs/blob-exchange.ts';
import type { BlobStore } from '../../../../agents/swarm/blobs/blob-store.ts';
import { headOf } from '../../../../agents/swarm/blobs/wire.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import type { JournalEntry } from '../../../../core/journal.ts';
import { seededRandom } from '../../../../core/random.ts';
import { Exchange, type MemoryNetwork } from '../../exchange.ts';
import { bytesOf, inPieces, openBlobs, sha256 } from './kept-blobs.ts';

interface BlobNode {
  id: string;
  store: BlobStore;
  exchange: BlobExchange;
  network: MemoryNetwork;
  said: JournalEntry[];
  /** Offsets that this node asked others from, with their ids. */
  asked: [node: string, offset: number][];
}

/** Nodes that reach each other. Files take real time, so virtual time goes on by itself. */
async function nodes<const Ids extends string[]>(...ids: Ids): Promise<{ nodes: BlobNode[]; net: Exchange }> {
  const clock = new VirtualClock({ start: 1 });
  const random = seededRandom(1);
  const net = new Exchange({ clock, random });
  const passing = setInterval(() => clock.advance(20), 4);
  onTestFinished(() => clearInterval(passing));
  const made: BlobNode[] = [];
  for (const id of ids) {
    const { store, said } = await openBlobs({ clock });
    const network = net.join(id);
    const asked: BlobNode['asked'] = [];
    const openStream = network.openStream.bind(network);
    network.openStream = (node, service, header) => {
      asked.push([node, JSON.parse(header).offset]);
      return openStream(node, service, header);
    };
    const journal = { record: (entry: JournalEntry): void => void said.push(entry) };
    made.push({
      id,
      store,
      network,
      said,
      asked,
      exchange: new BlobExchange({ network, store, clock, random, journal }),
    });
  }
  await expect.poll(() => made.every(({ network }) => network.nodes().every(({ reachable }) => reachable))).toBe(true);
  return { nodes: made, net };
}

/** The next streams that `node` opens break off, each after so many bytes. */
function cutNext({ network }: BlobNode, ...after: number[]): void {
  const openStream = network.openStream;
  network.openStream = async (...request) => {
    let left = after.shift() ?? Number.POSITIVE_INFINITY;
    if (after.length === 0) network.openStream = openStream;
    const stream = await openStream(...request);
    const knife = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        this.push(part);
        done(left > 0 ? null : new Error('the cable was pulled'));
      },
    });
    knife.on('error', () => {});
    stream.on('error', () => {}).pipe(knife);
    return Duplex.from({ readable: knife, writable: stream });
  };
}

/** Answers for the blob with bytes of its own choice. */
function lie({ network }: BlobNode, bytes: Uint8Array, total = bytes.length): void {
  network.handleStream('blob', async (_origin, stream, header) => {
    stream.on('error', () => {}).resume();
    stream.write(headOf({ kind: 'bytes', total }));
    stream.end(bytes.subarray(JSON.parse(header).offset));
  });
}

describe('a blob of another node', () => {
  it('is fetched from whoever has it, and kept', async () => {
    const { nodes: all } = await nodes('a', 'b', 'c');
    const [a, , c] = all as [BlobNode, BlobNode, BlobNode];
    const bytes = bytesOf(1, 700_000);
    const ref = await c.store.write(inPieces(bytes, 50_000));
    await a.exchange.bring(ref);
    expect(bytes.equals(await a.store.read(ref))).toBe(true);
    await a.exchange.bring(ref, ['c']);
    expect(a.exchange.status()).toMatchObject({ fetched: 1, fetchedBytes: 700_000, fetching: 0, lies: 0 });
    expect(c.exchange.status()).toMatchObject({ given: 1, givenBytes: 700_000, giving: 0 });
  });

  it('is asked of those first that are said to have it', async () => {
    const { nodes: all } = await nodes('a', 'b', 'c', 'd');
    const [a, , , d] = all as [BlobNode, BlobNode, BlobNode, BlobNode];
    const ref = await d.store.write(bytesOf(1, 1_000));
    await a.exchange.bring(ref, ['d']);
    expect(a.asked).toEqual([['d', 0]]);
  });

  it('goes on where it was cut, from another node', async () => {
    const { nodes: all } = await nodes('a', 'b', 'c');
    const [a, b, c] = all as [BlobNode, BlobNode, BlobNode];
    const bytes = bytesOf(1, 3_000_000);
    const ref = await b.store.write(bytes);
    await c.store.write(bytes);
    cutNext(a, 1_000_009);
    await a.exchange.bring(ref, ['b', 'c']);
    expect(bytes.equals(await a.store.read(ref))).toBe(true);
    const [[first], [second, offset]] = a.asked as [[string, number], [string, number]];
    expect([first, second].toSorted()).toEqual(['b', 'c']);
    // What was under way when it was cut is lost.
    expect(offset).toBeGreaterThan(500_000);
    expect(offset).toBeLessThanOrEqual(1_000_000);
  });

  it('goes on from the same node when there is no other, however often it is cut', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    const ref = await b.store.write(bytesOf(1, 1_000_000));
    cutNext(a, 300_009, 300_009);
    await a.exchange.bring(ref);
    const offsets = a.asked.map(([, offset]) => offset);
    expect(offsets).toHaveLength(3);
    expect(offsets).toEqual([0, expect.toSatisfy((at) => at > 0), expect.toSatisfy((at) => at > offsets[1]!)]);
  });

  it('is fetched once for all who want it', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    const ref = await b.store.write(bytesOf(1, 500_000));
    await Promise.all(Array.from({ length: 10 }, () => a.exchange.bring(ref, ['b'])));
    expect(a.asked).toHaveLength(1);
  });

  it('is not fetched any more when nobody waits, but is while one does', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    const ref = await b.store.write(bytesOf(1, 2_000_000));
    const [one, two] = [new AbortController(), new AbortController()];
    const first = a.exchange.bring(ref, [], one.signal);
    const second = a.exchange.bring(ref, [], two.signal);
    one.abort(new Error('the first went away'));
    await expect(first).rejects.toThrow('the first went away');
    await second;
    const other = await b.store.write(bytesOf(2, 2_000_000));
    const third = a.exchange.bring(other, [], two.signal);
    two.abort(new Error('the second went away'));
    await expect(third).rejects.toThrow('the second went away');
    await expect.poll(() => a.exchange.status().fetching).toBe(0);
    expect(a.store.size(other.$blob)).toBeUndefined();
    await a.exchange.bring(other);
    expect(a.store.size(other.$blob)).toBe(2_000_000);
  });

  it('that nobody has is told as such', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    await expect(a.exchange.bring({ $blob: sha256(bytesOf(1, 1)) })).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    expect(b.exchange.status().refused.unknown).toBeGreaterThan(0);
  });

  it('whose only node falls silent in the middle is given up after fifteen seconds without a byte', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    const bytes = bytesOf(1, 1_000_000);
    b.network.handleStream('blob', async (_origin, stream) => {
      stream.resume().on('error', () => {});
      stream.write(headOf({ kind: 'bytes', total: bytes.length }));
      stream.write(bytes.subarray(0, 1_000));
    });
    const fetched = a.exchange.bring({ $blob: sha256(bytes), bytes: bytes.length });
    await expect(fetched).rejects.toMatchObject({
      code: 'BLOB_UNREACHABLE',
      message: expect.stringContaining('b sends nothing'),
    });
  });
});

describe('a node that lies', () => {
  it('is found out by the hash, named, and asked no more', async () => {
    const { nodes: all } = await nodes('a', 'b', 'c');
    const [a, b, c] = all as [BlobNode, BlobNode, BlobNode];
    const bytes = bytesOf(1, 300_000);
    lie(b, bytesOf(2, 300_000));
    const ref = await c.store.write(bytes);
    await a.exchange.bring(ref, ['b', 'c']);
    expect(bytes.equals(await a.store.read(ref))).toBe(true);
    const lies = a.asked.filter(([node]) => node === 'b').length;
    expect(lies).toBeLessThanOrEqual(1);
    expect(a.said.map(({ kind, subject }) => [kind, subject])).toEqual(lies === 1 ? [['blob.wrong', 'peer/b']] : []);
  });

  it('spoils nothing when its bytes are mixed with those of an honest one', async () => {
    const { nodes: all } = await nodes('a', 'b', 'c');
    const [a, b, c] = all as [BlobNode, BlobNode, BlobNode];
    const bytes = bytesOf(1, 600_000);
    const wrong = Buffer.from(bytes);
    wrong[100] = wrong[100]! ^ 1;
    wrong[599_999] = wrong[599_999]! ^ 1;
    lie(b, wrong);
    const ref = await c.store.write(bytes);
    cutNext(a, 200_009);
    await a.exchange.bring(ref, ['b', 'c']);
    expect(bytes.equals(await a.store.read(ref))).toBe(true);
  });

  it('about the size is refused before its bytes are taken', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    lie(b, bytesOf(1, 1_000), 2_000_000_000);
    const { $blob } = { $blob: sha256(bytesOf(1, 1_000)) };
    await expect(a.exchange.bring({ $blob })).rejects.toMatchObject({ code: 'BLOB_UNREACHABLE' });
    lie(b, bytesOf(1, 2_000));
    await expect(a.exchange.bring({ $blob, bytes: 1_000 })).rejects.toMatchObject({
      code: 'BLOB_UNREACHABLE',
      message: expect.stringContaining('it has 2000 bytes, not 1000'),
    });
    expect(a.exchange.status().lies).toBe(2);
    expect(a.store.status().blobs).toBe(0);
  });
});

describe('a node that gives', () => {
  it('turns down what is no request, and counts it', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    for (const header of [
      '',
      '{"blob":"../../etc/passwd","offset":0}',
      `{"blob":"${'a'.repeat(64)}","offset":-1}`,
      'x'.repeat(5_000),
    ]) {
      await expect(b.network.takeStream('blob', 'a', Duplex.from([]), header)).rejects.toMatchObject({
        code: 'BLOB_REQUEST_INVALID',
      });
    }
    expect(b.exchange.status().refused.invalid).toBe(4);
    expect(a.exchange.status().refused.invalid).toBe(0);
  });

  it('gives four blobs at a time to one other, which fetches no more at once', async () => {
    const { nodes: all } = await nodes('a', 'b');
    const [a, b] = all as [BlobNode, BlobNode];
    const refs = await Promise.all(Array.from({ length: 12 }, (_, i) => b.store.write(bytesOf(i, 400_000))));
    let most = 0;
    const looking = setInterval(() => {
      most = Math.max(most, b.exchange.status().giving);
    }, 1);
    await Promise.all(refs.map((ref) => a.exchange.bring(ref, ['b'])));
    clearInterval(looking);
    expect(most).toBeLessThanOrEqual(4);
    expect(a.store.status().blobs).toBe(12);
    expect(b.exchange.status().refused.busy).toBe(0);
  });

  it('breaks off when its own copy is damaged, and the other end goes on elsewhere', async () => {
    const { nodes: all } = await nodes('a', 'b', 'c');
    const [a, b, c] = all as [BlobNode, BlobNode, BlobNode];
    const bytes = bytesOf(1, 600_000);
    const ref = await b.store.write(bytes);
    await c.store.write(bytes);
    const stream = b.store.stream.bind(b.store);
    b.store.stream = async function* (hash, offset) {
      let first = true;
      for await (const chunk of stream(hash, offset)) {
        if (!first) throw new Error('damaged');
        first = false;
        yield chunk;
      }
    };
    await a.exchange.bring(ref, ['b', 'c']);
    expect(bytes.equals(await a.store.read(ref))).toBe(true);
  });
});

it('a hundred megabytes travel without being held in memory', { timeout: 120_000 }, async () => {
  const { nodes: all } = await nodes('a', 'b');
  const [a, b] = all as [BlobNode, BlobNode];
  const piece = bytesOf(1, 100_000);
  async function* many(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 1000; i++) yield piece;
  }
  const ref = await b.store.write(many());
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 5);
  await a.exchange.bring(ref);
  clearInterval(looking);
  expect(a.store.size(ref.$blob)).toBe(100_000_000);
  expect(most).toBeLessThan(60_000_000);
});
