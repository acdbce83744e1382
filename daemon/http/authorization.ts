// Which action each changing route of the API is, and the one place where the oracle is asked about it: after the scope
// was checked and the request was found to be well-formed, before anything is done.

import type { FastifyRequest, RouteOptions } from 'fastify';
import type { Authorizer, ProposedAction } from '../../agents/authorizer.ts';
import type { OracleDesk } from '../security/oracle-desk.ts';
import type { Tokens } from '../security/tokens.ts';
import { actorOf } from './actor.ts';

interface RouteAction {
  action: string;
  /** What it is done to; `:id` is the parameter of that name. */
  subject: string;
  /** Whom it touches; left out, this node. */
  reach?: 'network' | 'named';
}

/** Every route that may change something has an entry: without one the server does not start. */
const ACTIONS: Readonly<Record<string, RouteAction | 'changes nothing' | 'asks itself'>> = {
  'POST /agents/:id/restart': { action: 'agent.restart', subject: 'agent/:id' },
  'POST /tokens': { action: 'token.create', subject: 'tokens' },
  'DELETE /tokens/:id': { action: 'token.revoke', subject: 'token/:id' },
  'POST /config/reload': { action: 'config.reload', subject: 'node' },
  'POST /power/wake': { action: 'power.wake', subject: 'node' },
  'POST /store/backup': { action: 'store.backup', subject: 'service/store' },
  'POST /store/check': 'changes nothing',
  'DELETE /network/members/:id': { action: 'network.remove', subject: 'peer/:id', reach: 'named' },
  'POST /network/invites': { action: 'network.invite', subject: 'service/mesh' },
  'POST /network/join': { action: 'network.join', subject: 'service/mesh' },
  'POST /network/key-rotations': { action: 'network.rotate-key', subject: 'service/mesh', reach: 'network' },
  'POST /routes/plan/apply': { action: 'plan.apply', subject: 'service/mesh', reach: 'network' },
  // Taking back is no change that anybody must agree to: links cost what is measured again.
  'POST /routes/plan/undo': { action: 'plan.undo', subject: 'service/mesh' },
  'PUT /vision/cameras/:id/zones': { action: 'camera.draw-zones', subject: 'camera/:id' },
  'DELETE /vision/cameras/:id/zones': { action: 'camera.draw-zones', subject: 'camera/:id' },
  'POST /vision/corrections/:id/offers/:offer': { action: 'vision.take-offer', subject: 'correction/:id' },
  'POST /vision/cameras/:id/places/:place/looks': { action: 'vision.teach', subject: 'camera/:id' },
  'POST /anomalies/:id/acknowledge': { action: 'anomaly.acknowledge', subject: 'anomaly/:id' },
  'DELETE /anomalies/:id/acknowledge': { action: 'anomaly.acknowledge', subject: 'anomaly/:id' },
  'PUT /anomalies/quiet-hours': { action: 'anomaly.quiet-hours', subject: 'service/anomalies' },
  'POST /incidents/:id/answer': { action: 'incident.answer', subject: 'incident/:id' },
  'POST /chaos': { action: 'chaos.inject', subject: 'chaos' },
  'POST /chaos/schedule': { action: 'chaos.inject', subject: 'chaos' },
  'DELETE /chaos': { action: 'chaos.end', subject: 'chaos' },
  'POST /peers/:id/readmit': { action: 'peer.readmit', subject: 'peer/:id' },
  'POST /relay/:node/ping': 'changes nothing',
  'POST /relay/:node/trace': 'changes nothing',
  'POST /session': 'changes nothing',
  'DELETE /session': 'changes nothing',
  'POST /blobs': { action: 'blob.write', subject: 'blobs' },
  'POST /vision/ocr': 'changes nothing',
  'POST /vision/topology': 'changes nothing',
  'POST /jobs': 'asks itself',
  'POST /jobs/:id/cancel': 'asks itself',
  'POST /jobs/:id/retry': 'asks itself',
  'POST /policy': { action: 'policy.import', subject: 'service/parl' },
  'POST /policy/promote': { action: 'policy.promote', subject: 'service/parl' },
  'POST /policy/rollback': { action: 'policy.rollback', subject: 'service/parl' },
  'POST /federation/rounds': { action: 'federation.round', subject: 'service/federation' },
  'DELETE /federation/rounds/:learner': { action: 'federation.cancel', subject: 'federation/:learner' },
  'POST /federation/pause': { action: 'federation.pause', subject: 'service/federation' },
  'POST /federation/resume': { action: 'federation.resume', subject: 'service/federation' },
  'PUT /federation/consent': { action: 'federation.consent', subject: 'service/federation' },
  'POST /federation/accounts/:learner': { action: 'federation.account', subject: 'federation/:learner' },
  'POST /federation/held/:id': { action: 'federation.release', subject: 'federation/:id' },
  'POST /oracle/unfreeze': { action: 'oracle.unfreeze', subject: 'oracle' },
  'POST /oracle/freeze': { action: 'oracle.freeze', subject: 'oracle' },
  'POST /oracle/lift': { action: 'oracle.lift', subject: 'oracle' },
  'POST /oracle/halt': { action: 'oracle.halt', subject: 'oracle' },
  'POST /oracle/tokens': { action: 'oracle.grant', subject: 'oracle' },
  'DELETE /oracle/tokens/:id': { action: 'oracle.revoke', subject: 'oracle/:id' },
  'POST /oracle/orders': 'asks itself',
};

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const PREFIX = '/api/v3';

/** What the API needs to know of the network to say whom an action touches. */
export interface Reach {
  self: string;
  /** Ids of all nodes, this one among them, where this node can change the whole network; else itself. */
  network(): readonly string[];
}

/** The oracle, as the API asks and shows it. */
export interface OracleAccess {
  authorizer: Authorizer;
  desk: OracleDesk;
  reach: Reach;
}

export type RouteAuthorization = Pick<OracleAccess, 'authorizer' | 'reach'> & { tokens: Tokens };

/** Rejects with `NOT_AUTHORIZED` for what the caller may not do. */
export async function authorizeRoute(request: FastifyRequest, parts: RouteAuthorization): Promise<void> {
  const proposed = proposedBy(request, parts);
  if (proposed !== undefined) await parts.authorizer.authorize(proposed);
}

function proposedBy(request: FastifyRequest, { reach, tokens }: RouteAuthorization): ProposedAction | undefined {
  if (SAFE_METHODS.has(request.method) || request.routeOptions.config.scope === 'none') return undefined;
  const known = actionOfRoute(request.method, request.routeOptions.url ?? '');
  if (typeof known === 'string') return undefined;
  const params = request.params;
  const value = (name: string): string => {
    const given = typeof params === 'object' && params !== null && name in params ? Reflect.get(params, name) : '';
    return String(given).slice(0, 100);
  };
  const nodes = known.reach === 'network' ? reach.network() : known.reach === 'named' ? [value('id')] : [reach.self];
  return {
    action: known.action,
    actor: actorOf(request.caller, tokens),
    scope: nodes.every((node) => node === reach.self) ? 'node' : known.reach === 'network' ? 'network' : 'group',
    // Where this node cannot do it to others at all, whoever does it says so better.
    nodes: known.reach === 'named' && reach.network().length === 1 ? [reach.self] : nodes,
    subject: known.subject.replace(/:(\w+)/g, (_, name: string) => value(name)),
  };
}

/** @param url as the route was declared, with or without the prefix */
export function actionOfRoute(method: string, url: string): RouteAction | 'changes nothing' | 'asks itself' {
  const path = url.startsWith(PREFIX) ? url.slice(PREFIX.length) : url;
  const known = ACTIONS[`${method} ${path}`];
  if (known === undefined) throw new Error(`${method} ${path} is no action that the oracle knows: name it in ACTIONS`);
  return known;
}

/** Throws for a route that may change something and is no action. */
export function mustBeAction({ method, url }: Pick<RouteOptions, 'method' | 'url'>): void {
  for (const each of [method].flat()) if (!SAFE_METHODS.has(each)) actionOfRoute(each, url);
}
