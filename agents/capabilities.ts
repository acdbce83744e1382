// What an agent may do: the type, and the two pure questions about it. Signing, handing on and the watch over their
// use belong to the oracle.

import { type Static, Type } from 'typebox';
import type { Millis } from '../core/clock.ts';

const SCOPES = ['node', 'group', 'network'] as const;

/** How far an action may reach: this node, a group of nodes, the whole network. Each includes the ones before. */
export type CapabilityScope = (typeof SCOPES)[number];

export const Capability = Type.Object(
  {
    action: Type.String({
      pattern: '^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*(\\.\\*)?$',
      maxLength: 100,
      description: 'Dotted name (`camera.capture`), or a prefix with `.*` for everything below it.',
    }),
    scope: Type.Union([Type.Literal('node'), Type.Literal('group'), Type.Literal('network')]),
    mostNodes: Type.Integer({ minimum: 1, default: 1, description: 'Most nodes one action may touch.' }),
    largestShare: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 1,
      description: 'Largest share of the network that one action may touch; a single node is always within it.',
    }),
    expiresAt: Type.Optional(Type.Number({ description: 'Milliseconds since 1970. Without it, it does not expire.' })),
    approvals: Type.Integer({ minimum: 0, default: 0, description: 'Nodes that must approve an action beforehand.' }),
  },
  { additionalProperties: false },
);
export type Capability = Static<typeof Capability>;

export const AgentCapabilities = Type.Array(Capability, { maxItems: 32 });
export type AgentCapabilities = Static<typeof AgentCapabilities>;

/** One thing that somebody wants to do. */
export interface ActionRequest {
  action: string;
  scope: CapabilityScope;
  /** Nodes it would touch. */
  nodes: number;
  /** Nodes in the network. */
  networkSize: number;
  /** Distinct nodes that have approved. */
  approvals: number;
  /** Wall-clock time of the request. */
  now: Millis;
}

export type Verdict = { allowed: true; by: Capability } | { allowed: false; reason: string };

/**
 * How many nodes must approve the request for `allows` to say yes; undefined when no number of approvals would do.
 */
export function approvalsNeeded(capabilities: AgentCapabilities, request: ActionRequest): number | undefined {
  const enough = capabilities.filter(
    (capability) =>
      coversAction(capability.action, request.action) &&
      lackOf(capability, { ...request, approvals: Number.POSITIVE_INFINITY }) === undefined,
  );
  return enough.length === 0 ? undefined : Math.min(...enough.map(({ approvals }) => approvals));
}

/** May the holder do this? Denies by default; the reason tells what the nearest capability lacks. */
export function allows(capabilities: AgentCapabilities, request: ActionRequest): Verdict {
  let reason = `no capability names ${request.action}`;
  for (const capability of capabilities) {
    if (!coversAction(capability.action, request.action)) continue;
    const lack = lackOf(capability, request);
    if (lack === undefined) return { allowed: true, by: capability };
    reason = `${describe(capability)} ${lack}`;
  }
  return { allowed: false, reason };
}

/** Does `child` give nothing that `parent` does not give? Every one of its capabilities lies within one of the parent's. */
export function isAttenuationOf(child: AgentCapabilities, parent: AgentCapabilities): boolean {
  return child.every((narrow) => parent.some((wide) => within(narrow, wide)));
}

/** `camera.capture@node`: how people see a capability. */
export function describe(capability: Capability): string {
  return `${capability.action}@${capability.scope}`;
}

/** Everything: what the holder of the network's authority hands on from. No manifest may name it. */
export const EVERYTHING: Capability = {
  action: '*',
  scope: 'network',
  mostNodes: 1_000_000,
  largestShare: 1,
  approvals: 0,
};

/** A capability for this node alone, as the built-in agents hold them. */
export function onThisNode(action: string): Capability {
  return { action, scope: 'node', mostNodes: 1, largestShare: 1, approvals: 0 };
}

function lackOf(capability: Capability, request: ActionRequest): string | undefined {
  if (capability.expiresAt !== undefined && request.now >= capability.expiresAt) return 'has expired';
  if (rank(request.scope) > rank(capability.scope)) return `does not reach the ${request.scope}`;
  if (!(request.nodes <= capability.mostNodes)) return `allows ${capability.mostNodes} nodes, not ${request.nodes}`;
  if (!(request.nodes <= Math.max(1, capability.largestShare * request.networkSize))) {
    return `allows ${capability.largestShare * 100} % of the network, not ${request.nodes} of ${request.networkSize} nodes`;
  }
  if (!(request.approvals >= capability.approvals)) {
    return `needs ${capability.approvals} approvals, has ${request.approvals}`;
  }
  return undefined;
}

function within(narrow: Capability, wide: Capability): boolean {
  return (
    coversAction(wide.action, narrow.action) &&
    rank(narrow.scope) <= rank(wide.scope) &&
    narrow.mostNodes <= wide.mostNodes &&
    narrow.largestShare <= wide.largestShare &&
    (narrow.expiresAt ?? Number.POSITIVE_INFINITY) <= (wide.expiresAt ?? Number.POSITIVE_INFINITY) &&
    narrow.approvals >= wide.approvals
  );
}

/** `camera.*` covers `camera.capture` and `camera.light.*`, not `camera`; `*` covers all. */
function coversAction(wide: string, narrow: string): boolean {
  return wide === narrow || wide === '*' || (wide.endsWith('.*') && narrow.startsWith(wide.slice(0, -1)));
}

function rank(scope: CapabilityScope): number {
  return SCOPES.indexOf(scope);
}
