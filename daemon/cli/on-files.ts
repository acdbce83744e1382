// What the command line does without a daemon, on the files of the data folder.

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { verifyAudit } from '../../agents/oracle/audit-chain.ts';
import { keptCheckpoint } from '../../agents/oracle/memory.ts';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { changeNetwork } from '../../mesh/membership/change-of-network.ts';
import { enrol } from '../../mesh/membership/enrolment.ts';
import type { SigningKey } from '../../mesh/membership/keys.ts';
import {
  type Credentials,
  CredentialsDocument,
  createNetwork,
  credentialsFromDocument,
  ownCertificate,
} from '../../mesh/membership/network.ts';
import { readDocument } from '../../mesh/membership/state.ts';
import { decodeToken } from '../../mesh/membership/token.ts';
import { describeModel, listModels, PACKAGED_MODELS } from '../../vision/detection/model-file.ts';
import { lockDataDir } from '../config/data-dir.ts';
import { nodeNameOf } from '../config/node-name.ts';
import { detectProfile } from '../hardware/detect.ts';
import { loadIdentity } from '../security/identity.ts';
import { NetworkFiles } from '../security/network.ts';
import { ORACLE_STATE } from '../security/oracle-state.ts';
import { listBackups } from '../store/backups.ts';
import { backupStore, checkStore, readAudit, readStored, restoreStore } from '../store/offline.ts';
import type { OfflineActions } from './offline.ts';

const BACKUPS_KEPT = 3;
const ENROL_TIMEOUT_MS = 15_000;

export function actionsOnFiles(clock: Clock): OfflineActions {
  return {
    createNetwork: ({ dataDir, name, nodeName = nodeNameOf(hostname()), replace }) =>
      whileLocked(dataDir, async () => {
        const state = new NetworkFiles(dataDir);
        const present = await credentialsIn(state);
        if (present !== undefined && !replace) {
          throw new ParlmeshError('NETWORK_EXISTS', `This node belongs to network "${present.network.name}" already`, {
            hint: '`--replace` leaves it; its keys are kept aside in network/former',
          });
        }
        const credentials = createNetwork(name, await loadIdentity(dataDir), nodeName, clock.wall());
        await changeNetwork(state, present, { credentials, peers: [] }, nothingRuns);
        return { network: credentials.network };
      }),

    joinNetwork: async ({ dataDir, token: text, nodeName = nodeNameOf(hostname()) }) => {
      const token = decodeToken(text);
      return whileLocked(dataDir, async () => {
        const state = new NetworkFiles(dataDir);
        const newcomer = { key: await loadIdentity(dataDir), name: nodeName };
        const timing = { wall: clock.wall(), timeout: ENROL_TIMEOUT_MS };
        const { credentials, peers } = await enrol(token, newcomer, timing);
        await changeNetwork(state, await credentialsIn(state), { credentials, peers }, nothingRuns);
        return { network: credentials.network };
      });
    },

    showNetwork: async (dataDir) => {
      const credentials = await credentialsIn(new NetworkFiles(dataDir));
      if (credentials === undefined) return undefined;
      const key: SigningKey = await loadIdentity(dataDir);
      const { name, issuedAt, expiresAt } = ownCertificate(credentials, key, clock.wall());
      const [{ number, since }] = credentials.keys;
      return {
        network: credentials.network,
        node: { id: key.nodeId, name },
        holdsAuthority: credentials.authorityKey !== undefined,
        certificate: { issuedAt, expiresAt },
        key: { number, since },
      };
    },

    checkStore: async (dataDir) => checkStore(dataDir),
    backupStore: (dataDir) => onExisting(dataDir, async () => backupStore(dataDir, clock.wall(), BACKUPS_KEPT)),
    listBackups: async (dataDir) => listBackups(dataDir),
    restoreStore: (dataDir, backup) =>
      onExisting(dataDir, async () => {
        const restored = backup ?? listBackups(dataDir)[0]?.file;
        if (restored === undefined) {
          throw new ParlmeshError('STORE_BACKUP_MISSING', `There is no backup in ${join(dataDir, 'backups')}`, {
            hint: 'Name a file: parlmesh store restore FILE',
          });
        }
        const { replaced } = restoreStore(dataDir, restored, clock.wall());
        return { restored, ...(replaced === undefined ? {} : { setAside: replaced }) };
      }),

    verifyAudit: async (dataDir) => {
      if (!existsSync(dataDir)) throw missing(dataDir);
      const key = await loadIdentity(dataDir);
      const verify = (body: Uint8Array, signature: Uint8Array): boolean =>
        key.publicKey.verify('audit', body, signature);
      const checkpoint = keptCheckpoint(readStored(dataDir, ORACLE_STATE));
      const witnesses = checkpoint === undefined ? [] : [checkpoint];
      return { ...verifyAudit(key.nodeId, readAudit(dataDir), verify, witnesses), witnesses: witnesses.length };
    },

    listModels: async (dataDir) => {
      const { detector } = detectProfile().profile;
      const models = await listModels([join(dataDir, 'models'), PACKAGED_MODELS]);
      return Promise.all(models.map((model) => describeModel(model, detector)));
    },
  };
}

const nothingRuns = async (): Promise<void> => {};

/** For what needs a folder that is there: asking must not leave one behind. */
async function onExisting<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  if (!existsSync(dataDir)) throw missing(dataDir);
  return whileLocked(dataDir, work);
}

function missing(dataDir: string): ParlmeshError {
  return new ParlmeshError('DATA_DIR_MISSING', `There is no data folder ${dataDir}`, {
    hint: 'Name another with --data-dir; parlmesh run makes one at its first start',
  });
}

async function whileLocked<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const lock = lockDataDir(dataDir);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function credentialsIn(state: NetworkFiles): Promise<Credentials | undefined> {
  const document = await readDocument(state, 'credentials', CredentialsDocument);
  return document && credentialsFromDocument(document);
}
