// Nodes of a secure round in memory: real keys and the real state machines of both sides; only the network between them is
// a function that may lose what it likes.

import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { SecretSource } from '../../../../agents/federation/privacy/secret-numbers.ts';
import {
  advertise,
  answerCoordinator,
  type ClientParts,
  type ClientState,
  newNonce,
} from '../../../../agents/federation/secure/client.ts';
import type { FederationKeys } from '../../../../agents/federation/secure/federation-keys.ts';
import { formGroups, type Gathering, gatherKeys, planGroups } from '../../../../agents/federation/secure/gathering.ts';
import type { GroupState, ToNode } from '../../../../agents/federation/secure/group-state.ts';
import type { Plan, SecureMessage } from '../../../../agents/federation/secure/messages.ts';
import { closeStep, takeMessage } from '../../../../agents/federation/secure/server.ts';

/** Bytes that look random and are the same for the same seed. */
export function seededSecrets(seed: string): SecretSource {
  let drawn = 0;
  return (bytes) => {
    const blocks: Buffer[] = [];
    for (let have = 0; have < bytes; have += 32) {
      blocks.push(createHash('sha256').update(`${seed} ${drawn++}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, bytes);
  };
}

export class KeyRing {
  readonly #publicKeys = new Map<string, ReturnType<typeof generateKeyPairSync>['publicKey']>();

  /** The keys of a new node, whose id says which one it is. */
  newNode(number: number): FederationKeys {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const digits = String(number).padStart(4, '0').replaceAll('0', 'z');
    const self = `12D3KooW${'1'.repeat(40)}${digits}`;
    this.#publicKeys.set(self, publicKey);
    return {
      self,
      sign: (purpose, body) => sign(null, Buffer.concat([Buffer.from(`${purpose}\0`), body]), privateKey),
      verify: (purpose, signer, body, signature) => {
        const key = this.#publicKeys.get(signer);
        return key !== undefined && verify(null, Buffer.concat([Buffer.from(`${purpose}\0`), body]), key, signature);
      },
    };
  }
}

export interface SecureNode {
  parts: ClientParts;
  nonce: { nonce: string; commitment: string };
  input: Int32Array;
  weight: number;
}

export interface SecureNetwork {
  coordinator: FederationKeys;
  nodes: Map<string, SecureNode>;
  plan: Omit<Plan, 'kind' | 'node'>;
}

export function secureNetwork(options: {
  nodes: number;
  size: number;
  groupSize?: number;
  input(node: number): Int32Array;
  weight?(node: number): number;
}): SecureNetwork {
  const ring = new KeyRing();
  const coordinator = ring.newNode(9999);
  const nodes = new Map<string, SecureNode>();
  for (let number = 1; number <= options.nodes; number++) {
    const keys = ring.newNode(number);
    const secrets = seededSecrets(`node ${number}`);
    const input = options.input(number - 1);
    const parts: ClientParts = { keys, secrets, smallestGroup: 3, input: () => input };
    nodes.set(keys.self, { parts, nonce: newNonce(secrets), input, weight: options.weight?.(number - 1) ?? 1000 });
  }
  const plan = {
    network: 'net',
    learner: 'parl-policy',
    format: 1,
    term: 2,
    round: 17,
    base: '0123456789abcdef',
    size: options.size,
    clip: 1,
    noise: 0,
    parts: 1,
    groupSize: options.groupSize ?? Math.min(32, options.nodes),
    invited: [...nodes].map(([node, { nonce }]) => ({ node, commitment: nonce.commitment })),
  };
  return { coordinator, nodes, plan };
}

/** The round until all who are there have answered the roster: for tests that go on by hand. */
export function untilShared(network: SecureNetwork): {
  clients: Map<string, ClientState>;
  groups: GroupState[];
  planMessage: SecureMessage;
  gathering: Gathering;
  rosters: ToNode[];
} {
  const { coordinator, nodes } = network;
  const planned = planGroups(coordinator, network.plan);
  let gathering = planned.gathering;
  const clients = new Map<string, ClientState>();
  for (const [node, { parts, nonce, weight }] of nodes) {
    const step = advertise(parts, planned.message, coordinator.self, { nonce: nonce.nonce, weight });
    clients.set(node, step.state);
    gathering = gatherKeys(gathering, coordinator, step.answer!).gathering;
  }
  const { groups, send } = formGroups(gathering, coordinator);
  const after = deliver(network, clients, groups, send);
  return { clients, groups: after, planMessage: planned.message, gathering, rosters: send };
}

/** Gives messages to their nodes and the answers to the groups. */
export function deliver(
  network: SecureNetwork,
  clients: Map<string, ClientState>,
  groups: readonly GroupState[],
  send: readonly ToNode[],
): GroupState[] {
  let after = [...groups];
  for (const { node, message } of send) {
    const step = answerCoordinator(clients.get(node)!, message, network.nodes.get(node)!.parts);
    clients.set(node, step.state);
    if (step.answer === undefined) continue;
    const { answer } = step;
    after = after.map((group) =>
      group.members.some((member) => member.node === node)
        ? takeMessage(group, network.coordinator, answer).state
        : group,
    );
  }
  return after;
}

export const STEPS = ['keys', 'shares', 'masked', 'agreed', 'unmask'] as const;

/** A step in which a node vanishes, before its answer arrives. */
export type VanishesAt = (typeof STEPS)[number];

export interface PlayedRound {
  groups: GroupState[];
  clients: Map<string, ClientState>;
  /** Everything that the coordinator saw. */
  seen: SecureMessage[];
  /** Bytes by node: sent and received. */
  bytes: Map<string, { sent: number; received: number }>;
  /** Milliseconds of a processor by node, and of the coordinator, its unmasking apart. */
  spent: Map<string, number>;
}

/** Plays a whole round. @param vanishes by node */
export function playRound(network: SecureNetwork, vanishes: ReadonlyMap<string, VanishesAt> = new Map()): PlayedRound {
  const { coordinator, nodes } = network;
  const clients = new Map<string, ClientState>();
  const seen: SecureMessage[] = [];
  const bytes = new Map([...nodes.keys()].map((node) => [node, { sent: 0, received: 0 }]));
  const spent = new Map<string, number>();
  const timed = <T>(who: string, run: () => T): T => {
    const begun = process.cpuUsage();
    const result = run();
    const { user, system } = process.cpuUsage(begun);
    spent.set(who, (spent.get(who) ?? 0) + (user + system) / 1000);
    return result;
  };
  const gone = new Set<string>();
  const leaves = (node: string, step: VanishesAt): boolean => {
    if (vanishes.get(node) === step) gone.add(node);
    return gone.has(node);
  };
  const planned = planGroups(coordinator, network.plan);
  let gathering: Gathering = planned.gathering;
  for (const [node, { parts, nonce, weight }] of nodes) {
    if (leaves(node, 'keys')) continue;
    const step = timed(node, () => advertise(parts, planned.message, coordinator.self, { nonce: nonce.nonce, weight }));
    clients.set(node, step.state);
    bytes.get(node)!.received += sizeOf(planned.message);
    if (step.answer === undefined) continue;
    seen.push(step.answer);
    bytes.get(node)!.sent += sizeOf(step.answer);
    gathering = timed('coordinator', () => gatherKeys(gathering, coordinator, step.answer!).gathering);
  }
  const formed = timed('coordinator', () => formGroups(gathering, coordinator));
  let groups = formed.groups;
  let send: ToNode[] = formed.send;
  for (const stepName of STEPS.slice(1)) {
    for (const { node, message } of send) {
      if (leaves(node, stepName)) continue;
      const before = clients.get(node)!;
      const step = timed(node, () => answerCoordinator(before, message, nodes.get(node)!.parts));
      clients.set(node, step.state);
      bytes.get(node)!.received += sizeOf(message);
      if (step.answer === undefined) continue;
      seen.push(step.answer);
      bytes.get(node)!.sent += sizeOf(step.answer);
      groups = timed('coordinator', () =>
        groups.map((group) =>
          group.members.some((member) => member.node === node)
            ? takeMessage(group, coordinator, step.answer!).state
            : group,
        ),
      );
    }
    const closing = stepName === 'unmask' ? 'unmasking' : 'coordinator';
    const closed = timed(closing, () => groups.map((group) => closeStep(group, coordinator)));
    groups = closed.map(({ state }) => state);
    send = closed.flatMap((one) => one.send);
  }
  return { groups, clients, seen, bytes, spent };
}

export const sizeOf = ({ signed, data }: SecureMessage): number =>
  signed.body.length + signed.signature.length + data.length;
