import { MemoryFederationStorage } from './memory-storage.ts';
import { describeFederationStorage } from './storage-compliance.ts';

describeFederationStorage('in memory', { open: async (bounds) => new MemoryFederationStorage(bounds) });
