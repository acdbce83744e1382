// Random histories of a round, with restarts at any moment: whatever happens in whatever order, it ends in time, counts each
// node at most once, and loses nothing that is on the disk.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AGGREGATING_FOR,
  beginRound,
  EVALUATING_FOR,
  isGathering,
  isOver,
  type Member,
  MOST_RESUMES,
  type RoundEvent,
  type RoundFacts,
  type RoundState,
  resumeRound,
  SELECTING_FOR,
  type Step,
  stepRound,
} from '../../../../agents/federation/rounds/round.ts';
import { readRound, writeRound } from '../../../../agents/federation/rounds/round-file.ts';

const NODES = ['a', 'b', 'c', 'd', 'e'];
const DEADLINE = 60_000;
const facts = (mode: RoundFacts['mode']): RoundFacts => ({
  ...{ learner: 'toy', number: 3, id: '0123456789abcdef', mode, base: '00112233445566aa', digest: 'ab'.repeat(32) },
  plan: { epochs: 1, proximal: 0, budget: 10, seed: 1 },
  startedAt: 0,
});

const update = (examples: number) => ({
  ...{ id: '0123456789abcdef', late: 0, digest: 'cd'.repeat(32), examples, trust: 1, bytes: 80, metrics: {} },
});

const node = fc.constantFrom(...NODES, 'stranger');
const event: fc.Arbitrary<RoundEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('selected' as const),
    members: fc
      .subarray(NODES)
      .map((nodes) =>
        nodes.map((each): Member => ({ node: each, standing: { kind: 'invited' }, expected: 1, examples: 10 })),
      ),
    targets: fc.record({
      wanted: fc.integer({ min: 1, max: 5 }),
      quorum: fc.integer({ min: 1, max: 3 }),
      deadline: fc.constant(DEADLINE),
    }),
  }),
  fc.record({
    kind: fc.constant('answered' as const),
    node,
    answer: fc.constant({ kind: 'accepted' as const, examples: 1 }),
  }),
  fc.record({
    kind: fc.constant('answered' as const),
    node,
    answer: fc.constant({ kind: 'declined' as const, reason: 'busy' as const, cause: 'it is' }),
  }),
  fc.record({ kind: fc.constant('gone' as const), node, gone: fc.boolean() }),
  fc.record({ kind: fc.constant('arrived' as const), node, update: fc.integer({ min: 1, max: 1000 }).map(update) }),
  fc.record({
    kind: fc.constant('refused' as const),
    node,
    reason: fc.constantFrom('not-finite' as const, 'stale' as const),
    cause: fc.constant('it is'),
  }),
  fc.constant<RoundEvent>({ kind: 'aggregated', candidate: 'ffeeddccbbaa0099', verdicts: [], norm: 1 }),
  fc.constant<RoundEvent>({ kind: 'judged', outcome: 'proposed', sentence: 'good' }),
  fc.constant<RoundEvent>({ kind: 'tick' }),
);
const happening = fc.oneof({ weight: 20, arbitrary: event }, { weight: 1, arbitrary: fc.constant('restart' as const) });
const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), happening), { maxLength: 80 });

/** What is on the disk: the last step, and the updates that were written before they counted. */
interface World {
  state: RoundState;
  disk: string;
  now: number;
  arrivals: Map<string, number>;
}

function enter(world: World, { state }: Step): void {
  if (world.state.kind !== state.kind) world.disk = writeRound(state, world.now);
  world.state = state;
}

function restart(world: World): void {
  // The monotonic clock of the next life begins anywhere.
  world.now = world.now % 1000;
  const read = readRound(world.disk, world.now)!;
  const { state } = resumeRound(read, 0);
  world.disk = writeRound(state, world.now);
  world.state = state;
  if (!isGathering(state)) return;
  for (const [from, examples] of world.arrivals) {
    enter(world, stepRound(world.state, { kind: 'arrived', node: from, update: update(examples) }, world.now, 0));
  }
}

function play(mode: RoundFacts['mode'], events: readonly (readonly [number, RoundEvent | 'restart'])[]): World {
  const { state } = beginRound(facts(mode), 0);
  const world: World = { state, disk: writeRound(state, 0), now: 0, arrivals: new Map() };
  for (const [wait, what] of events) {
    world.now += wait;
    if (what === 'restart') {
      restart(world);
      continue;
    }
    const before = world.state;
    if (what.kind === 'arrived' && isGathering(before) && before.members.has(what.node)) {
      if (!world.arrivals.has(what.node)) world.arrivals.set(what.node, what.update.examples);
    }
    if (what.kind === 'arrived' && !(isGathering(before) && before.members.has(what.node))) continue;
    enter(world, stepRound(before, what, world.now, 0));
  }
  return world;
}

describe('a round, whatever happens to it', () => {
  for (const mode of ['synchronous', 'asynchronous'] as const) {
    it(`ends within its bounds (${mode})`, () => {
      fc.assert(
        fc.property(history, (events) => {
          const world = play(mode, events);
          let { now } = world;
          let { state } = world;
          const most = now + SELECTING_FOR + DEADLINE + AGGREGATING_FOR + EVALUATING_FOR + 4;
          // Nobody says anything any more; only time passes.
          while (!isOver(state)) {
            now = Math.max(now, state.endsAt);
            expect(now).toBeLessThanOrEqual(most);
            state = stepRound(state, { kind: 'tick' }, now, 0).state;
          }
        }),
        { numRuns: 300 },
      );
    });

    it(`counts each update that was acknowledged once, over restarts (${mode})`, () => {
      fc.assert(
        fc.property(history, (events) => {
          const { state, arrivals } = play(mode, events);
          if (!('counted' in state)) return;
          const nodes = state.counted.map(({ node: each }) => each);
          expect(new Set(nodes).size).toBe(nodes.length);
          for (const each of nodes) expect(arrivals.has(each)).toBe(true);
          for (const { weight } of state.counted) expect(weight).toBeGreaterThan(0);
        }),
        { numRuns: 300 },
      );
    });

    it(`while it gathers has all that is on the disk (${mode})`, () => {
      fc.assert(
        fc.property(history, (events) => {
          const { state, arrivals } = play(mode, events);
          if (!isGathering(state)) return;
          for (const [each, examples] of arrivals) {
            expect(state.members.get(each)?.standing).toMatchObject({ kind: 'in', examples });
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it('is read as it was written, but for what a restart cannot know', () => {
    fc.assert(
      fc.property(history, (events) => {
        const { state, now } = play('synchronous', events);
        const read = readRound(writeRound(state, now), now + 5000)!;
        const { endsAt, ...rest } = read;
        expect(endsAt - now - 5000).toBeCloseTo(state.endsAt - now, 6);
        expect({ ...rest, endsAt: state.endsAt }).toEqual(
          'invitedAt' in state ? { ...state, invitedAt: undefined } : state,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('never goes back to a state it has left', () => {
    const order = ['selecting', 'inviting', 'training', 'collecting', 'aggregating', 'evaluating', 'done', 'failed'];
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let { state } = beginRound(facts('synchronous'), 0);
        for (const each of events) {
          const next = stepRound(state, each, 1000, 0).state;
          expect(order.indexOf(next.kind)).toBeGreaterThanOrEqual(order.indexOf(state.kind));
          state = next;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is not resumed for ever', () => {
    let { state } = beginRound(facts('synchronous'), 0);
    for (let life = 0; life < MOST_RESUMES; life++) state = resumeRound(state, 0).state;
    expect(state).toMatchObject({ kind: 'selecting', resumes: 5 });
    expect(resumeRound(state, 0).state).toMatchObject({ kind: 'failed', reason: 'restarts', during: 'selecting' });
  });

  it('whatever text is read as a round, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readRound(text, 0)).toBeUndefined();
      }),
    );
  });
});
