// Services by the lifecycle's word, and the detector's model.

import type { EventEmitter } from 'node:events';
import type { Clock } from '../../../core/clock.ts';
import type { VisionEvents, VisionProcessor } from '../../../vision/processor.ts';
import type { Lifecycle, ServiceStatus } from '../../lifecycle.ts';
import type { Say, Source } from './hearing.ts';

export interface ServiceSignalsParts {
  lifecycle: Pick<Lifecycle, 'statuses'> & Pick<EventEmitter<{ change: [ServiceStatus] }>, 'on' | 'off'>;
  vision: Pick<VisionProcessor, 'detectorState' | 'detectorId'> & Pick<EventEmitter<VisionEvents>, 'on' | 'off'>;
  clock: Clock;
  say: Say;
}

/**
 * Whose trouble is told elsewhere or is none to repair: the store and the detector say it themselves, a halt or a frozen actor is
 * the oracle's decision, and what is wrong with a membership people have to settle.
 */
const NOT_TOLD = new Set(['store', 'oracle', 'mesh', 'mapek']);

export class ServiceSignals implements Source {
  readonly #parts: ServiceSignalsParts;
  /** Models that were broken when they were to detect last. */
  readonly #broken = new Set<string>();

  constructor(parts: ServiceSignalsParts) {
    this.#parts = parts;
  }

  listen(): () => void {
    const { lifecycle, vision } = this.#parts;
    const hear = (service: ServiceStatus): void => this.#tell(service);
    const hearDetector = (): void => this.#tellDetector();
    lifecycle.on('change', hear);
    vision.on('detector', hearDetector);
    this.repeat();
    return () => {
      lifecycle.off('change', hear);
      vision.off('detector', hearDetector);
    };
  }

  repeat(subjects?: ReadonlySet<string>): void {
    const { lifecycle, vision } = this.#parts;
    for (const service of lifecycle.statuses()) {
      if (subjects === undefined || subjects.has(`service/${service.name}`)) this.#tell(service);
    }
    const models = [vision.detectorId, ...this.#broken];
    if (subjects === undefined || models.some((id) => subjects.has(`model/${id}`))) this.#tellDetector();
  }

  #tell({ name, state }: ServiceStatus): void {
    const { say, clock } = this.#parts;
    if (NOT_TOLD.has(name)) return;
    const about = { subject: `service/${name}`, at: clock.wall(), kind: 'state' } as const;
    if (state.kind === 'running') {
      say({ ...about, state: name === 'mqtt' ? 'connected' : 'running' });
    } else if (state.kind === 'degraded') {
      if (name === 'vision' && this.#isForModel) return;
      const message = `${name} is degraded: ${state.cause}`.slice(0, 400);
      say({ ...about, state: name === 'mqtt' ? 'unreachable' : 'degraded', message });
    }
  }

  #tellDetector(): void {
    const { say, vision, clock } = this.#parts;
    const state = vision.detectorState();
    const id = vision.detectorId;
    const about = { at: clock.wall(), kind: 'state' } as const;
    if (state.kind === 'failed') {
      this.#broken.add(id);
      say({ ...about, subject: `model/${id}`, state: 'broken', message: `Nothing is detected: ${state.cause}` });
    } else if (state.kind === 'ready') {
      this.#broken.delete(id);
      say({ ...about, subject: `model/${id}`, state: 'ready' });
      for (const other of this.#broken) say({ ...about, subject: `model/${other}`, state: 'replaced' });
    }
  }

  /** One that was put right is loaded first: until then vision is degraded for it still. */
  get #isForModel(): boolean {
    const { kind } = this.#parts.vision.detectorState();
    return kind === 'failed' || kind === 'loading';
  }
}
