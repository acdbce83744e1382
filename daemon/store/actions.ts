// What people may ask of the store.

import type { StoreActions } from '../view/view.ts';
import type { Store } from './store.ts';

export function storeActions(store: Store): StoreActions {
  return {
    backupStore: () => store.backup(),
    checkStore: async () => {
      const { ok, problems } = await store.check();
      return { ok, problems };
    },
  };
}
