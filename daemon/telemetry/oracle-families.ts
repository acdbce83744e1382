// The metrics of the oracle: what was allowed and refused, who is frozen, whether changes are halted.

import type { OracleFigures } from '../../agents/oracle/status.ts';
import { type Family, sampleOf } from './samples.ts';

export type OracleTotals = OracleFigures & { frozen: number; halted: boolean };

export const oracleFamilies: Family[] = [
  {
    name: 'parlmesh_oracle_decisions_total',
    type: 'counter',
    help: 'Actions that the oracle was asked about, by what it said.',
    labels: ['outcome'],
    read: ({ oracle }) =>
      oracle === undefined
        ? []
        : [
            [oracle.allowed, 'allowed'],
            [oracle.denied, 'denied'],
          ],
  },
  {
    name: 'parlmesh_oracle_approvals_total',
    type: 'counter',
    help: 'Approvals of wide actions that other nodes asked this one for, by what it said.',
    labels: ['outcome'],
    read: ({ oracle }) =>
      oracle === undefined
        ? []
        : [
            [oracle.approvalsGiven, 'given'],
            [oracle.approvalsRefused, 'refused'],
          ],
  },
  {
    name: 'parlmesh_oracle_frozen',
    type: 'gauge',
    help: 'Actors of this network of which nothing is done on this node.',
    read: ({ oracle }) => sampleOf(oracle?.frozen),
  },
  {
    name: 'parlmesh_oracle_halted',
    type: 'gauge',
    help: '1 while changes of policies and configuration are halted.',
    read: ({ oracle }) => sampleOf(oracle && Number(oracle.halted)),
  },
  {
    name: 'parlmesh_oracle_freezes_total',
    type: 'counter',
    help: 'Times that an actor was frozen.',
    read: ({ oracle }) => sampleOf(oracle?.freezes),
  },
];
