// What a federation is worth: the scheduling policy learned by boards together, by each board alone, and in one place from
// all boards' jobs (pooled), from the same beginning and with as many updates of each board. Told as the share of the
// advisor's speed on fresh jobs of all boards; the packaged policy, which chooses as the advisor does, is 1.
//
// `--nodes 4 --rounds 12 --seeds 2 --epochs 1 --proximal 0.01 --rule fedavg|default --start fresh|packaged --trials 3
// --practice mixed|own --first-seed 1`. A fresh policy learns in steps ten times as large as one that serves.

import { parseArgs } from 'node:util';
import { createAggregator } from '../../agents/federation/aggregation/create-aggregator.ts';
import { PlainArithmetic } from '../../agents/federation/aggregation/plain-arithmetic.ts';
import { difference } from '../../agents/federation/learners/vectors.ts';
import { decodeUpdate, encodeUpdate } from '../../agents/federation/update-codec.ts';
import { estimate } from '../../agents/parl/evaluation.ts';
import { loaded, type PracticeGround, practiceUpdate, SETTINGS } from '../../agents/parl/lessons.ts';
import { OBSERVATION_VERSION, POLICY_SHAPE } from '../../agents/parl/policy.ts';
import { readPolicyFile } from '../../agents/parl/policy-file.ts';
import { PolicyScheduler } from '../../agents/parl/policy-scheduler.ts';
import { initialParameters } from '../../agents/parl/ppo/initial-parameters.ts';
import type { TrainerSettings } from '../../agents/parl/ppo/trainer.ts';
import type { WasmNetwork } from '../../agents/parl/ppo/wasm-network.ts';
import { meanCompletion } from '../../agents/parl/training.ts';
import { seededRandom } from '../../core/random.ts';
import { note, Report } from '../rig/report.ts';
import { type Board, boards, type Trial, trials } from './boards.ts';

const { values: options } = parseArgs({
  strict: false,
  options: {
    nodes: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '12' },
    seeds: { type: 'string', default: '2' },
    'first-seed': { type: 'string', default: '1' },
    epochs: { type: 'string', default: '1' },
    proximal: { type: 'string', default: '0.01' },
    rule: { type: 'string', default: 'fedavg' },
    start: { type: 'string', default: 'fresh' },
    trials: { type: 'string', default: '3' },
    practice: { type: 'string', default: 'mixed' },
  },
});
const count = (value: unknown, most: number): number => Math.min(most, Math.max(1, Number(value) || 1));
const [nodes, rounds, seeds] = [count(options.nodes, 30), count(options.rounds, 500), count(options.seeds, 20)];
const [epochs, each, firstSeed] = [
  count(options.epochs, 20),
  count(options.trials, 20),
  count(options['first-seed'], 1e6),
];
const proximal = Math.max(0, Number(options.proximal));
const rule = options.rule === 'default' ? 'default' : 'fedavg';
const isFresh = options.start !== 'packaged';

/** As in service every other scenario is generated, of all kinds of jobs; with `own` a board sees nothing but its own jobs. */
const isMixed = options.practice !== 'own';
const AMOUNT = { updates: 1, scenarios: isMixed ? 2 : 1, rollouts: 4, jobs: 12 };
const ARRIVALS = 20;
const TRAINER: TrainerSettings = isFresh ? { ...SETTINGS, learningRate: 1e-3, maxDivergence: 0.02 } : SETTINGS;
const report = new Report('federation-gain');
const { parameters: packaged } = await readPolicyFile();

interface Outcome {
  start: number;
  federated: number;
  pooled: number;
  /** Mean of the boards, on jobs of all and on those of their own. */
  alone: number;
  aloneOnOwn: number;
  federatedOnOwn: number;
  /** The first round whose policy is at least as good as the pooled one at the end; undefined for none. */
  roundsToPooled: number | undefined;
  bytes: number;
}

const outcomes: Outcome[] = [];
for (let seed = firstSeed; seed < firstSeed + seeds; seed++) outcomes.push(play(seed));
tell();

function play(seed: number): Outcome {
  const all = boards(nodes, seed);
  const held = trials(all, each, ARRIVALS, seed);
  const start = isFresh ? initialParameters(POLICY_SHAPE, seededRandom(seed)) : packaged;
  const quality = (network: WasmNetwork, board?: number): number => shareOfAdvisor(network, held, board);
  const startQuality = quality(loaded(start));

  const pooledNetwork = loaded(start);
  const pooledRandom = seededRandom(seed + 1000);
  for (let round = 0; round < rounds; round++) {
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const { ground } of all) learnOnce(pooledNetwork, ground, pooledRandom);
    }
  }
  const pooled = quality(pooledNetwork);
  note(`seed ${seed}: start ${startQuality.toFixed(3)}, pooled ${pooled.toFixed(3)}`);

  const alone = all.map(({ ground }, board) => {
    const network = loaded(start);
    const random = seededRandom(seed + 2000 + board);
    for (let update = 0; update < rounds * epochs; update++) learnOnce(network, ground, random);
    return { onAll: quality(network), onOwn: quality(network, board) };
  });
  note(`seed ${seed}: alone ${alone.map(({ onAll }) => onAll.toFixed(3)).join(' ')}`);

  const federated = federate(all, start, seed, quality);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const reached = federated.curve.findIndex((value) => value >= pooled);
  const outcome = {
    ...{ start: startQuality, pooled, federated: federated.curve.at(-1)!, bytes: federated.bytes },
    alone: mean(alone.map(({ onAll }) => onAll)),
    aloneOnOwn: mean(alone.map(({ onOwn }) => onOwn)),
    federatedOnOwn: mean(all.map((_, board) => quality(federated.network, board))),
    roundsToPooled: reached < 0 ? undefined : reached + 1,
  };
  note(`seed ${seed}: federated by round ${federated.curve.map((value) => value.toFixed(3)).join(' ')}`);
  return outcome;
}

/** Rounds as in service: float32 down, int8 with error feedback up, the mean weighted by decisions (or the default rule). */
function federate(all: readonly Board[], start: Float32Array, seed: number, quality: (network: WasmNetwork) => number) {
  const randoms = all.map((_, board) => seededRandom(seed + 3000 + board));
  const residuals: (Float32Array | undefined)[] = all.map(() => undefined);
  const aggregator = createAggregator({ rule, liars: 0, clip: 3 }, { arithmetic: new PlainArithmetic() });
  let global = start;
  let bytes = 0;
  const curve: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const updates = all.map(({ name, ground }, board) => {
      const network = loaded(global);
      let decisions = 0;
      for (let epoch = 0; epoch < epochs; epoch++) decisions += learnOnce(network, ground, randoms[board]!, global);
      const residual = residuals[board];
      const delta = difference(network.parameters(), global);
      const packed = encodeUpdate(delta, { format: OBSERVATION_VERSION, ...(residual && { residual }) });
      residuals[board] = packed.residual;
      bytes += packed.bytes.length + 4 * global.length;
      const arrived = decodeUpdate(packed.bytes, { format: OBSERVATION_VERSION, count: global.length });
      if (!arrived.ok) throw new Error(arrived.message);
      return { node: name, delta: arrived.delta, weight: decisions };
    });
    const { delta } = aggregator.aggregate(updates);
    global = global.map((value, index) => value + delta[index]!);
    curve.push(quality(loaded(global)));
  }
  return { curve, bytes, network: loaded(global) };
}

/** @returns decisions that were learned from */
function learnOnce(
  network: WasmNetwork,
  ground: PracticeGround,
  random: ReturnType<typeof seededRandom>,
  centre?: Float32Array,
): number {
  const trainer = centre && proximal > 0 ? { ...TRAINER, proximal: { centre, strength: proximal } } : TRAINER;
  return practiceUpdate(network, ground, AMOUNT, random, trainer).decisions;
}

/** Geometric mean of the advisor's mean completion time over the policy's. @param board left out, jobs of all boards */
function shareOfAdvisor(network: WasmNetwork, held: readonly Trial[], board?: number): number {
  const scheduler = new PolicyScheduler(network);
  const logs = held
    .filter((trial) => board === undefined || trial.board === board)
    .map(({ scenario, advisorSeconds }) => Math.log(advisorSeconds / meanCompletion(scenario, scheduler)));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

function tell(): void {
  const name = `${nodes} boards, ${rounds} rounds of ${epochs}, ${isFresh ? 'from nothing' : 'from the packaged policy'}, ${isMixed ? 'own and generated jobs' : 'own jobs only'}, ${rule}, μ ${proximal}`;
  const { low, high, value } = estimate(outcomes.map(({ federated }) => federated));
  const of = (pick: (outcome: Outcome) => number): number => estimate(outcomes.map(pick)).value;
  const metric = 'share of the advisor, jobs of all boards';
  report.tell(
    'parlmesh',
    { case: name, metric, value, unit: 'x' },
    { low, high, seeds, start: of(({ start }) => start) },
  );
  report.tell('each alone', { case: name, metric, value: of(({ alone }) => alone), unit: 'x' });
  report.tell('pooled', { case: name, metric, value: of(({ pooled }) => pooled), unit: 'x' });
  const own = 'share of the advisor, own jobs';
  report.tell('parlmesh', { case: name, metric: own, value: of(({ federatedOnOwn }) => federatedOnOwn), unit: 'x' });
  report.tell('each alone', { case: name, metric: own, value: of(({ aloneOnOwn }) => aloneOnOwn), unit: 'x' });
  const reached = outcomes.flatMap(({ roundsToPooled }) => roundsToPooled ?? []);
  // Where it was not reached, it would take more rounds than were played.
  const until = estimate(outcomes.map(({ roundsToPooled }) => roundsToPooled ?? rounds + 1)).value;
  report.tell(
    'parlmesh',
    { case: name, metric: 'rounds to the pooled quality', value: until, unit: 'rounds' },
    {
      reachedBy: `${reached.length} of ${outcomes.length} seeds`,
      ...(reached.length < outcomes.length && { atLeast: true }),
    },
  );
  report.tell('parlmesh', {
    case: name,
    metric: 'bytes a node and round',
    value: of(({ bytes }) => bytes) / nodes / rounds,
    unit: 'B',
  });
}
