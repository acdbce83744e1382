// Jobs as HTTP, MQTT and the command line see them and ask of them: the swarm, the store of large inputs and results,
// the scheduler that learns, and the federation that improves it.

import type { BlobExchange } from '../agents/swarm/blobs/blob-exchange.ts';
import type { BlobStore } from '../agents/swarm/blobs/blob-store.ts';
import type { SwarmOrchestrator } from '../agents/swarm/orchestrator.ts';
import type { FederationDesk } from './federation/desk.ts';
import type { Learning } from './learning.ts';
import type {
  FederationActions,
  FederationWindow,
  JobActions,
  JobWindow,
  PolicyActions,
  PolicyWindow,
} from './view/view.ts';

export interface LiveJobsParts {
  swarm: SwarmOrchestrator;
  blobs: BlobStore;
  exchange: BlobExchange;
  learning: Learning;
  federationDesk: FederationDesk;
}

type LiveJobs = JobWindow &
  JobActions &
  PolicyWindow &
  PolicyActions &
  FederationWindow &
  FederationActions & { followFederation(changed: () => void): void };

export function liveJobs({ swarm, blobs, exchange, learning, federationDesk: desk }: LiveJobsParts): LiveJobs {
  return {
    jobs: (query) => swarm.window.jobs(query),
    job: (id) => swarm.changes.job(id),
    swarm: () => swarm.window.swarm(),
    submitJob: (spec, actor, options) => swarm.changes.submit(spec, actor, options),
    cancelJob: (id, actor) => swarm.changes.cancel(id, actor),
    retryJob: (id, actor) => swarm.changes.retry(id, actor),
    blob: async (sha256, job) => {
      if (blobs.size(sha256) === undefined) {
        await exchange.bring({ $blob: sha256 }, job === undefined ? [] : holdersOf(await swarm.changes.job(job)));
      }
      return blobs.stream(sha256);
    },
    policy: () => learning.view(),
    policyDocument: (version) => learning.document(version),
    promotePolicy: (version) => learning.promote(version),
    rollbackPolicy: () => learning.rollback(),
    importPolicy: (document) => learning.import(document),
    writeBlob: (bytes, mediaType) => blobs.write(bytes, mediaType),
    federation: () => desk.federation(),
    federationRounds: (learner, limit) => desk.federationRounds(learner, limit),
    federationModels: (learner, limit) => desk.federationModels(learner, limit),
    federationLedger: (limit) => desk.federationLedger(limit),
    followFederation: (changed) => desk.follow(changed),
    beginRound: (learner) => desk.beginRound(learner),
    cancelRound: (learner, by) => desk.cancelRound(learner, by),
    pauseRounds: (by, reason) => desk.pauseRounds(by, reason),
    resumeRounds: (by) => desk.resumeRounds(by),
    setConsent: (learner, kind, choice) => desk.setConsent(learner, kind, choice),
    beginPrivacyAccount: (learner) => desk.beginPrivacyAccount(learner),
    decideHeld: (id, isApproved) => desk.decideHeld(id, isApproved),
  };
}

/** Nodes where tasks of a job ran: what they made is there. */
function holdersOf({ home, tasks }: Awaited<ReturnType<JobWindow['job']>>): string[] {
  return [...new Set([home.id, ...tasks.flatMap(({ attempts }) => attempts.map(({ node }) => node.id))])];
}
