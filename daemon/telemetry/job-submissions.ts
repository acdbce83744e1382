// Jobs that come by MQTT: `{ "id": …, "job": … }`, the id chosen by the submitter. MQTT may deliver twice: the same id
// is one job, and each delivery is answered.

import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { JobView } from '../../agents/swarm/job-view.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { JobTexts } from '../jobs/job-text.ts';
import { MQTT_ACTOR } from '../security/oracle.ts';
import type { JobActions } from '../view/view.ts';

const JobId = Type.String({ pattern: '^[a-z0-9-]{4,64}$' });
const Envelope = Type.Object({ id: JobId, job: Type.Unknown() });
/** An envelope's own letters before the job begins, and after it ends. */
const MOST_BYTES = 1_000_000;

export interface JobAnswer {
  id: string;
  accepted: boolean;
  /** Where it was not. */
  code?: string;
  message?: string;
  state?: JobView['state'];
}

export class JobSubmissions {
  readonly #actions: Pick<JobActions, 'submitJob'>;
  readonly #texts = new JobTexts();

  constructor(actions: Pick<JobActions, 'submitJob'>) {
    this.#actions = actions;
  }

  /** Resolves to undefined for what names no job, so that there is nobody to answer. Never throws. */
  async take(payload: Uint8Array): Promise<JobAnswer | undefined> {
    const envelope = read(payload);
    if (envelope === undefined) return undefined;
    const { id, job } = envelope;
    try {
      const spec = await this.#texts.read(Buffer.from(JSON.stringify(job ?? null)), 'the job', 'json');
      const { state } = await this.#actions.submitJob(spec, MQTT_ACTOR, { id });
      return { id, accepted: true, state };
    } catch (thrown) {
      const code = thrown instanceof ParlmeshError ? thrown.code : 'JOB_FAILED';
      return { id, accepted: false, code, message: messageOf(thrown) };
    }
  }
}

function read(payload: Uint8Array): { id: string; job: unknown } | undefined {
  if (payload.length > MOST_BYTES) return undefined;
  try {
    const envelope: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return Value.Check(Envelope, envelope) ? envelope : undefined;
  } catch {
    return undefined;
  }
}
