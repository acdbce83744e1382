// A loop on virtual time, in a world whose faults are set and repaired by hand.

import { setImmediate } from 'node:timers/promises';
import { Value } from 'typebox/value';
import type { RepairHand } from '../../../agents/mapek/action.ts';
import { ACTION_NAMES, type ActionName } from '../../../agents/mapek/action-catalogue.ts';
import { MapekConfig } from '../../../agents/mapek/config.ts';
import { PARLMAPEKExecutor } from '../../../agents/mapek/executor.ts';
import type { IncidentView } from '../../../agents/mapek/incident.ts';
import { MemoryIncidents, MemoryKnowledge, MemoryQuestions } from '../../../agents/mapek/memory-storage.ts';
import type { MapekParts } from '../../../agents/mapek/parts.ts';
import type { Signal } from '../../../agents/mapek/signal.ts';
import { type Fault, type Symptom, symptomKey } from '../../../agents/mapek/symptom.ts';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';

type Word =
  | { state: string }
  | { metric: 'clock.step' | 'memory.growth'; wrong: number; well: number }
  | { unusual: string; score: number };

/** For each fault: a subject that can have it, and the words for it and against it. */
export const WORDS: Record<Fault, { subject: string; wrong: Word; well: Word }> = {
  'agent-crashed': said('agent/a', 'degraded', 'ready'),
  'agent-hung': said('agent/a', 'hung', 'ready'),
  'agent-slow': read('agent/a', 'agent.slowness', 8, 1),
  'task-storm': read('node', 'tasks.waiting', 800, 1),
  'link-down': said('link/n2', 'down', 'up'),
  'link-lossy': read('link/n2', 'link.loss', 0.4, 0),
  'link-flapping': read('link/n2', 'link.falls', 5, 0),
  partition: said('node', 'partitioned', 'whole'),
  'peer-silent': said('peer/n2', 'gone', 'alive'),
  'peer-byzantine': said('peer/n2', 'forges', 'honest'),
  'broker-down': said('service/mqtt', 'unreachable', 'connected'),
  'disk-full': read('node', 'disk.free', 0.01, 0.5),
  'store-corrupt': said('service/store', 'corrupt', 'sound'),
  'memory-leak': read('node', 'memory.free', 0.02, 0.5),
  'cpu-hot': read('node', 'cpu.temperature', 90, 50),
  'under-voltage': read('node', 'power.under-voltage', 1, 0),
  'clock-jump': read('node', 'clock.step', -3600, 0),
  'camera-lost': said('camera/c', 'lost', 'live'),
  'camera-covered': said('camera/c', 'covered', 'clear'),
  'camera-moved': said('camera/c', 'moved', 'clear'),
  'camera-frozen': said('camera/c', 'frozen', 'clear'),
  'model-broken': said('model/detector', 'broken', 'ready'),
  'federation-stalled': said('federation/parl-policy', 'stalled', 'running'),
  'policy-regressed': said('policy/parl', 'regressed', 'sound'),
  'service-failed': said('service/web', 'failed', 'running'),
  'node-unlike': {
    subject: 'node',
    wrong: { unusual: 'fleet', score: 0.97 },
    well: { unusual: 'fleet', score: 0 },
  },
};

function said(subject: string, wrong: string, well: string) {
  return { subject, wrong: { state: wrong }, well: { state: well } };
}

function read(subject: string, metric: string, wrong: number, well: number) {
  const word = { metric: metric as 'clock.step', wrong, well };
  return { subject, wrong: word, well: word };
}

export type Script = Partial<Record<ActionName, Partial<RepairHand>>>;

export class Rig {
  readonly clock = new VirtualClock();
  readonly done: { action: ActionName; subject: string; at: number }[] = [];
  readonly undone: ActionName[] = [];
  readonly journal: JournalEntry[] = [];
  readonly looks: (readonly string[])[] = [];
  readonly storage: MapekParts['storage'] & { knowledge: MemoryKnowledge };
  readonly refused = new Set<string>();
  readonly asked: { action: string; actor: unknown }[] = [];
  readonly loop: PARLMAPEKExecutor;
  /** What helps against which symptom, by key; after how many milliseconds. */
  readonly cures = new Map<string, { action: ActionName; after?: number }>();

  constructor(
    options: {
      script?: Script;
      config?: Partial<MapekConfig>;
      storage?: Rig['storage'];
      parts?: Partial<MapekParts>;
      seed?: number;
    } = {},
  ) {
    const { script = {}, config = {}, parts = {}, seed = 1 } = options;
    this.storage = options.storage ?? {
      ...{ knowledge: new MemoryKnowledge(), incidents: new MemoryIncidents(), questions: new MemoryQuestions() },
    };
    let id = 0;
    this.loop = new PARLMAPEKExecutor({
      ...{ self: 'n1', storage: this.storage, clock: this.clock, random: seededRandom(seed), logger: silentLogger },
      config: Value.Parse(MapekConfig, Value.Default(MapekConfig, { ...config })),
      hands: Object.fromEntries(ACTION_NAMES.map((name) => [name, this.#hand(name, script[name])])),
      authorizer: {
        authorize: async ({ action, actor }) => {
          this.asked.push({ action, actor });
          if (this.refused.has(action)) throw new Error(`${action} is not allowed to anybody`);
        },
      },
      journal: { record: (entry) => void this.journal.push(entry) },
      newId: () => `id-${seed}-${++id}`,
      lookNow: (subjects) => void this.looks.push(subjects),
      ...parts,
    });
  }

  async start(): Promise<this> {
    await this.loop.start(new AbortController().signal);
    return this;
  }

  #hand(name: ActionName, script: Partial<RepairHand> = {}): RepairHand {
    return {
      precondition: script.precondition ?? (() => true),
      carryOut: async (symptom, why, signal) => {
        this.done.push({ action: name, subject: symptom.subject, at: this.clock.now() });
        const said = (await script.carryOut?.(symptom, why, signal)) ?? `did ${name}`;
        const cure = this.cures.get(symptomKey(symptom));
        if (cure?.action === name) this.clock.after(cure.after ?? 10, () => this.well(symptom.fault, symptom.subject));
        return said;
      },
      ...(script.undo && {
        undo: async (symptom: Symptom) => {
          this.undone.push(name);
          await script.undo!(symptom);
        },
      }),
    };
  }

  hear(signal: Partial<Signal> & Pick<Signal, 'subject' | 'kind'>): void {
    this.loop.observe({ at: this.clock.wall(), ...signal } as Signal);
  }

  /** How the world is: what it says again every five seconds, by key. */
  readonly #world = new Map<string, { subject: string; word: Word; as: 'wrong' | 'well' }>();
  #saidAt = 0;

  /** A fault is there from now on, and said so often that readings count. */
  wrong(fault: Fault, subject = WORDS[fault].subject): void {
    this.#set(fault, subject, 'wrong');
  }

  well(fault: Fault, subject = WORDS[fault].subject): void {
    this.#set(fault, subject, 'well');
  }

  /** Nothing is said of it any more. */
  silent(fault: Fault, subject = WORDS[fault].subject): void {
    this.#world.delete(symptomKey({ fault, subject }));
  }

  isWrong(fault: Fault, subject = WORDS[fault].subject): boolean {
    return this.#world.get(symptomKey({ fault, subject }))?.as === 'wrong';
  }

  #set(fault: Fault, subject: string, as: 'wrong' | 'well'): void {
    const told = { subject, word: WORDS[fault][as], as };
    this.#world.set(symptomKey({ fault, subject }), told);
    this.#say(told);
  }

  #say({ subject, word, as }: { subject: string; word: Word; as: 'wrong' | 'well' }): void {
    if ('state' in word) {
      this.hear({ kind: 'state', subject, state: word.state });
      return;
    }
    if ('unusual' in word) {
      const why = 'This node is unlike the 5 others: cpu.load is 0.9, typically 0.2';
      this.hear({ kind: 'score', subject, metric: word.unusual, score: word.score, why });
      return;
    }
    for (let n = 0; n < 5; n++) this.hear({ kind: 'metric', subject, metric: word.metric, value: word[as] });
  }

  /** Lets time pass, and everything that follows from it happen. */
  async pass(ms: number, step = 100): Promise<void> {
    await setImmediate();
    for (let left = ms; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      if (this.clock.now() - this.#saidAt >= 5_000) {
        this.#saidAt = this.clock.now();
        for (const told of this.#world.values()) this.#say(told);
      }
      await setImmediate();
    }
  }

  /** Lets time pass until `isSo`. */
  async until(isSo: () => boolean, step = 1_000, most = 3_600_000): Promise<void> {
    for (let passed = 0; !isSo(); passed += step) {
      if (passed > most) throw new Error(`it did not come true within ${most / 1000} s`);
      await this.pass(step, step);
    }
  }

  get actions(): ActionName[] {
    return this.done.map(({ action }) => action);
  }

  incident(fault: Fault): IncidentView {
    const found = this.loop.incidents().find((one) => one.fault === fault);
    if (found === undefined) throw new Error(`no incident of ${fault}`);
    return found;
  }
}
