// The anomalies of the example node: a processor that is busier than usual, and one of two series.

import { ParlmeshError } from '../../../core/errors.ts';
import type { AcknowledgeRequest, AnomaliesView, QuietHours } from '../../../daemon/view/anomaly-schema.ts';
import type { AnomalyActions, AnomalyWindow } from '../../../daemon/view/view.ts';

const NODE = '12D3KooWalpha';

export class ExampleAnomalies implements AnomalyWindow, AnomalyActions {
  readonly #view: AnomaliesView;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
    this.#view = {
      ...{ enabled: true, score: 0.98, acknowledged: [], quietHours: [] },
      subjects: [{ subject: 'node', score: 0.98 }],
      raised: [
        {
          ...{ id: '0123456789ab', subject: 'node', metric: 'cpu.load', value: 0.97, likelihood: 0.9999, oneOf: 2002 },
          ...{ since: at - 60_000, usual: { low: 0.1, typical: 0.2, high: 0.3 }, departure: 15.4 },
          reasons: [{ trait: 'value', share: 0.8, sentence: 'far from all values before' }],
          together: [{ subject: 'node', metric: 'cpu.temperature', at: at - 55_000 }],
          sentence: 'cpu.load of node is 0.97, usually 0.1 to 0.3 at this hour',
        },
      ],
      series: [
        {
          ...{ id: '0123456789ab', subject: 'node', metric: 'cpu.load', state: 'raised', score: 0.9999, value: 0.97 },
          ...{ at, since: at - 60_000 },
        },
        {
          ...{ id: 'ba9876543210', subject: 'camera/north', metric: 'camera.frames', state: 'calm', score: 0.2 },
          ...{ value: 5, at },
        },
      ],
      fleet: [
        {
          ...{
            id: 'fedcba987654',
            node: NODE,
            name: 'This node',
            isSelf: true,
            profile: 'raspberry-pi-4',
            score: 0.98,
          },
          ...{ raised: 1, comparedWith: 6, unlike: 0.99, since: at - 30_000 },
          sentence:
            'This node is unlike the 5 other raspberry-pi-4 nodes: cpu.load is 0.97, typically 0.2 (12 spreads above)',
        },
      ],
      totals: { readings: 4000, raised: { node: 2, camera: 1 }, refused: 0, writtenBytes: 260_000 },
    };
  }

  anomalies(): AnomaliesView {
    return this.#view;
  }

  async acknowledgeAnomaly(id: string, request: AcknowledgeRequest, by: string): Promise<AnomaliesView> {
    const { subject, metric } = this.#find(id);
    const { reason, hours, wholeSubject } = request;
    const until = this.#at + hours * 3_600_000;
    this.#view.acknowledged.push({ subject, ...(!wholeSubject && { metric }), by, reason, at: this.#at, until });
    const raised = this.#view.raised.find((one) => one.id === id);
    if (raised !== undefined) raised.muted = 'acknowledged';
    return this.#view;
  }

  async withdrawAcknowledgement(id: string): Promise<AnomaliesView> {
    const { subject, metric } = this.#find(id);
    const before = this.#view.acknowledged.length;
    this.#view.acknowledged = this.#view.acknowledged.filter((one) => one.subject !== subject);
    if (this.#view.acknowledged.length === before) {
      throw new ParlmeshError('ANOMALY_NOT_ACKNOWLEDGED', `Nobody has acknowledged ${metric} of ${subject}`);
    }
    return this.#view;
  }

  async setQuietHours(hours: readonly QuietHours[] | undefined): Promise<AnomaliesView> {
    this.#view.quietHours = [...(hours ?? [])];
    return this.#view;
  }

  #find(id: string) {
    const found = this.#view.series.find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new ParlmeshError('ANOMALY_UNKNOWN', `Nothing that is watched has the id "${id}"`);
  }
}
