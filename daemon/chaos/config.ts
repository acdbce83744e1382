// Settings of chaos: faults that are injected on purpose.

import { type Static, Type } from 'typebox';

export const ChaosConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      description:
        'Let whoever administers this node inject faults into it, to see it heal. For demo and test networks: elsewhere a ' +
        'token of the authority that names `chaos.inject` allows it, and nothing else does.',
    }),
    mostSeconds: Type.Number({
      default: 120,
      minimum: 1,
      maximum: 3600,
      description: 'Longest time that one injected fault lasts; then it is undone, whatever was asked for.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Faults that are injected on purpose.' },
);
export type ChaosConfig = Static<typeof ChaosConfig>;
