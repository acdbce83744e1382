// What the mesh, the agents and the board say is wrong, as symptoms: witnesses beside the cameras. Pure.

import type { AgentSnapshot } from '../../agents/supervised-agent.ts';
import type { Millis } from '../../core/clock.ts';
import type { MeshLink, MeshPeer } from '../../mesh/views.ts';
import type { Symptom } from '../../vision/correction/symptom.ts';
import type { HardwareView } from '../view/schema.ts';

/** A symptom, or the id of one that is no more. */
export type Word = { wrong: Symptom } | { well: string };

/** Names are unique in a network as far as people keep them so; `about` of a place names them too. */
export function wordOfPeer(
  { name, state, presence }: Pick<MeshPeer, 'name' | 'state' | 'presence'>,
  now: Millis,
): Word {
  const id = `node/${name}`;
  // Who said goodbye was stopped by somebody.
  if (state !== 'gone') return { well: id };
  const message = `${name} is silent${presence.why === '' ? '' : `: ${presence.why}`}`.slice(0, 300);
  const wrong: Symptom = {
    ...{ id, kind: 'node-silent', witness: 'mesh', subject: id, message, since: now, confidence: 0.9 },
    evidence: { state, flaps: presence.flaps },
  };
  return { wrong };
}

/** Share of probes whose loss is more than bad luck. */
const LOSSY = 0.2;

export function wordOfLink(
  { peerName, state, loss }: Pick<MeshLink, 'peerName' | 'state' | 'loss'>,
  now: Millis,
): Word {
  const id = `link/${peerName}`;
  const isLossy = loss > LOSSY;
  if (state !== 'down' && !isLossy) return { well: id };
  const message =
    state === 'down' ? `The link to ${peerName} is down` : `The link to ${peerName} loses ${Math.round(loss * 100)} %`;
  return {
    wrong: {
      ...{ id, kind: 'link-bad', witness: 'mesh', subject: id, message, since: now },
      ...{ confidence: state === 'down' ? 0.9 : 0.7, evidence: { state, loss } },
    },
  };
}

/** Cameras' agents are left out: what their cameras say of themselves tells more. */
export function wordOfAgent(
  { id: agent, kind, state, lastError, restarts }: AgentSnapshot,
  now: Millis,
): Word | undefined {
  if (kind === 'camera' || kind === 'job-worker') return undefined;
  const id = `agent/${agent}`;
  // One that restarts is looked after by its supervisor.
  if (state !== 'degraded') return state === 'restarting' || state === 'starting' ? undefined : { well: id };
  const message = `Agent ${agent} has failed too often: ${lastError ?? 'no cause is known'}`.slice(0, 300);
  return {
    wrong: {
      ...{ id, kind: 'agent-failed', witness: 'agents', subject: id, message, since: now, confidence: 1 },
      evidence: { restarts },
    },
  };
}

/** Boards slow themselves down at 80 to 85 °C. */
const HOT = { begins: 82, ends: 76 };

export function wordOfBoard({ temperatureCelsius, throttling }: HardwareView, now: Millis): Word | undefined {
  const id = 'node/board-hot';
  const isThrottled = throttling?.throttled === true;
  if (temperatureCelsius === undefined && !isThrottled) return undefined;
  const isHot = isThrottled || (temperatureCelsius ?? 0) >= HOT.begins;
  if (!isHot) return (temperatureCelsius ?? 0) <= HOT.ends ? { well: id } : undefined;
  const message = `This board is hot${temperatureCelsius === undefined ? '' : `: ${Math.round(temperatureCelsius)} °C`}`;
  return {
    wrong: {
      ...{ id, kind: 'board-hot', witness: 'node', subject: 'node/self', message, since: now, confidence: 0.95 },
      evidence: { temperatureCelsius, isThrottled },
    },
  };
}
