// Whether an incident speaks of what a fault touches: the subject itself, and what hangs on it. Pure.

import type { IncidentView } from '../../agents/mapek/incident.ts';
import type { InjectionView } from '../../daemon/chaos/view.ts';

const of = (kind: string, name: string): string => `${kind}/${name}`;

/** @param victim id of the node that it was injected into */
export function isConsequence(
  { name, subject, target }: Pick<InjectionView, 'name' | 'subject' | 'target'>,
  victim: string,
  { node, subject: about }: Pick<IncidentView, 'node' | 'subject'>,
): boolean {
  const isThere = node === victim;
  switch (name) {
    // Both ends of a link notice, each by the name of the other.
    case 'link-down':
    case 'link-lossy':
    case 'link-flapping':
      return isThere ? about === subject : node === target && about === of('link', victim);
    // Whoever is cut off, stopped or lies is noticed by all others; one that is cut off notices all others.
    case 'partition':
    case 'peer-silent':
    case 'peer-byzantine':
      return isThere
        ? about === 'node' || about.startsWith('link/') || about.startsWith('peer/')
        : [of('peer', victim), of('link', victim), 'node'].includes(about);
    case 'agent-crashed':
    case 'agent-hung':
    case 'agent-slow':
      // The agent of a camera and the camera; the node's agents carry out its tasks.
      return isThere && (about === subject || about === target);
    case 'camera-lost':
    case 'camera-covered':
    case 'camera-moved':
    case 'camera-frozen':
      return isThere && (about === subject || about === of('agent', subject));
    case 'broker-down':
    case 'broker-hung':
      return isThere && ['service/mqtt', 'service/broker'].includes(about);
    case 'model-broken':
      return isThere && (about.startsWith('model/') || about === 'service/vision');
    case 'memory-leak':
      return isThere && (about === 'node' || about === 'agent/chaos-leak');
    case 'disk-full':
    case 'store-corrupt':
      return isThere && ['node', 'service/store'].includes(about);
    case 'task-storm':
      return isThere && ['node', 'service/tasks', 'service/swarm'].includes(about);
    default:
      return isThere && about === subject;
  }
}
