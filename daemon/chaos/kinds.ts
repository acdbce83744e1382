// All faults that can be injected into a node.

import { type AgentFaultsParts, agentFaults } from './faults/agents.ts';
import { type BoardFaultsParts, boardFaults } from './faults/board.ts';
import { type CameraFaultsParts, cameraFaults } from './faults/cameras.ts';
import { type LearningFaultsParts, learningFaults } from './faults/learning.ts';
import { type LinkFaultsParts, linkFaults } from './faults/links.ts';
import { type ServiceFaultsParts, serviceFaults } from './faults/services.ts';
import { type StoreFaultsParts, storeFaults } from './faults/store.ts';
import type { InjectionKind } from './injection.ts';

export type ChaosKindsParts = AgentFaultsParts &
  BoardFaultsParts &
  CameraFaultsParts &
  LearningFaultsParts &
  LinkFaultsParts &
  ServiceFaultsParts &
  StoreFaultsParts;

export const chaosKinds = (parts: ChaosKindsParts): InjectionKind[] => [
  ...agentFaults(parts),
  ...linkFaults(parts),
  ...boardFaults(parts),
  ...storeFaults(parts),
  ...serviceFaults(parts),
  ...cameraFaults(parts),
  ...learningFaults(parts),
];
