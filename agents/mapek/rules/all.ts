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
const byWord = new Map<string, Rule[]>();
const scored = RULES.filter(({ scores }) => scores !== undefined);
for (const rule of RULES) {
  const { metrics = {}, states = {}, events = {} } = rule;
  for (const name of Object.keys(metrics)) listen(`metric ${name}`, rule);
  for (const name of Object.keys(states)) listen(`state ${name}`, rule);
  for (const name of Object.keys(events)) listen(`event ${name}`, rule);
}

function listen(word: string, rule: Rule): void {
  const rules = byWord.get(word) ?? [];
  rules.push(rule);
  byWord.set(word, rules);
}

export const ruleOf = (fault: Fault): Rule => byFault.get(fault)!;

/** Rules that a signal says something to. */
export function rulesFor(signal: Signal): readonly Rule[] {
  const kind = signal.subject.split('/', 1)[0]!;
  const rules =
    signal.kind === 'score'
      ? scored.filter(({ scores }) => scores!.of.some((prefix) => signal.metric.startsWith(prefix)))
      : (byWord.get(wordOf(signal)) ?? []);
  return rules.filter(({ kinds }) => kinds.includes(kind));
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
