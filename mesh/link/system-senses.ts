// What a real node has to see its links with: UDP probes from a thread of their own, and the kernel's word.

import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { MeshConfig } from '../config.ts';
import type { Impairments } from '../impairments.ts';
import type { NodeId } from '../membership/keys.ts';
import { IpCarrierWatch } from './carrier-watch.ts';
import { Prober } from './prober.ts';
import type { LinkSenses } from './senses.ts';

export interface SystemSensesParts {
  self: NodeId;
  config: Pick<MeshConfig, 'listen' | 'probe'>;
  /** Probes are made worse by it as all else is. */
  impairments?: Impairments;
  clock: Clock;
  logger: Logger;
}

export function systemSenses({ self, config, impairments, clock, logger }: SystemSensesParts): LinkSenses {
  return {
    prober: (events) =>
      new Prober({
        ...{ ...events, self, listen: config.listen, port: config.probe.port, clock, logger },
        ...(impairments !== undefined && { impairments }),
      }),
    carriers: (events) => new IpCarrierWatch({ ...events, clock, logger }),
  };
}
