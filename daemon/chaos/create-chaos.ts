// Chaos, joined to the services that faults are injected into.

import type { AntiMeaveOracle } from '../../agents/oracle/oracle.ts';
import type { Clock } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { VisionProcessor } from '../../vision/processor.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { liveJobs } from '../live-jobs.ts';
import type { Store } from '../store/store.ts';
import type { EmbeddedBroker } from '../telemetry/broker.ts';
import type { Workforce } from '../workforce.ts';
import { Chaos } from './chaos.ts';
import type { ChaosConfig } from './config.ts';
import type { Disturbances } from './disturbances.ts';
import { takeBack } from './faults/learning.ts';
import { chaosKinds } from './kinds.ts';
import { Traces } from './traces.ts';

export interface CreateChaosParts {
  config: ChaosConfig;
  dataDir: string;
  /** Folder of the models that came with parlmesh. */
  packagedModels: string;
  disturbances: Disturbances;
  mesh: Mesh;
  store: Store;
  vision: VisionProcessor;
  workforce: Workforce;
  lifecycle: Lifecycle;
  broker: EmbeddedBroker;
  oracle: AntiMeaveOracle;
  clock: Clock;
  random: Random;
  journal: Journal;
}

/** What a capability has to name. */
const RIGHT = 'chaos.inject';

export function createChaos(parts: CreateChaosParts): Chaos {
  const { workforce, oracle, clock, dataDir } = parts;
  const { supervisor, learning, relief, swarm } = workforce;
  const traces = new Traces(dataDir);
  return new Chaos({
    ...parts,
    kinds: chaosKinds({
      ...{ ...parts, supervisor, learning, traces, jobs: liveJobs(workforce) },
      relief: () => relief.share,
      waiting: () => swarm.backlog.perPlace(),
      places: () => swarm.backlog.places,
      now: () => clock.wall(),
    }),
    traces,
    isGranted: () => oracle.memory.wallet.names(RIGHT),
    takePolicyBack: (version) => takeBack(learning, version),
  });
}
