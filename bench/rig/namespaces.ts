// Network namespaces joined by cables (veth pairs) on this machine, whose cables can be cut. Needs root, `ip` and `nft`.
// A caretaker process removes everything when the bench closes the rig, and also when the bench is killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled, monotonic, POISED, poised, run } from './processes.ts';
import type { CableCut } from './route-walk.ts';
import { type Cable, cableAddress, interfaceTo, neighbours, ownAddress, type Topology } from './topology.ts';

/**
 * `carrier`: the cable is pulled, the interfaces at both ends go down at once.
 * `silent`: the interfaces stay up, nothing arrives any more.
 */
export type CutKind = 'carrier' | 'silent';

/** Bounds what a mistyped option can do to the machine. */
const MOST_NODES = 64;

/** Waits for the end of its input, which comes when the bench ends in whatever way, then removes what the bench made. */
const CARETAKER = `
cat > /dev/null
for name in $(ip netns list | cut -d' ' -f1 | grep "^$1-[0-9]*$"); do
  ip netns pids "$name" | xargs -r kill -9 2> /dev/null
  ip netns del "$name"
done
rm -rf "$2"
`;

export class NamespaceRig implements AsyncDisposable {
  readonly topology: Topology;
  /** A folder for configuration and state of what runs here; removed with the rig. */
  readonly scratch: string;
  readonly #prefix: string;
  readonly #caretaker: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #cuts: CableCut[] = [];

  private constructor(topology: Topology) {
    this.topology = topology;
    this.scratch = mkdtempSync(join(tmpdir(), 'parlmesh-rig-'));
    this.#prefix = `parlmesh${process.pid}x${Math.trunc(monotonic()).toString(36)}`;
    this.#caretaker = spawn('sh', ['-c', CARETAKER, 'caretaker', this.#prefix, this.scratch], {
      // A Ctrl-C is for the bench, not for who cleans up after it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#gone = new Promise((done) => this.#caretaker.once('exit', () => done()));
  }

  /** Why a rig cannot be built here, or undefined. */
  static obstacle(): string | undefined {
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    const missing = ['ip', 'nft'].filter((program) => !isInstalled(program));
    return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')} (Debian: iproute2, nftables)`;
  }

  static async build(topology: Topology): Promise<NamespaceRig> {
    const obstacle = NamespaceRig.obstacle();
    if (obstacle !== undefined) throw new Error(obstacle);
    if (topology.nodes > MOST_NODES) throw new Error(`a rig has ${MOST_NODES} nodes at most`);
    const rig = new NamespaceRig(topology);
    try {
      await rig.#build();
    } catch (error) {
      await rig.close();
      throw error;
    }
    return rig;
  }

  namespace(node: number): string {
    return `${this.#prefix}-${node}`;
  }

  /** What runs a command in a node's namespace; the process keeps the id that it was started with. */
  inside(node: number): [string, string, string, string] {
    return ['ip', 'netns', 'exec', this.namespace(node)];
  }

  /** Every cut so far. */
  get cuts(): readonly Readonly<CableCut>[] {
    return this.#cuts;
  }

  /** Cuts a cable. It counts as cut from the order on, a few milliseconds before it is. */
  async cut(cable: Cable, kind: CutKind): Promise<void> {
    const [a, b] = cable;
    const pull = [...this.inside(a), ...POISED, 'ip', 'link', 'set', interfaceTo(b), 'down'] as const;
    const orders = kind === 'carrier' ? [pull] : [this.#dropping(a, b), this.#dropping(b, a)];
    const execute = await poised(orders);
    this.#cuts.push({ cable, at: monotonic(), until: Number.POSITIVE_INFINITY });
    await execute();
  }

  /** Joins a cable that was cut. */
  async restore(cable: Cable, kind: CutKind): Promise<void> {
    const [a, b] = cable;
    if (kind === 'carrier') await this.#ip(a, [`link set ${interfaceTo(b)} up`]);
    else await Promise.all([a, b].map((node) => run([...this.inside(node), 'nft', 'delete table netdev cut'])));
    for (const cut of this.#cuts) if (cut.cable === cable) cut.until = Math.min(cut.until, monotonic());
  }

  /** Bytes that the namespace's interface received since it was made. */
  async receivedBytes(node: number, device: string): Promise<number> {
    const text = await run([...this.inside(node), 'cat', '/proc/net/dev']);
    const line = text.split('\n').find((one) => one.trim().startsWith(`${device}:`));
    if (line === undefined) throw new Error(`${this.namespace(node)} has no interface ${device}`);
    return Number(line.split(':')[1]!.trim().split(/\s+/)[0]);
  }

  /** Ends everything that runs in the namespaces and removes them. */
  async close(): Promise<void> {
    this.#caretaker.stdin?.end();
    await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #build(): Promise<void> {
    const { topology } = this;
    const nodes = Array.from({ length: topology.nodes }, (_, node) => node);
    const cables = topology.cables.map(
      ([a, b]) =>
        `link add ${interfaceTo(b)} netns ${this.namespace(a)} type veth peer name ${interfaceTo(a)} netns ${this.namespace(b)}`,
    );
    const names = nodes.map((node) => `netns add ${this.namespace(node)}`);
    await run(['ip', '-batch', '-'], `${names.join('\n')}\n`);
    for (const node of nodes) await this.#prepareKernel(node);
    if (cables.length > 0) await run(['ip', '-batch', '-'], `${cables.join('\n')}\n`);
    for (const node of nodes) await this.#setUp(node);
  }

  /** Before the cables are there: interfaces take some of these over when they are made. */
  async #prepareKernel(node: number): Promise<void> {
    await run([
      ...this.inside(node),
      'sysctl',
      '-qw',
      'net.ipv4.ip_forward=1',
      'net.ipv6.conf.all.forwarding=1',
      'net.ipv4.conf.all.rp_filter=0',
      'net.ipv4.conf.default.rp_filter=0',
    ]);
  }

  async #setUp(node: number): Promise<void> {
    const commands = ['link set lo up', `addr add ${ownAddress(node)}/32 dev lo`];
    for (const { peer, cable } of neighbours(this.topology, node)) {
      commands.push(`addr add ${cableAddress(this.topology, cable, node)}/24 dev ${interfaceTo(peer)}`);
      commands.push(`link set ${interfaceTo(peer)} up`);
    }
    await this.#ip(node, commands);
  }

  async #ip(node: number, commands: string[]): Promise<void> {
    await run(['ip', '-n', this.namespace(node), '-batch', '-'], `${commands.join('\n')}\n`);
  }

  #dropping(node: number, peer: number): [string, ...string[]] {
    const chain = `type filter hook ingress device ${interfaceTo(peer)} priority 0; policy drop;`;
    return [...this.inside(node), ...POISED, 'nft', `table netdev cut { chain arriving { ${chain} }; }`];
  }
}
