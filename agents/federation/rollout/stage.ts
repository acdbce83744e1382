// A candidate on its way from a few canaries to all nodes, as a pure state machine: (state, event, settings) -> state and
// effects. It knows no network, no disk and no learner; what it holds is written down before its effects are carried out.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../../core/clock.ts';
import { NodeId } from '../messages.ts';
import type { RolloutConfig } from './config.ts';
import { Measure } from './messages.ts';
import { judgeWork } from './statistics.ts';

/** Nodes of one roll-out at most. */
export const MOST_NODES = 4000;

const Held = Type.Number({ minimum: 0 });

/**
 * asked -> serves | declined; serves -> left (something else serves there by now).
 * An answer that got lost: `asked` is asked again, and answers the same.
 */
export const ServingNode = Type.Object({
  node: NodeId,
  stage: Type.Integer({ minimum: 0, maximum: 16 }),
  standing: Type.Enum(['asked', 'serves', 'declined', 'left']),
  cause: Type.Optional(Type.String({ maxLength: 300 })),
  before: Type.Optional(Measure),
  after: Type.Optional(Measure),
  /** Milliseconds that it has not been reached for. */
  silent: Type.Optional(Held),
});
export type ServingNode = Static<typeof ServingNode>;
export type Standing = ServingNode['standing'];

/**
 * A node where nothing changes during a stage: what work does elsewhere meanwhile. The candidate serves there since an earlier
 * stage, or not at all; in the last stage there are only the former.
 */
export const OtherNode = Type.Object({
  node: NodeId,
  serves: Type.Boolean(),
  before: Type.Optional(Measure),
  after: Type.Optional(Measure),
});
export type OtherNode = Static<typeof OtherNode>;

export const StageState = Type.Object({
  /** 0: the canaries. */
  stage: Type.Integer({ minimum: 0, maximum: 16 }),
  /** Milliseconds that this stage has lasted while somebody coordinated it; no clock that jumps is in it. */
  held: Held,
  nodes: Type.Array(ServingNode, { maxItems: MOST_NODES }),
  others: Type.Array(OtherNode, { maxItems: 64 }),
  /** `Performance.unit`, once a node has told it. */
  unit: Type.Optional(Type.String({ maxLength: 64 })),
  /** What each stage that has ended showed. */
  findings: Type.Array(Type.String({ maxLength: 600 }), { maxItems: 16 }),
});
export type StageState = Static<typeof StageState>;

export type StageEvent =
  | {
      kind: 'tick';
      /** Milliseconds since the tick before. */
      elapsed: Millis;
      /** Nodes that can be reached, this one included, those to be asked first at the front. */
      reachable: readonly string[];
    }
  | { kind: 'adopted'; node: string; before?: Measure | undefined; unit?: string | undefined }
  | { kind: 'declined'; node: string; cause: string }
  /** @param serves whether the candidate serves there */
  | { kind: 'measured'; node: string; serves: boolean; measure?: Measure | undefined; unit?: string | undefined };

export type StageEffect =
  | { kind: 'adopt'; node: string; canary: boolean; stage: number }
  | { kind: 'measure'; node: string; last?: Millis }
  /** The stage has ended, the next one begins. */
  | { kind: 'passed'; stage: number; finding: string }
  | { kind: 'ended'; fate: 'settled' | 'taken-back' | 'refused'; reason: string };

export interface StageStep {
  state: StageState;
  effects: StageEffect[];
}

/** Nodes whose work is looked at. */
const WATCHED = 64;
const OTHERS = 16;
/** Asked at one tick. */
const AT_ONCE = 32;
/** Not reached for so long, and more than half of them: it took them with it. */
const SILENT: Millis = 600_000;

export function beginStages(): StageState {
  return { stage: 0, held: 0, nodes: [], others: [], findings: [] };
}

/** Pure; never throws. The last effect is `ended` when it has come to its end. */
export function stepStage(state: StageState, event: StageEvent, config: RolloutConfig): StageStep {
  switch (event.kind) {
    case 'tick':
      return onTick(state, event, config);
    case 'adopted': {
      const { node, before, unit } = event;
      const told = { ...(before && { before }), standing: 'serves' as const, silent: 0 };
      return still({
        ...withNode(state, node, (known) => (known.standing === 'serves' ? known : { ...known, ...told })),
        ...(unit !== undefined && { unit }),
      });
    }
    case 'declined':
      return still(
        withNode(state, event.node, (known) => ({ ...known, standing: 'declined', cause: event.cause.slice(0, 300) })),
      );
    case 'measured':
      return still(onMeasured(state, event));
  }
}

function onMeasured(state: StageState, event: Extract<StageEvent, { kind: 'measured' }>): StageState {
  const { node, serves, measure, unit } = event;
  const others = state.others.map((other) => (other.node === node ? withOther(other, event) : other));
  const next = { ...state, others, ...(unit !== undefined && { unit }) };
  return withNode(next, node, (known) => {
    if (known.standing !== 'serves') return known;
    if (!serves) return { ...known, standing: 'left', cause: 'something else serves there by now' };
    // Of those of earlier stages `others` tells what happens during this one.
    return known.stage === state.stage && measure !== undefined ? { ...known, after: measure } : known;
  });
}

/** What it did before the stage is told first; a node that does not work tells nothing. */
function withOther(other: OtherNode, { serves, measure }: Extract<StageEvent, { kind: 'measured' }>): OtherNode {
  if (measure === undefined || serves !== other.serves) return other;
  return other.before === undefined ? { ...other, before: measure } : { ...other, after: measure };
}

function onTick(
  before: StageState,
  { elapsed, reachable }: Extract<StageEvent, { kind: 'tick' }>,
  config: RolloutConfig,
): StageStep {
  const reached = new Set(reachable);
  const filled = fill(before, reachable, config);
  const effects: StageEffect[] = [];
  const isServing = filled.nodes.some(({ standing }) => standing === 'serves');
  const state: StageState = {
    ...filled,
    // Before anything serves there is nothing to hold.
    held: filled.held + (isServing ? elapsed : 0),
    nodes: filled.nodes.map((node) => ({ ...node, silent: reached.has(node.node) ? 0 : (node.silent ?? 0) + elapsed })),
  };
  const asked = state.nodes.filter(({ standing, node }) => standing === 'asked' && reached.has(node));
  for (const { node, stage } of asked.slice(0, AT_ONCE))
    effects.push({ kind: 'adopt', node, canary: stage === 0, stage });

  const serving = state.nodes.filter(({ standing }) => standing === 'serves');
  if (serving.length === 0) {
    if (state.nodes.some(({ standing }) => standing === 'asked')) return { state, effects };
    return ended(state, effects, 'refused', nobody(state));
  }
  const cohort = serving.filter(({ stage }) => stage === state.stage);
  for (const { node } of cohort.slice(0, WATCHED)) if (reached.has(node)) effects.push({ kind: 'measure', node });
  for (const { node, before: known } of state.others) {
    if (reached.has(node)) effects.push({ kind: 'measure', node, ...(known && { last: state.held }) });
  }

  const silent = serving.filter((node) => (node.silent ?? 0) >= SILENT);
  const without = state.others.filter(({ serves }) => !serves);
  const absent = without.filter(({ node }) => !reached.has(node)).length;
  if (silent.length > 1 && 2 * silent.length > serving.length && 2 * absent <= without.length) {
    const reason = `${silent.length} of ${serving.length} nodes that serve it have not been reached for ${SILENT / 60_000} minutes; ${without.length - absent} of ${without.length} others are`;
    return ended(state, effects, 'taken-back', reason);
  }

  const isTimeUp = state.held >= config.mostHold * 1000;
  const samples = cohort.reduce((sum, { after }) => sum + (after?.samples ?? 0), 0);
  const isEnough = samples >= config.samples && state.held >= config.leastHold * 1000;
  // A stage that nobody joined shows nothing new.
  const isEnd = asked.length === 0 && (isTimeUp || isEnough || cohort.length === 0);
  const judged = judgeWork(cohort, state.others, { unit: state.unit ?? '', worse: config.worse, isEnd });
  if (judged.isWorse) return ended(state, effects, 'taken-back', `work goes worse: ${judged.sentence}`);
  if (!isEnd) return { state, effects };
  const finding = `${nameOf(state.stage, config)}, ${serving.length} ${serving.length === 1 ? 'node' : 'nodes'}, ${Math.round(state.held / 1000)} s: ${judged.sentence}`;
  return next(state, effects, finding, reachable.length, config);
}

/** A stage has passed: stage n -> n + 1, leaving out those that would bring no node; the last -> settled. */
function next(
  state: StageState,
  effects: StageEffect[],
  finding: string,
  size: number,
  config: RolloutConfig,
): StageStep {
  const findings = [...state.findings, finding].slice(-16);
  const passed: StageState = { ...state, findings };
  const serving = state.nodes.filter(({ standing }) => standing === 'serves').length;
  let stage = state.stage + 1;
  while (stage < config.stages.length && targetOf(stage, size, config) <= serving) stage++;
  if (stage > config.stages.length) return ended(passed, effects, 'settled', finding);
  effects.push({ kind: 'passed', stage: state.stage, finding });
  return { state: { ...passed, stage, held: 0, others: [] }, effects };
}

/** Asks as many as the stage wants, and looks at some of the rest. */
function fill(state: StageState, reachable: readonly string[], config: RolloutConfig): StageState {
  const known = new Map(state.nodes.map(({ node, standing }) => [node, standing]));
  const counts = [...known.values()].filter((standing) => standing === 'asked' || standing === 'serves').length;
  const wanted = Math.min(MOST_NODES - state.nodes.length, targetOf(state.stage, reachable.length, config) - counts);
  const fresh = reachable.filter((node) => !known.has(node)).slice(0, Math.max(0, wanted));
  const asked = fresh.map((node): ServingNode => ({ node, stage: state.stage, standing: 'asked' }));
  const nodes = [...state.nodes, ...asked];
  const standings = new Map(nodes.map((node) => [node.node, node]));
  const isOther = (node: string, serves: boolean): boolean => {
    const entry = standings.get(node);
    if (entry?.standing === 'serves') return serves && entry.stage < state.stage;
    return !serves && (entry === undefined || entry.standing === 'declined');
  };
  const others = state.others.filter(({ node, serves }) => isOther(node, serves));
  const taken = new Set(others.map(({ node }) => node));
  for (const node of reachable) {
    if (others.length >= OTHERS) break;
    if (taken.has(node)) continue;
    if (isOther(node, false)) others.push({ node, serves: false });
    else if (isOther(node, true)) others.push({ node, serves: true });
  }
  return { ...state, nodes, others };
}

/** Nodes that serve at the end of a stage. */
export function targetOf(
  stage: number,
  size: number,
  { canaries, stages }: Pick<RolloutConfig, 'canaries' | 'stages'>,
): number {
  const first = Math.max(1, Math.min(canaries, Math.floor(size / 2)));
  return stage === 0 ? first : Math.max(first, Math.ceil((stages[stage - 1] ?? 1) * size));
}

export function nameOf(stage: number, { stages }: Pick<RolloutConfig, 'stages'>): string {
  return stage === 0 ? 'canaries' : `${Math.round((stages[stage - 1] ?? 1) * 100)} %`;
}

function ended(
  state: StageState,
  effects: StageEffect[],
  fate: 'settled' | 'taken-back' | 'refused',
  reason: string,
): StageStep {
  return { state, effects: [...effects, { kind: 'ended', fate, reason }] };
}

function nobody({ nodes }: StageState): string {
  const [first] = nodes;
  if (first === undefined) return 'no node can be reached that could serve it';
  return `none of ${nodes.length} nodes that were asked serves it; ${first.node}: ${first.cause ?? 'no reason was told'}`;
}

function withNode(state: StageState, node: string, change: (known: ServingNode) => ServingNode): StageState {
  return { ...state, nodes: state.nodes.map((known) => (known.node === node ? change(known) : known)) };
}

const still = (state: StageState): StageStep => ({ state, effects: [] });
