// What works on this node: its agents, their supervisor, and the network as they see it. Joined here, so that node.ts has
// one thing to wire; the parts know each other only through the interfaces that agents/ declares.

import type { HardwareNews } from '../agents/kinds/hardware.ts';
import { Supervisor } from '../agents/supervisor.ts';
import type { Clock } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { VisionProcessor } from '../vision/processor.ts';
import { MeshAgentNetwork } from './agent-network.ts';
import { BuiltInAgents } from './built-in-agents.ts';
import type { EffectiveConfig } from './config/effective.ts';
import { HardwareReader } from './hardware/reader.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { HardwareView } from './view/schema.ts';

export interface WorkforceParts {
  config: EffectiveConfig;
  dataDir: string;
  mesh: Mesh;
  vision: VisionProcessor;
  onReading(news: HardwareNews<HardwareView>): void;
  journal: Journal;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export class Workforce {
  readonly supervisor: Supervisor;
  readonly network: MeshAgentNetwork;
  readonly builtIn: BuiltInAgents;
  readonly #reader: HardwareReader;

  /** Before the mesh starts. */
  constructor(parts: WorkforceParts) {
    const { config, dataDir, mesh, vision, onReading, journal, clock, random, logger } = parts;
    this.network = new MeshAgentNetwork(mesh, clock);
    this.supervisor = new Supervisor({ config: config.agents, clock, random, journal, logger });
    this.#reader = new HardwareReader({ clock, dataDir, logger });
    this.builtIn = new BuiltInAgents({
      supervisor: this.supervisor,
      ...{ mesh, vision, hardware: this.#reader, onReading, journal, clock },
    });
  }

  /** After the services that the agents drive. */
  addTo(lifecycle: Lifecycle): void {
    lifecycle.add(this.supervisor, { required: false });
  }

  /** After all services have stopped. */
  close(): void {
    this.#reader.close();
  }
}
