// What the command line does without a daemon, on the files themselves. Whoever starts the program hands it in.

import type { AuditVerdict } from '../../agents/oracle/audit-chain.ts';
import type { ModelView } from '../view/schema.ts';

export interface NetworkName {
  id: string;
  name: string;
}

export interface LocalNetwork {
  network: NetworkName;
  node: { id: string; name: string };
  /** It may invite others. */
  holdsAuthority: boolean;
  /** Of this node; milliseconds since 1970. */
  certificate: { issuedAt: number; expiresAt: number };
  /** The newest network key that this node has. */
  key: { number: number; since: number };
}

export interface BackupSummary {
  file: string;
  bytes: number;
  /** Milliseconds since 1970. */
  at: number;
}

/**
 * All reject with a `ParlmeshError`. Those that write take the data folder's lock themselves, so they refuse
 * (DATA_DIR_IN_USE) while a daemon runs.
 */
export interface OfflineActions {
  /** Makes a network whose authority this node holds. `replace`: also where this node belongs to one already. */
  createNetwork(request: {
    dataDir: string;
    name: string;
    nodeName?: string;
    replace: boolean;
  }): Promise<{ network: NetworkName }>;
  /** Enrols this node with the inviter that the token names. */
  joinNetwork(request: { dataDir: string; token: string; nodeName?: string }): Promise<{ network: NetworkName }>;
  /** Undefined where there is no network yet. */
  showNetwork(dataDir: string): Promise<LocalNetwork | undefined>;
  checkStore(dataDir: string): Promise<{ ok: boolean; problems: string[] }>;
  backupStore(dataDir: string): Promise<{ file: string; bytes: number }>;
  /** Newest first. */
  listBackups(dataDir: string): Promise<BackupSummary[]>;
  /** Puts a backup in the store's place and sets the present file aside. Default: the newest backup. */
  restoreStore(dataDir: string, backup?: string): Promise<{ restored: string; setAside?: string }>;
  listModels(dataDir: string): Promise<ModelView[]>;
  /** Of the file alone: what other nodes remember of it is not asked. */
  verifyAudit(dataDir: string): Promise<AuditVerdict & { witnesses: number }>;
}
