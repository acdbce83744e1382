// The broker killed and hung, and a service that ends.

import type { Lifecycle } from '../../lifecycle.ts';
import type { EmbeddedBroker } from '../../telemetry/broker.ts';
import type { InjectionKind } from '../injection.ts';

export interface ServiceFaultsParts {
  broker: Pick<EmbeddedBroker, 'stop' | 'hold' | 'isHeld' | 'url'>;
  lifecycle: Pick<Lifecycle, 'statuses' | 'restart' | 'breakDown' | 'isRunning'>;
}

/** What nothing else stands on; a node without one of them works on. */
const MAY_BREAK = ['self-correction', 'camera-memory', 'federation-shipping'];

export function serviceFaults({ broker, lifecycle }: ServiceFaultsParts): InjectionKind[] {
  const brokers = (): string[] => (broker.url === undefined ? [] : ['broker']);
  const why = (): string => 'this node runs no broker of its own';
  const running = (): string[] =>
    lifecycle
      .statuses()
      .filter(({ name, state, required }) => !required && state.kind === 'running' && MAY_BREAK.includes(name))
      .map(({ name }) => name);
  return [
    {
      ...{ name: 'broker-down', fault: 'broker-down', lasts: 20_000, targets: brokers, why },
      does: 'ends the broker of this node: its clients are cut off and nobody answers on its port',
      at: (target, lasts) => ({
        ...{ fault: 'broker-down', subject: 'service/mqtt', target, lasts },
        harms: () => broker.url === undefined,
        inject: async () => {
          await broker.stop();
          return async () => {
            if (broker.url === undefined) await lifecycle.restart('broker');
          };
        },
      }),
    },
    {
      ...{ name: 'broker-hung', fault: 'broker-down', lasts: 40_000, targets: brokers, why },
      does: 'has the broker of this node take connections and read nothing, as a process that hangs',
      at: (target, lasts) => ({
        ...{ fault: 'broker-down', subject: 'service/mqtt', target, lasts },
        harms: () => broker.isHeld,
        inject: async () => {
          broker.hold(true);
          return () => broker.hold(false);
        },
      }),
    },
    {
      ...{ name: 'service-failed', fault: 'service-failed', lasts: 20_000, targets: running },
      why: () => `none of ${MAY_BREAK.join(', ')} runs`,
      does: 'ends a service of the node that does not come back by itself',
      at: (name, lasts) => ({
        ...{ fault: 'service-failed', subject: `service/${name}`, target: name, lasts },
        harms: () => lifecycle.isRunning(name) === false,
        inject: async () => {
          await lifecycle.breakDown(name, 'it was ended by chaos');
          return async () => {
            if (lifecycle.isRunning(name) === false) await lifecycle.restart(name);
          };
        },
      }),
    },
  ];
}
