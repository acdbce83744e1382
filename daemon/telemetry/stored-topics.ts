// Where the ledger of published topics is kept: in the store's state, so that a crash leaves nothing stale behind.

import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Store } from '../store/store.ts';
import type { TopicMemory } from './ledger.ts';

const KEY = 'mqtt.topics';

export function storedTopics(store: Pick<Store, 'state' | 'putState'>, logger: Logger): TopicMemory {
  return {
    load: () => {
      const entries = store.state(KEY);
      return Array.isArray(entries) ? entries.filter((entry) => typeof entry === 'string') : [];
    },
    save: (entries) => {
      store.putState(KEY, entries).catch((thrown: unknown) => {
        logger.warn({ cause: messageOf(thrown) }, 'the published topics could not be remembered');
      });
    },
  };
}
