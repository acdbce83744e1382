// Every action that the loop may take: what it costs, how far it reaches, what it holds meanwhile, and how long it may
// take. What it does is a hand of the daemon's; both together are a `RepairAction`.

import type { Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { BlastRadius, RepairAction, RepairHands } from './action.ts';
import { LADDERS } from './ladder.ts';
import { FAULTS, type Symptom } from './symptom.ts';

export interface ActionSpec {
  /** `restart {name}`, where `{name}` is the subject without its kind. */
  inWords: string;
  cost: number;
  blastRadius: BlastRadius;
  /** Held while it runs and until it is verified: `subject` is that of the symptom, `{subject}` within stands for it. */
  holds: readonly string[];
  deadline: Millis;
  verifyWithin: Millis;
  /** Not done before a person approved it. */
  asksFirst?: true;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const quick = { deadline: 5 * SECOND, verifyWithin: 10 * SECOND };
const slow = { deadline: 30 * SECOND, verifyWithin: MINUTE };
const subject = ['subject'] as const;
const NO_HAND = 'this node cannot do that';

/**
 * Costs: below 0.1 nobody notices; 0.1 to 0.3 something pauses for a moment; 0.3 to 0.6 a service is away for a while or
 * works less; above, work or data is lost. Deadlines are about three times what the action takes on a Raspberry Pi 4.
 */
export const ACTIONS = {
  // A module may take 20 s to load on a busy board; who gives up before sets aside what was about to work.
  'agent.restart': {
    ...{ inWords: 'restart agent {name}', cost: 0.1, blastRadius: 'subject', holds: subject },
    ...{ deadline: 30 * SECOND, verifyWithin: 10 * SECOND },
  },
  'agent.quarantine': {
    inWords: 'set agent {name} aside',
    cost: 0.4,
    blastRadius: 'subject',
    holds: subject,
    ...quick,
  },
  'task.shed': {
    ...{ inWords: 'refuse new tasks and hand back those that wait', cost: 0.3, blastRadius: 'service' },
    ...{ holds: ['service/tasks'], ...quick, verifyWithin: 30 * SECOND },
  },
  'link.reset': { inWords: 'connect to {name} anew', cost: 0.1, blastRadius: 'subject', holds: subject, ...quick },
  'route.avoid': {
    ...{ inWords: 'route around the link to {name}', cost: 0.05, blastRadius: 'service' },
    ...{ holds: ['routes/{subject}'], deadline: 2 * SECOND, verifyWithin: 5 * SECOND },
  },
  'peer.quarantine': {
    ...{ inWords: 'take nothing from {name} any more', cost: 0.6, blastRadius: 'neighbour', holds: subject, ...quick },
  },
  'broker.rotate': {
    ...{ inWords: 'use the next broker', cost: 0.1, blastRadius: 'service' },
    ...{ holds: ['service/mqtt'], deadline: 15 * SECOND, verifyWithin: 20 * SECOND },
  },
  'mqtt.reconnect': {
    ...{ inWords: 'connect to the broker anew', cost: 0.05, blastRadius: 'service', holds: ['service/mqtt'] },
    ...{ deadline: 10 * SECOND, verifyWithin: 15 * SECOND },
  },
  'store.free-space': {
    ...{ inWords: 'delete what may be deleted: old clips, series and logs', cost: 0.2, blastRadius: 'service' },
    ...{ holds: ['service/store'], deadline: 2 * MINUTE, verifyWithin: 30 * SECOND },
  },
  'store.restore-backup': {
    ...{ inWords: 'restore the newest sound backup of the store', cost: 0.7, blastRadius: 'node' },
    ...{ holds: ['service/store', 'node'], deadline: 5 * MINUTE, verifyWithin: MINUTE, asksFirst: true },
  },
  'camera.restart': {
    ...{ inWords: 'restart camera {name}', cost: 0.15, blastRadius: 'subject', holds: subject },
    ...{ deadline: 20 * SECOND, verifyWithin: 30 * SECOND },
  },
  'camera.lower-rate': {
    ...{ inWords: 'look at fewer pictures a second', cost: 0.25, blastRadius: 'service' },
    ...{ holds: ['service/vision'], deadline: 5 * SECOND, verifyWithin: 3 * MINUTE },
  },
  'camera.switch-detector': {
    ...{ inWords: 'use another detector', cost: 0.3, blastRadius: 'service', holds: ['service/vision'], ...slow },
  },
  'camera.accept-view': {
    ...{ inWords: 'take the present view of camera {name} for the right one', cost: 0.2, blastRadius: 'subject' },
    ...{ holds: subject, ...quick, asksFirst: true },
  },
  'model.reinstall': {
    ...{ inWords: 'install the model of {name} anew', cost: 0.3, blastRadius: 'service' },
    ...{ holds: ['service/vision'], deadline: 3 * MINUTE, verifyWithin: MINUTE },
  },
  'policy.roll-back': {
    ...{ inWords: 'go back to the policy before', cost: 0.2, blastRadius: 'service' },
    ...{ holds: ['service/policy'], deadline: 10 * SECOND, verifyWithin: 10 * MINUTE },
  },
  'federation.new-coordinator': {
    ...{ inWords: 'have another node coordinate the federation', cost: 0.2, blastRadius: 'network' },
    ...{ holds: ['service/federation'], ...slow },
  },
  'process.restart-service': {
    ...{ inWords: 'restart service {name}', cost: 0.4, blastRadius: 'service', holds: subject, ...slow },
  },
  // What systemd stops may take 90 s until it is killed (DefaultTimeoutStopSec).
  'process.restart-unit': {
    ...{ inWords: 'have systemd restart what {name} stands on', cost: 0.4, blastRadius: 'node' },
    ...{ holds: ['service/mqtt'], deadline: 2 * MINUTE, verifyWithin: MINUTE },
  },
  // Whether it helped is seen by the next process; this one only has to be gone by then.
  'process.restart-self': {
    ...{ inWords: 'restart parlmesh on {name}', cost: 0.6, blastRadius: 'node' },
    ...{ holds: ['node'], deadline: 15 * SECOND, verifyWithin: MINUTE },
  },
  'usb.reset': {
    ...{ inWords: 'reset the USB device of {name}', cost: 0.25, blastRadius: 'service' },
    ...{ holds: ['subject', 'service/usb'], deadline: 15 * SECOND, verifyWithin: 30 * SECOND },
  },
  'cpu.shed-load': {
    ...{ inWords: 'take on less work for a while', cost: 0.3, blastRadius: 'node' },
    ...{ holds: ['service/tasks', 'service/vision'], deadline: 5 * SECOND, verifyWithin: 3 * MINUTE },
  },
  'memory.restart-heaviest': {
    ...{ inWords: 'restart what uses most memory', cost: 0.35, blastRadius: 'service' },
    ...{ holds: ['service/memory'], deadline: 15 * SECOND, verifyWithin: 30 * SECOND },
  },
  'clock.step-tolerate': {
    ...{ inWords: 'tell what keeps time that the clock was set', cost: 0.05, blastRadius: 'node' },
    ...{ holds: ['service/clock'], deadline: 5 * SECOND, verifyWithin: 30 * SECOND },
  },
  'neighbour.ask': {
    ...{ inWords: 'ask a neighbour to help with {name}', cost: 0.2, blastRadius: 'neighbour', holds: subject, ...slow },
  },
  'operator.ask': {
    ...{ inWords: 'ask an operator about {name}', cost: 0.05, blastRadius: 'subject', holds: [] },
    ...{ deadline: 5 * SECOND, verifyWithin: 24 * 60 * MINUTE },
  },
} as const satisfies Record<string, ActionSpec>;

export type ActionName = keyof typeof ACTIONS;
export const ACTION_NAMES = Object.keys(ACTIONS) as ActionName[];
export const specOf = (name: ActionName): ActionSpec => ACTIONS[name];

/** The subject without its kind: `checker-1` of `agent/checker-1`; "this node" of `node`. */
export function nameOf(subject: string): string {
  return subject === 'node' ? 'this node' : subject.slice(subject.indexOf('/') + 1);
}

export function inWords(action: ActionName, symptom: Pick<Symptom, 'subject'>): string {
  return specOf(action).inWords.replace('{name}', nameOf(symptom.subject));
}

/** What the action holds on that subject, each once. */
export function resourcesOf(action: ActionName, symptom: Pick<Symptom, 'subject'>): string[] {
  return [
    ...new Set(
      specOf(action).holds.map((held) =>
        held === 'subject' ? symptom.subject : held.replace('{subject}', symptom.subject),
      ),
    ),
  ];
}

/** The actions of this node: those without a hand have a precondition that says so. `operator.ask` needs none. */
export function repairActions(hands: RepairHands): ReadonlyMap<ActionName, RepairAction> {
  return new Map(ACTION_NAMES.map((name) => [name, repairAction(name, hands)]));
}

function repairAction(name: ActionName, hands: RepairHands): RepairAction {
  const { cost, blastRadius, deadline, verifyWithin, asksFirst = false } = specOf(name);
  const hand = hands[name];
  const undo = hand?.undo?.bind(hand);
  return {
    ...{ name, cost, blastRadius, deadline, verifyWithin, asksFirst },
    faults: FAULTS.filter((fault) => LADDERS[fault].some((rung) => rung === name)),
    inWords: (symptom) => inWords(name, symptom),
    resources: (symptom) => resourcesOf(name, symptom),
    precondition: (symptom) => {
      if (name === 'operator.ask') return true;
      if (hand === undefined) return NO_HAND;
      try {
        return hand.precondition(symptom);
      } catch (error) {
        return messageOf(error);
      }
    },
    carryOut: async (symptom, why, signal) => {
      if (hand === undefined) throw new ParlmeshError('REPAIR_IMPOSSIBLE', `${name}: ${NO_HAND}`);
      return hand.carryOut(symptom, why, signal);
    },
    ...(undo !== undefined && { undo }),
  };
}
