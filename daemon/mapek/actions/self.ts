// The daemon itself, started anew: what ends memory that it keeps and cannot name. It only stops; systemd starts it again.

import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { RepairHands } from '../../../agents/mapek/action.ts';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Store } from '../../store/store.ts';
import type { HardwareView } from '../../view/schema.ts';
import type { MapekConfig } from '../config.ts';

export interface SelfHandsParts {
  /** In force; a reload changes what is in it. */
  config: Pick<MapekConfig, 'restartSelf'>;
  store: Pick<Store, 'state' | 'putState'>;
  hardware: () => HardwareView | undefined;
  /** Ends the daemon, which is started again then; undefined where nobody would. */
  restart: (() => void) | undefined;
  clock: Clock;
}

const KEY = 'mapek.restarted-self';
const Kept = Type.Object({ at: Type.Number() });
/** What leaks so fast that it needs this more often is for people. */
const LEAST_BETWEEN: Millis = 6 * 3_600_000;
/** With less it is others who use the memory: this much, or half of a small board. */
const LEAST_BYTES = 400_000_000;

export function selfHands({ config, store, hardware, restart, clock }: SelfHandsParts): RepairHands {
  const may = (): true | string => {
    if (!config.restartSelf) return 'mapek.restartSelf is off';
    if (restart === undefined) return 'systemd did not start this daemon: nobody would start it again';
    const memory = hardware()?.memory;
    const least = Math.min(LEAST_BYTES, (memory?.totalBytes ?? 0) / 2);
    if (memory === undefined || memory.processBytes < least) return 'the daemon itself does not have much memory';
    const kept = store.state(KEY);
    if (kept === undefined) return true;
    // The clock may have been set since, either way.
    const isLong = Value.Check(Kept, kept) && Math.abs(clock.wall() - kept.at) >= LEAST_BETWEEN;
    return isLong || `it was done within the last ${LEAST_BETWEEN / 3_600_000} hours`;
  };
  return {
    'process.restart-self': {
      precondition: ({ subject }) => (subject === 'node' ? may() : 'it is not the daemon that has this'),
      carryOut: async (_symptom, _why, signal) => {
        const answer = may();
        if (answer !== true) throw new ParlmeshError('REPAIR_IMPOSSIBLE', answer);
        // On the disk first: what is not remembered could be done again and again.
        await store.putState(KEY, { at: clock.wall() });
        signal.throwIfAborted();
        // Not before the step has its end in the story.
        clock.after(0, () => restart?.());
        return 'The daemon ends in order, for systemd to start it again';
      },
    },
  };
}
