// What every transport must do, by name; each implementation runs it.

import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  isPeerTransport,
  MAX_FRAME_BYTES,
  type PeerTransport,
  type PeerTransportEvents,
  type Transport,
} from '../../../mesh/transport/transport.ts';

export interface World {
  /** Two transports of one network, not started, on a medium that joins them. */
  a: Transport;
  b: Transport;
  /** Lets what was sent arrive, where time is virtual. */
  settle: () => Promise<void>;
  close: () => Promise<void>;
}

interface Heard {
  frames: Buffer[];
  messages: { peer: string; bytes: Buffer }[];
  connected: string[];
  disconnected: { peer: string; cause: string }[];
  ready: number;
  events: PeerTransportEvents;
}

function listener(admits = true): Heard {
  const heard: Omit<Heard, 'events'> = { frames: [], messages: [], connected: [], disconnected: [], ready: 0 };
  const events: PeerTransportEvents = {
    frame: (frame) => {
      heard.frames.push(Buffer.from(frame));
    },
    ready: () => {
      heard.ready++;
    },
    lost: () => {},
    connected: (peer) => heard.connected.push(peer),
    disconnected: (peer, cause) => heard.disconnected.push({ peer, cause }),
    message: (peer, bytes) => heard.messages.push({ peer, bytes: Buffer.from(bytes) }),
    discovered: () => {},
    admits: () => admits,
    drained: () => {},
    handshakeFailed: () => {},
  };
  return Object.assign(heard, { events });
}

export function itIsATransport(name: string, create: () => Promise<World>, has: { connections: boolean }): void {
  describe(name, () => {
    let world: World | undefined;
    const signal = new AbortController().signal;

    const start = async (a = listener(), b = listener()): Promise<{ world: World; a: Heard; b: Heard }> => {
      world = await create();
      await world.a.start(a.events, signal);
      await world.b.start(b.events, signal);
      await eventually(() => expect([a.ready, b.ready]).toEqual([1, 1]));
      return { world, a, b };
    };
    const eventually = (check: () => void): Promise<void> =>
      vi.waitFor(
        async () => {
          await world?.settle();
          check();
        },
        { timeout: 10_000, interval: 10 },
      );
    const connect = async (from: Transport, to: Transport): Promise<string | undefined> => {
      if (!isPeerTransport(from) || !isPeerTransport(to)) return undefined;
      return from.dial(to.addresses(), undefined, AbortSignal.timeout(5000));
    };
    /** Says something new until it is heard: a medium may need a moment to learn who listens. */
    const sayUntilHeard = async (from: Transport, size: number, heard: Heard): Promise<void> => {
      const said: Buffer[] = [];
      await eventually(() => {
        said.push(Buffer.alloc(size, said.length));
        from.broadcast(said.at(-1)!, 'test', 'origin');
        expect(heard.frames.length).toBeGreaterThan(0);
      });
      for (const frame of heard.frames) expect(said.some((one) => one.equals(frame))).toBe(true);
    };

    afterEach(async () => {
      await world?.a.stop();
      await world?.b.stop();
      await world?.close();
      world = undefined;
    });

    it('carries a frame unchanged to the other side', async () => {
      const {
        world: { a, b },
        b: heard,
      } = await start();
      await connect(a, b);
      await sayUntilHeard(a, 300, heard);
      expect(b.traffic().receivedMessages).toBeGreaterThan(0);
      expect(a.traffic().sentBytes).toBeGreaterThan(0);
    });

    it('carries a frame of the largest size', async () => {
      const {
        world: { a, b },
        b: heard,
      } = await start();
      await connect(a, b);
      await sayUntilHeard(a, MAX_FRAME_BYTES, heard);
    });

    it('takes frames while nobody is there and after it was stopped, without throwing', async () => {
      const {
        world: { a, b },
      } = await start();
      a.broadcast(Buffer.from('nobody'), 'test', 'origin');
      await a.stop();
      await a.stop();
      a.broadcast(Buffer.from('stopped'), 'test', 'origin');
      await b.stop();
    });

    if (!has.connections) return;

    const startPeers = async (
      onA?: Heard,
      onB?: Heard,
    ): Promise<{ a: PeerTransport; b: PeerTransport; heardA: Heard; heardB: Heard }> => {
      const { world, a: heardA, b: heardB } = await start(onA, onB);
      const { a, b } = world;
      if (!isPeerTransport(a) || !isPeerTransport(b)) throw new Error(`${name} has no connections`);
      return { a, b, heardA, heardB };
    };

    it('tells both sides who is connected, and carries messages in order', async () => {
      const { a, b, heardA, heardB } = await startPeers();
      const idOfB = await connect(a, b);
      await eventually(() => expect([heardA.connected, heardB.connected.length]).toEqual([[idOfB], 1]));
      const [idOfA] = heardB.connected;
      for (let at = 0; at < 20; at++) expect(a.send(idOfB!, Buffer.from([at]))).toBe(true);
      expect(b.send(idOfA!, Buffer.from('back'))).toBe(true);
      await eventually(() => expect(heardB.messages).toHaveLength(20));
      expect(heardB.messages.map(({ bytes }) => bytes[0])).toEqual(Array.from({ length: 20 }, (_, at) => at));
      await eventually(() => expect(heardA.messages.map(({ bytes }) => bytes.toString())).toEqual(['back']));
    });

    it('carries a frame to those peers only that it is told', async () => {
      const { a, b, heardA, heardB } = await startPeers();
      const idOfB = await connect(a, b);
      await eventually(() => expect([heardA.connected.length, heardB.connected.length]).toEqual([1, 1]));
      a.broadcast(Buffer.from('for nobody'), 'test', 'origin', []);
      a.broadcast(Buffer.from('for b'), 'test', 'origin', [idOfB!]);
      await eventually(() => expect(heardB.frames.map(String)).toEqual(['for b']));
    });

    it('tells both sides when one cuts the connection', async () => {
      const { a, b, heardA, heardB } = await startPeers();
      const idOfB = await connect(a, b);
      await eventually(() => expect(heardB.connected).toHaveLength(1));
      a.disconnect(idOfB!, 'not wanted');
      await eventually(() => expect(heardA.disconnected).toEqual([{ peer: idOfB, cause: 'not wanted' }]));
      await eventually(() => expect(heardB.disconnected).toHaveLength(1));
      expect(a.send(idOfB!, Buffer.from('late'))).toBe(false);
    });

    it('rejects a dial that nobody answers', async () => {
      const { a, b } = await startPeers();
      const addresses = b.addresses();
      await b.stop();
      await expect(a.dial(addresses, undefined, AbortSignal.timeout(5000))).rejects.toThrow();
    });

    it('does not connect to whom is not admitted', async () => {
      const { a, b, heardB } = await startPeers(listener(), listener(false));
      await connect(a, b).catch(() => {});
      await eventually(() => expect(heardB.messages).toEqual([]));
      expect(heardB.connected).toEqual([]);
    });
  });
}
