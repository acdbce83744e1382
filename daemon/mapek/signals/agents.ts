// Agents by their supervisor's word: at work, failing, hung, set aside, slow.

import type { AgentSnapshot } from '../../../agents/supervised-agent.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Say, Source } from './hearing.ts';

export interface AgentSignalsParts {
  supervisor: Pick<Supervisor, 'agents' | 'serviceTimes' | 'on' | 'off'>;
  /** What an agent works only with: see `PARLMAPEKExecutor.depends`. */
  depends: (subject: string, needs: readonly string[]) => void;
  clock: Clock;
  say: Say;
}

/** As the supervisor puts it of an agent whose heartbeat did not come, and a module's process of one that stands still. */
const HUNG = /^no heartbeat for |: stands still: /;

export class AgentSignals implements Source {
  readonly #parts: AgentSignalsParts;
  readonly #known = new Set<string>();

  constructor(parts: AgentSignalsParts) {
    this.#parts = parts;
  }

  listen(): () => void {
    const { supervisor } = this.#parts;
    const hear = (agent: AgentSnapshot): void => this.#tell(agent);
    supervisor.on('agent', hear);
    this.repeat();
    return () => supervisor.off('agent', hear);
  }

  repeat(subjects?: ReadonlySet<string>): void {
    for (const agent of this.#parts.supervisor.agents()) {
      if (subjects !== undefined && !subjects.has(`agent/${agent.id}`)) continue;
      this.#tell(agent);
      this.#tellPace(agent);
    }
  }

  #tell({ id, kind, state, lastError }: AgentSnapshot): void {
    const { say, depends, clock } = this.#parts;
    const subject = `agent/${id}`;
    if (!this.#known.has(id)) {
      this.#known.add(id);
      if (kind === 'camera') depends(subject, [id]);
      if (kind === 'mqtt-bridge') depends(subject, ['service/mqtt']);
    }
    const message = lastError === undefined ? {} : { message: `Agent ${id}: ${lastError}` };
    const isDown = state === 'restarting' || state === 'degraded';
    const isHung = isDown && lastError !== undefined && HUNG.test(lastError);
    say({ subject, at: clock.wall(), kind: 'state', state: isHung ? 'hung' : state, ...message });
  }

  #tellPace({ id }: AgentSnapshot): void {
    const { supervisor, say, clock } = this.#parts;
    const slowness = supervisor.serviceTimes.news(id);
    if (slowness === undefined) return;
    const about = { subject: `agent/${id}`, at: clock.wall(), kind: 'metric', metric: 'agent.slowness' } as const;
    say({ ...about, value: Math.min(1e4, slowness) });
  }
}
