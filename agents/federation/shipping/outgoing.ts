// What the shipper asks of this node's store.

import type { ExperienceStorage, StoredExperienceRow } from '../../parl/experience-storage.ts';

export interface OutgoingExperience
  extends Pick<ExperienceStorage, 'received' | 'skipTo' | 'acknowledge' | 'acknowledged'> {
  /** Rows of a node after a number, in the order of their numbers: at most `limit`, and about a megabyte. */
  following(node: string, sequence: number, limit: number): StoredExperienceRow[];
}
