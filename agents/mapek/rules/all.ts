// All rules, by what they listen to. At least one for every fault.

import type { Signal } from '../signal.ts';
import type { Fault } from '../symptom.ts';
import { AGENT_RULES } from './agents.ts';
import { BOARD_RULES } from './board.ts';
import { CAMERA_RULES } from './cameras.ts';
import { LEARNING_RULES } from './learning.ts';
import { LINK_RULES } from './links.ts';
import type { Rule } from './rule.ts';
import { SERVICE_RULES } from './services.ts';

export const RULES: readonly Rule[] = [
  ...AGENT_RULES,
  ...LINK_RULES,
  ...BOARD_RULES,
  ...SERVICE_RULES,
  ...CAMERA_RULES,
  ...LEARNING_RULES,
];

const byFault = new Map<Fault, Rule>(RULES.map((rule) => [rule.fault, rule]));
/** By the kind of the subject and the word. */
const byWord = new Map<string, Rule[]>();
/** By the kind of the subject. */
const scored = new Map<string, Rule[]>();
for (const rule of RULES) {
  const { kinds, metrics = {}, states = {}, events = {}, scores } = rule;
  for (const kind of kinds) {
    for (const name of Object.keys(metrics)) add(byWord, `${kind} metric ${name}`, rule);
    for (const name of Object.keys(states)) add(byWord, `${kind} state ${name}`, rule);
    for (const name of Object.keys(events)) add(byWord, `${kind} event ${name}`, rule);
    if (scores !== undefined) add(scored, kind, rule);
  }
}

function add(index: Map<string, Rule[]>, key: string, rule: Rule): void {
  const rules = index.get(key) ?? [];
  rules.push(rule);
  index.set(key, rules);
}

export const ruleOf = (fault: Fault): Rule => byFault.get(fault)!;

/** Rules that a signal says something to. */
export function rulesFor(signal: Signal): readonly Rule[] {
  const kind = signal.subject.split('/', 1)[0]!;
  if (signal.kind !== 'score') return byWord.get(`${kind} ${wordOf(signal)}`) ?? [];
  const rules = scored.get(kind) ?? [];
  return rules.filter(({ scores }) => scores!.of.some((prefix) => signal.metric.startsWith(prefix)));
}

function wordOf(signal: Exclude<Signal, { kind: 'score' }>): string {
  switch (signal.kind) {
    case 'metric':
      return `metric ${signal.metric}`;
    case 'state':
      return `state ${signal.state}`;
    case 'event':
      return `event ${signal.event}`;
  }
}
