// The self-correction of this node, joined to its witnesses and to what it may do: cameras, mesh, agents, board.

import type { AntiMeaveOracle } from '../../agents/oracle/oracle.ts';
import type { Supervisor } from '../../agents/supervisor.ts';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { Places } from '../../vision/correction/places.ts';
import { type Episode, SelfCorrectionEngine } from '../../vision/correction/self-correction-engine.ts';
import type { VisionProcessor } from '../../vision/processor.ts';
import type { Store } from '../store/store.ts';
import type { HardwareView } from '../view/schema.ts';
import type { CorrectionActions } from '../view/view.ts';
import { type ChangingCorrection, LocalPlanner } from './local-planner.ts';
import { taughtLooks } from './taught-looks.ts';
import { type Word, wordOfAgent, wordOfBoard, wordOfLink, wordOfPeer } from './witnesses.ts';

export interface SelfCorrectionParts {
  vision: VisionProcessor;
  mesh: Mesh;
  supervisor: Supervisor;
  store: Store;
  oracle: Pick<AntiMeaveOracle, 'authorize'>;
  /** See `LocalPlannerParts`. */
  propose?: ((correction: ChangingCorrection, why: string) => Promise<string>) | undefined;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

export class SelfCorrection implements Service {
  readonly name = 'self-correction';
  readonly engine: SelfCorrectionEngine;
  readonly places: Places;
  readonly #parts: SelfCorrectionParts;
  readonly #planner: LocalPlanner;

  constructor(parts: SelfCorrectionParts) {
    this.#parts = parts;
    const { vision, mesh, supervisor, store, oracle, clock, random, journal, logger } = parts;
    this.#planner = new LocalPlanner({
      self: mesh.id,
      authorize: (action) => oracle.authorize(action),
      propose: parts.propose,
      hasAgent: (id) => supervisor.agents().some((agent) => agent.id === id),
      restartAgent: (id) => supervisor.restart(id),
      hasCamera: (id) => vision.camera(id) !== undefined,
      restartCamera: (id) => supervisor.restart(`camera/${id}`),
      acceptView: (id) => vision.camera(id)?.acceptView(),
      lowerRate: () => vision.giveWay(),
      useOtherDetector: () => vision.useOtherDetector(),
      hasNeighbour: (name) => mesh.links().some(({ peerName }) => peerName === name),
      resetLink: (name) => {
        for (const { peer, peerName } of mesh.links()) if (peerName === name) mesh.resetLink(peer);
      },
    });
    this.engine = new SelfCorrectionEngine({
      ...{ planner: this.#planner, clock, journal },
      newId: () => `${clock.wall().toString(36)}-${random.below(2 ** 31).toString(36)}`,
      keepPicture: (camera, episode, when) => this.#keepPicture(camera, `correction-${episode}-${when}`),
      lookAgain: (camera) => this.places.lookAgain(camera),
    });
    this.places = new Places({
      ...{ cameras: vision, engine: this.engine, taught: taughtLooks(store), clock },
      logger: logger.child({ service: 'places' }),
    });
    mesh.on('peer', (peer) => this.#take(wordOfPeer(peer, clock.now())));
    mesh.on('link', (link) => this.#take(wordOfLink(link, clock.now())));
    supervisor.on('agent', (agent) => this.#take(wordOfAgent(agent, clock.now())));
    vision.on('detector', (state) =>
      this.#take(
        state.kind === 'failed'
          ? {
              wrong: {
                ...{ id: 'service/detector', kind: 'detector-failed', witness: 'vision', subject: 'service/vision' },
                ...{ message: `Nothing is detected: ${state.cause}`, since: clock.now(), confidence: 1, evidence: {} },
              },
            }
          : { well: 'service/detector' },
      ),
    );
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.engine.start(signal);
    this.places.start();
  }

  async stop(): Promise<void> {
    this.places.stop();
    await this.engine.stop();
  }

  hear(reading: HardwareView): void {
    this.#take(wordOfBoard(reading, this.#parts.clock.now()));
  }

  /** An operator takes one of the ways that were offered. Throws `CORRECTION_UNKNOWN`. */
  async takeOffer(episode: string, offer: number): Promise<string> {
    const found = this.engine.episodes().find(({ id }) => id === episode);
    const asked = found?.steps.findLast(({ correction }) => correction.action === 'operator.ask')?.correction;
    const correction = asked?.action === 'operator.ask' ? asked.offers[offer] : undefined;
    if (found === undefined || correction === undefined) {
      throw new ParlmeshError('CORRECTION_UNKNOWN', `Nothing is offered under number ${offer} of "${episode}"`, {
        hint: 'parlmesh vision corrections',
      });
    }
    return this.#planner.carryOut(correction, 'an operator chose it');
  }

  episodes(): readonly Episode[] {
    return this.engine.episodes();
  }

  #take(word: Word | undefined): void {
    if (word === undefined) return;
    if ('wrong' in word) this.engine.report(word.wrong);
    else this.engine.gone(word.well);
  }

  async #keepPicture(camera: string, id: string): Promise<string | undefined> {
    const shown = await this.#parts.vision.picture(camera);
    if (shown === undefined) return undefined;
    this.#parts.store.saveSnapshot(id, shown.picture, shown.at);
    return `/observations/${id}/picture`;
  }
}

/** What people may ask of it. */
export function correctionActions(correction: SelfCorrection): CorrectionActions {
  return {
    takeOffer: (episode, offer) => correction.takeOffer(episode, offer),
    teachPlace: (camera, place, state) => correction.places.teach(camera, place, state),
  };
}
