// The board: a hot processor, a weak supply, a process that leaks, a clock that jumps.

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Agent } from '../../../agents/agent.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import type { Clock, Millis } from '../../../core/clock.ts';
import type { HardwareView } from '../../view/schema.ts';
import type { Disturbances, Overlay } from '../disturbances.ts';
import type { InjectionKind } from '../injection.ts';
import { LeakingAgent } from '../leaking-agent.ts';

export interface BoardFaultsParts {
  disturbances: Pick<Disturbances, 'overlays' | 'setClock'>;
  supervisor: Pick<Supervisor, 'add' | 'remove'>;
  /** Share of the work that the node gives up now, 0 to 1. */
  relief: () => number;
  clock: Clock;
}

/** Degrees of the overlaid sensor: with a processor at rest, and what one that works all the time adds. */
const HEAT = { rest: 58, work: 32 };
/** The clock goes forward by it: beyond what a time server smears, within what certificates and envelopes bear. */
const JUMP: Millis = 45_000;
const WELL = {
  ...{ underVoltage: false, frequencyCapped: false, throttled: false },
  ...{ softTemperatureLimit: false, everUnderVoltage: false, everThrottled: false },
};
/** The board that the leak is shown on: what the leak takes is nearly all of it. */
const SMALL_BOARD = { leak: 96_000_000, spare: 5_000_000 };

export function boardFaults({ disturbances, supervisor, relief, clock }: BoardFaultsParts): InjectionKind[] {
  const here = () => ['node'];
  const overlaid = (overlay: Overlay): (() => void) => {
    disturbances.overlays.add(overlay);
    return () => disturbances.overlays.delete(overlay);
  };
  return [
    {
      ...{ name: 'cpu-hot', fault: 'cpu-hot', lasts: 60_000, targets: here },
      does: 'keeps one core busy, and lays a temperature over the sensor’s that follows that work',
      at: (target, lasts) => ({
        ...{ fault: 'cpu-hot', subject: 'node', target, lasts },
        // From which the loop takes it for over: 75 °C.
        harms: () => HEAT.rest + HEAT.work * (1 - relief()) >= 75,
        inject: async () => {
          const share = new Float64Array(new SharedArrayBuffer(8));
          share[0] = 1;
          const worker = new Worker(new URL('../spinner.worker.ts', import.meta.url), {
            workerData: share,
            name: 'chaos',
          });
          worker.unref();
          worker.on('error', () => {});
          const end = overlaid((reading) => {
            // Work that is shed is shed by it too, as by any task.
            share[0] = 1 - relief();
            return { ...reading, temperatureCelsius: HEAT.rest + HEAT.work * share[0] };
          });
          return async () => {
            end();
            await worker.terminate();
          };
        },
      }),
    },
    {
      ...{ name: 'under-voltage', fault: 'under-voltage', lasts: 20_000, targets: here },
      does: 'lays the firmware’s flag for a weak supply over the reading (no real supply is touched)',
      at: (target, lasts) => ({
        ...{ fault: 'under-voltage', subject: 'node', target, lasts },
        inject: async () =>
          overlaid((reading) => ({
            ...reading,
            throttling: { ...(reading.throttling ?? WELL), underVoltage: true, everUnderVoltage: true },
          })),
      }),
    },
    {
      ...{ name: 'memory-leak', fault: 'memory-leak', lasts: 60_000, targets: here },
      does: `runs a process that keeps more and more memory, up to ${SMALL_BOARD.leak / 1e6} MB, and shows the node as a board with little more than that`,
      at: (target, lasts) => {
        let process: ChildProcess | undefined;
        let first: ChildProcess | undefined;
        return {
          ...{ fault: 'memory-leak', subject: 'node', target, lasts },
          harms: () => first === undefined || (first.exitCode === null && first.signalCode === null),
          inject: async () => {
            const id = 'chaos-leak';
            await supervisor.add({
              id,
              create: (): Agent<unknown> => {
                // One that was started anew keeps nothing: what leaked is gone with the process before.
                const bytes = process === undefined ? SMALL_BOARD.leak : 0;
                return new LeakingAgent({
                  id,
                  bytes,
                  clock,
                  started: (child) => {
                    process = child;
                    first ??= child;
                  },
                });
              },
            });
            const end = overlaid((reading) => smallBoard(reading, residentBytes(process?.pid)));
            return async () => {
              end();
              await supervisor.remove(id);
            };
          },
        };
      },
    },
    {
      ...{ name: 'clock-jump', fault: 'clock-jump', lasts: 20_000, targets: here },
      does: `sets the wall clock of this node ${JUMP / 1000} s forward, and back at the end`,
      at: (target, lasts) => ({
        ...{ fault: 'clock-jump', subject: 'node', target, lasts },
        inject: async () => {
          disturbances.setClock(JUMP);
          return () => disturbances.setClock(-JUMP);
        },
      }),
    },
  ];
}

/** A board whose memory the leak, when it is whole, leaves `spare` of. */
function smallBoard(reading: HardwareView, leaked: number): HardwareView {
  const { memory } = reading;
  const totalBytes = memory.processBytes + SMALL_BOARD.leak + 40_000_000 + SMALL_BOARD.spare;
  const availableBytes = Math.max(0, totalBytes - memory.processBytes - leaked);
  return { ...reading, memory: { ...memory, totalBytes, availableBytes } };
}

function residentBytes(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}
