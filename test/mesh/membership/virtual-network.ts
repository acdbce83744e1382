// A network of whole meshes (membership, renewal, key rotation) in memory on virtual time: days pass in seconds.

import { Value } from 'typebox/value';
import { type Clock, type Millis, VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { type Random, seededRandom } from '../../../core/random.ts';
import { MeshConfig } from '../../../mesh/config.ts';
import { enrol } from '../../../mesh/membership/enrolment.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { credentialsToDocument } from '../../../mesh/membership/network.ts';
import { MemoryState } from '../../../mesh/membership/state.ts';
import { decodeToken } from '../../../mesh/membership/token.ts';
import { Mesh } from '../../../mesh/mesh.ts';
import { MemoryMedium, MemoryTransport, memoryAddress } from '../../../mesh/transport/memory.ts';

const ENROL_TIMEOUT = 10_000;

export interface VirtualMember {
  name: string;
  mesh: Mesh;
  key: SigningKey;
  state: MemoryState;
  journal: JournalEntry[];
}

/** The same time, with another idea of the date. */
const skewed = (clock: Clock, ahead: () => Millis): Clock => ({
  now: () => clock.now(),
  wall: () => clock.wall() + ahead(),
  after: (delay, run) => clock.after(delay, run),
  every: (period, run) => clock.every(period, run),
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class VirtualNetwork {
  readonly clock = new VirtualClock();
  readonly medium: MemoryMedium;
  readonly #random: Random = seededRandom(7);
  readonly #lifetime: Millis;
  readonly #running = new Set<Mesh>();

  /** @param lifetime of certificates */
  constructor(lifetime: Millis) {
    this.#lifetime = lifetime;
    this.medium = new MemoryMedium(this.clock, this.#random, { delay: 5, loss: 0 });
  }

  /** A node with a network of its own, started. */
  found(name: string): Promise<VirtualMember> {
    return this.#start({ name, key: SigningKey.generate(), state: new MemoryState(), journal: [] }, []);
  }

  /** Another life of a node that was stopped. @param ahead how far its clock is ahead of the others' */
  again(
    member: Omit<VirtualMember, 'mesh'>,
    dials: VirtualMember[],
    ahead: () => Millis = () => 0,
  ): Promise<VirtualMember> {
    return this.#start(member, dials, ahead);
  }

  /** Enrolled with a token (the enrolment itself is over a real socket), and started. */
  async join(
    founder: VirtualMember,
    name: string,
    dials: VirtualMember[],
    ahead?: () => Millis,
  ): Promise<VirtualMember> {
    const key = SigningKey.generate();
    const state = new MemoryState();
    const { token } = await founder.mesh.createInvite({ expiresIn: 60_000 });
    const { credentials } = await enrol(
      decodeToken(token),
      { key, name },
      { wall: this.clock.wall(), timeout: ENROL_TIMEOUT },
    );
    await state.write('credentials', credentialsToDocument(credentials));
    return this.#start({ name, key, state, journal: [] }, dials, ahead);
  }

  async stop(member: VirtualMember): Promise<void> {
    this.#running.delete(member.mesh);
    const stopped = member.mesh.stop();
    await this.pass(500);
    await stopped;
  }

  async stopAll(): Promise<void> {
    const stopping = Promise.all([...this.#running].map((mesh) => mesh.stop()));
    this.#running.clear();
    await this.pass(500);
    await stopping;
  }

  /**
   * Lets time pass; what awaits goes on in between.
   * @param step milliseconds between two looks at what awaits
   */
  async pass(time: Millis, step: Millis = 20): Promise<void> {
    for (let passed = 0; passed < time; passed += step) {
      this.clock.advance(Math.min(step, time - passed));
      await turn();
    }
  }

  /** Until `check` holds; throws its last error when that takes longer than `within`. */
  async until(check: () => void, within: Millis): Promise<void> {
    for (let passed = 0; ; passed += 200) {
      try {
        return check();
      } catch (error) {
        if (passed >= within) throw error;
        await this.pass(200);
      }
    }
  }

  async #start(
    { name, key, state, journal }: Omit<VirtualMember, 'mesh'>,
    dials: VirtualMember[],
    ahead?: () => Millis,
  ): Promise<VirtualMember> {
    const config = Value.Parse(
      MeshConfig,
      Value.Default(MeshConfig, {
        ...{ preset: 'battery', autoDial: false, mdns: false, enrolPort: 0, listen: ['/ip4/127.0.0.1/tcp/0'] },
        bootstrap: dials.map(({ mesh }) => memoryAddress(mesh.id)),
      }),
    );
    const mesh = new Mesh({
      ...{ config, key, name, state, random: this.#random, logger: silentLogger },
      version: '0.0.0-test',
      listenIsExplicit: true,
      certificateLifetime: this.#lifetime,
      transports: () => [new MemoryTransport(key.nodeId, this.medium)],
      clock: ahead === undefined ? this.clock : skewed(this.clock, ahead),
      journal: { record: (entry) => journal.push(entry) },
    });
    await mesh.start(new AbortController().signal);
    this.#running.add(mesh);
    return { name, mesh, key, state, journal };
  }
}

export const told = ({ journal }: VirtualMember, kind: string): string[] =>
  journal.filter((entry) => entry.kind === kind).map(({ message }) => message);

export const names = ({ mesh }: VirtualMember, state = 'connected'): string[] =>
  mesh
    .peers()
    .filter((peer) => peer.state === state)
    .map(({ name }) => name)
    .sort();
