// An agent that does what a test tells it to, and a supervisor on virtual time to watch it.

import { Agent } from '../../agents/agent.ts';
import { onThisNode } from '../../agents/capabilities.ts';
import type { SupervisionConfig } from '../../agents/config.ts';
import type { RestartStrategy } from '../../agents/restart-policy.ts';
import type { AgentSpec } from '../../agents/supervised-agent.ts';
import { Supervisor } from '../../agents/supervisor.ts';
import type { TaskScope } from '../../agents/task-scope.ts';
import type { Clock } from '../../core/clock.ts';
import { VirtualClock } from '../../core/clock.ts';
import type { JournalEntry } from '../../core/journal.ts';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';

export interface Script {
  onStart?: (agent: ScriptedAgent) => void | Promise<void>;
  onStop?: () => void | Promise<void>;
  onMessage?: (message: string) => void | Promise<void>;
  mailbox?: { most: number; whenFull: 'drop-oldest' | 'refuse' };
}

export class ScriptedAgent extends Agent<string> {
  readonly #script: Script;

  constructor(id: string, script: Script, clock: Clock) {
    super({ id, kind: 'scripted', version: '1', capabilities: [onThisNode('test.act')], ...mailboxOf(script) }, clock);
    this.#script = script;
  }

  get work(): TaskScope {
    return this.scope;
  }

  beat(nextWithin = Number.POSITIVE_INFINITY): void {
    this.heartbeat(nextWithin);
  }

  protected async onStart(): Promise<void> {
    this.beat();
    await this.#script.onStart?.(this);
  }

  protected override async onStop(): Promise<void> {
    await this.#script.onStop?.();
  }

  protected override async onMessage(message: string): Promise<void> {
    await this.#script.onMessage?.(message);
  }
}

function mailboxOf({ mailbox }: Script) {
  return mailbox === undefined ? {} : { mailbox };
}

export const CONFIG: SupervisionConfig = { maxRestarts: 5, restartPeriod: 60, heartbeatTimeout: 5, retryDegraded: 300 };

export function supervise(
  options: { clock?: Clock; strategy?: RestartStrategy; config?: Partial<SupervisionConfig> } = {},
) {
  const clock = options.clock ?? new VirtualClock();
  const journal: JournalEntry[] = [];
  const supervisor = new Supervisor({
    config: { ...CONFIG, ...options.config },
    clock,
    random: seededRandom(1),
    journal: { record: (entry) => journal.push(entry) },
    logger: silentLogger,
    ...(options.strategy !== undefined && { strategy: options.strategy }),
  });
  const instances: ScriptedAgent[] = [];
  const spec = (id: string, script: Script | ((instance: number) => Script)): AgentSpec => ({
    id,
    create: () => {
      const of = typeof script === 'function' ? script(instances.length) : script;
      const agent = new ScriptedAgent(id, of, clock);
      instances.push(agent);
      return agent;
    },
  });
  const stateOf = (id: string): string | undefined => supervisor.agents().find((agent) => agent.id === id)?.state;
  const kinds = (): string[] => journal.map((entry) => entry.kind);
  return { supervisor, journal, instances, spec, stateOf, kinds };
}

/** Lets everything that waits on promises alone go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}
