// All devices that the node offers to Home Assistant now: itself, its cameras, its agents.

import { messageOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import type { View } from '../../view/view.ts';
import type { MqttConfig } from '../config.ts';
import type { Topics } from '../topics.ts';
import { agentDevice } from './agent-device.ts';
import { cameraDevice } from './camera-device.ts';
import type { Discovery, DiscoveryContext } from './device.ts';
import { nodeDevice } from './node-device.ts';

/** Observations of the past that are asked for the labels a camera has shown. */
const HISTORY = 500;

export interface DiscoveriesOptions {
  config: MqttConfig;
  view: View;
  topics: Topics;
  /** The labels a camera is configured to report; empty for all. */
  labelsOf: (camera: string) => readonly string[];
  logger: Logger;
}

export class Discoveries {
  readonly #options: DiscoveriesOptions;
  /** Labels by camera, in the order of their first sight: an entity that was there once stays. */
  readonly #labels = new Map<string, Set<string>>();

  constructor(options: DiscoveriesOptions) {
    this.#options = options;
  }

  all(): Discovery[] {
    const { config, view, topics } = this.#options;
    const node = view.node();
    const context: DiscoveryContext = {
      prefix: config.homeAssistant.prefix,
      topics,
      nodeId: node.id,
      nodeName: node.name,
      version: node.version,
      page: node.addresses.page.find(reachableFromElsewhere),
    };
    const cameras = view.cameras();
    for (const camera of this.#labels.keys()) if (!cameras.some(({ id }) => id === camera)) this.#labels.delete(camera);
    const places = new Map(view.places().map(({ camera, places }) => [camera, places]));
    return [
      nodeDevice(context, node, view.hardware(), view.federationNow()),
      ...cameras.map((camera) =>
        cameraDevice(context, camera, this.#labelsOf(camera.id, camera.counts), places.get(camera.id)),
      ),
      ...view.agents().map((agent) => agentDevice(context, agent, config.commands)),
    ];
  }

  #labelsOf(camera: string, counts: Record<string, number>): string[] {
    let labels = this.#labels.get(camera);
    if (labels === undefined) {
      labels = new Set([...this.#options.labelsOf(camera), ...this.#historyOf(camera)]);
      this.#labels.set(camera, labels);
    }
    for (const label of Object.keys(counts)) labels.add(label);
    return [...labels];
  }

  #historyOf(camera: string): string[] {
    const { view, logger } = this.#options;
    try {
      return view.observations({ camera, limit: HISTORY }).map(({ label }) => label);
    } catch (thrown) {
      logger.debug({ camera, cause: messageOf(thrown) }, 'no history of labels');
      return [];
    }
  }
}

/** A page that only this machine can open would lead people who click on it to their own. */
function reachableFromElsewhere(page: string): boolean {
  const { hostname } = new URL(page);
  return hostname !== 'localhost' && hostname !== '[::1]' && !hostname.startsWith('127.');
}
