// One round from the word to its end, on the disk.

import type { FederatedCoordinator } from '../../agents/federation/federated-coordinator.ts';
import { LEARNER } from './bench-learner.ts';
import { ownWork } from './federation-node.ts';

/** Seconds, seconds of a processor in this process, and of the nodes' own packing and signing (by the clock). Rejects when the round fails, or less than all nodes are in it. */
export async function measuredRound(
  coordinator: FederatedCoordinator,
  nodes: number,
): Promise<{ seconds: number; processor: number; own: number }> {
  await offersHeard(coordinator, nodes);
  const [began, used] = [performance.now(), process.cpuUsage()];
  ownWork.seconds = 0;
  const ended = new Promise<void>((resolve, reject) => {
    const look = (): void => {
      const round = coordinator.open(LEARNER)?.state;
      if (round?.kind !== 'done' && round?.kind !== 'failed') return;
      coordinator.off('round', look);
      const counted = [...round.members.values()].filter(({ standing }) => standing.kind === 'in').length;
      if (round.kind === 'done' && counted === nodes) resolve();
      else {
        const cause = round.kind === 'failed' ? round.cause : 'some are missing';
        reject(new Error(`the round is ${round.kind} with ${counted} of ${nodes} nodes: ${cause}`));
      }
    };
    coordinator.on('round', look);
  });
  await coordinator.runNow(LEARNER);
  await ended;
  const { user, system } = process.cpuUsage(used);
  return { seconds: (performance.now() - began) / 1000, processor: (user + system) / 1e6, own: ownWork.seconds };
}

/** Not part of the round: nodes tell by gossip what they have before it begins. */
async function offersHeard(coordinator: FederatedCoordinator, nodes: number): Promise<void> {
  const heard = (): number => coordinator.status().learners[0]?.candidates ?? 0;
  while (heard() < nodes) await new Promise((done) => setTimeout(done, 20));
}
