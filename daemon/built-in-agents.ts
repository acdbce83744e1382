// The agents that every node has: its board, its links, one for each camera. Joins each kind to the service it drives.

import { CameraAgent } from '../agents/kinds/camera.ts';
import { HardwareAgent, type HardwareNews } from '../agents/kinds/hardware.ts';
import type { HardwareSource } from '../agents/kinds/hardware-reading.ts';
import { LinkWatcher } from '../agents/kinds/link-watcher.ts';
import type { Supervisor } from '../agents/supervisor.ts';
import type { Clock, Millis } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { VisionProcessor } from '../vision/processor.ts';
import type { HardwareView } from './view/schema.ts';

export interface BuiltInAgentsParts {
  supervisor: Supervisor;
  mesh: Mesh;
  vision: VisionProcessor;
  hardware: HardwareSource<HardwareView>;
  onReading(news: HardwareNews<HardwareView>): void;
  journal: Journal;
  clock: Clock;
}

const CAMERA_START_WITHIN: Millis = 30_000;

export class BuiltInAgents {
  readonly #parts: BuiltInAgentsParts;
  #cameras: readonly string[] = [];

  constructor(parts: BuiltInAgentsParts) {
    this.#parts = parts;
  }

  /** @param hardwareInterval between readings of the board */
  async add(hardwareInterval: Millis, cameras: readonly string[]): Promise<void> {
    await this.#addHardware(hardwareInterval);
    await this.#addLinkWatcher();
    await this.#addCameras(cameras);
  }

  async setHardwareInterval(interval: Millis): Promise<void> {
    await this.#parts.supervisor.remove('hardware');
    await this.#addHardware(interval);
  }

  /** Takes the present agents away, lets `change` open and close cameras, and adds one for each that is there then. */
  async replaceCameras(cameras: readonly string[], change: () => Promise<void>): Promise<void> {
    for (const name of this.#cameras) await this.#parts.supervisor.remove(agentOf(name));
    this.#cameras = [];
    await change();
    await this.#addCameras(cameras);
  }

  async #addHardware(interval: Millis): Promise<void> {
    const { supervisor, hardware: source, onReading, journal, clock } = this.#parts;
    const id = 'hardware';
    await supervisor.add({
      id,
      create: () => new HardwareAgent({ id, source, interval, onReading, journal, clock }),
    });
  }

  async #addLinkWatcher(): Promise<void> {
    const { supervisor, mesh, journal, clock } = this.#parts;
    const id = 'links';
    const source = {
      onLinks: (listener: (links: ReturnType<Mesh['links']>) => void) => {
        const tell = (): void => listener(mesh.links());
        mesh.on('link', tell);
        return () => mesh.off('link', tell);
      },
    };
    await supervisor.add({ id, create: () => new LinkWatcher({ id, source, journal, clock }) });
  }

  async #addCameras(names: readonly string[]): Promise<void> {
    const { supervisor, vision, clock } = this.#parts;
    this.#cameras = names;
    for (const name of names) {
      const id = agentOf(name);
      await supervisor.add({
        id,
        create: () => {
          const camera = vision.camera(name);
          if (camera === undefined) {
            throw new ParlmeshError('CAMERA_CLOSED', `camera ${name} is closed because vision does not run`, {
              hint: 'parlmesh doctor tells why',
            });
          }
          return new CameraAgent({ id, camera, frameGap: camera.frameGap, startWithin: CAMERA_START_WITHIN, clock });
        },
      });
    }
  }
}

function agentOf(camera: string): string {
  return `camera/${camera}`;
}
