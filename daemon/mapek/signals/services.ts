// Services by the lifecycle's word, and the detector's model.

import type { Clock } from '../../../core/clock.ts';
import type { VisionProcessor } from '../../../vision/processor.ts';
import type { Lifecycle, ServiceStatus } from '../../lifecycle.ts';
import type { Say, Source } from './hearing.ts';

export interface ServiceSignalsParts {
  lifecycle: Pick<Lifecycle, 'statuses' | 'on' | 'off'>;
  vision: Pick<VisionProcessor, 'detectorState' | 'detectorId' | 'on' | 'off'>;
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
    if (subjects === undefined || subjects.has(`model/${vision.detectorId}`)) this.#tellDetector();
  }

  #tell({ name, state }: ServiceStatus): void {
    const { say, clock } = this.#parts;
    if (NOT_TOLD.has(name)) return;
    const about = { subject: `service/${name}`, at: clock.wall(), kind: 'state' } as const;
    if (state.kind === 'running') {
      say({ ...about, state: name === 'mqtt' ? 'connected' : 'running' });
    } else if (state.kind === 'degraded') {
      if (name === 'vision' && this.#parts.vision.detectorState().kind === 'failed') return;
      const message = `${name} is degraded: ${state.cause}`.slice(0, 400);
      say({ ...about, state: name === 'mqtt' ? 'unreachable' : 'degraded', message });
    }
  }

  #tellDetector(): void {
    const { say, vision, clock } = this.#parts;
    const state = vision.detectorState();
    const about = { subject: `model/${vision.detectorId}`, at: clock.wall(), kind: 'state' } as const;
    if (state.kind === 'failed') say({ ...about, state: 'broken', message: `Nothing is detected: ${state.cause}` });
    else if (state.kind === 'ready') say({ ...about, state: 'ready' });
  }
}
