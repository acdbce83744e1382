// What liars do to what a network of nodes learns together, by aggregation rule: the result as a share of what FedAvg reaches without
// liars; and how fast each rule is, beside numpy. In slices, since all of it takes hours:
//
//   --part robust|speed|all          default: all
//   --task cartpole,scheduling       --nodes 10,30        --shares 0.1,0.2,0.3 (none: every rule without liars)
//   --attacks sign-flip,…            --rules default,…    --seeds 5      --rounds N (default: the task's own)
//   --minutes M                      begins nothing new after that

import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { AggregationRule } from '../../agents/federation/aggregation/config.ts';
import { estimate } from '../../agents/parl/evaluation.ts';
import { note, Report } from '../rig/report.ts';
import { ATTACKS } from './attacks.ts';
import { cartPoleTask } from './cart-pole-task.ts';
import { federate, type Outcome, type Run } from './federation.ts';
import { schedulingTask } from './scheduling-task.ts';
import { measureSpeed } from './speed.ts';

const { values: options } = parseArgs({
  strict: false,
  options: {
    part: { type: 'string', default: 'all' },
    task: { type: 'string', default: 'cartpole,scheduling' },
    nodes: { type: 'string', default: '10,30' },
    shares: { type: 'string', default: '0.1,0.2,0.3' },
    attacks: { type: 'string', default: ATTACKS.map(({ name }) => name).join(',') },
    rules: {
      type: 'string',
      default: 'default,fedavg,median,trimmed-mean,krum,multi-krum,bulyan,geometric-median,root-trust,consensus',
    },
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string' },
    minutes: { type: 'string', default: '1000' },
  },
});
const list = (value: unknown): string[] => String(value).split(',');
const report = new Report('federation-robust');
const endsAt = performance.now() + 60_000 * Number(options.minutes);
const seeds = Array.from({ length: Number(options.seeds) }, (_, i) => i + 1);

if (options.part !== 'speed') robust();
if (options.part !== 'robust') measureSpeed(report);

function robust(): void {
  const tasks = [cartPoleTask, schedulingTask].filter(({ name }) => list(options.task).includes(name));
  for (const task of tasks) {
    const rounds = options.rounds === undefined ? task.rounds : Number(options.rounds);
    for (const nodes of list(options.nodes).map(Number)) {
      const base = { task, nodes, rounds };
      const clean = play({ ...base, attack: ATTACKS[0]!, attackers: 0, rule: 'fedavg', liars: 0 });
      if (clean === undefined) return;
      const cleanScore = estimate(clean.map(({ score }) => score));
      report.tell(
        'parlmesh',
        {
          ...{ case: `${task.name}, ${nodes} nodes, no liars, fedavg`, metric: 'result', unit: task.unit },
          value: cleanScore.value,
        },
        {
          low: cleanScore.low,
          high: cleanScore.high,
          rounds,
          seeds: clean.map(({ score }) => Number(score.toFixed(3))),
        },
      );
      for (const attack of ATTACKS.filter(({ name }) => list(options.attacks).includes(name))) {
        for (const share of attack.name === 'none' ? [0] : list(options.shares).map(Number)) {
          for (const rule of list(options.rules) as AggregationRule[]) {
            const attackers = Math.floor(share * nodes + 1e-9);
            // What is expected is what there is, as far as the rule can stand so many.
            const most = rule === 'bulyan' ? Math.floor((nodes - 3) / 4) : Math.floor((nodes - 3) / 2);
            const liars = Math.min(most, Math.floor(0.3 * nodes + 1e-9)) / nodes;
            const outcomes = play({ ...base, attack, attackers, rule, liars });
            if (outcomes === undefined) return;
            tell({ ...base, attack, attackers, rule }, outcomes, clean);
          }
        }
      }
    }
  }
}

/** One run a seed; undefined when there is no time left. Clipping and reputations are part of the default only. */
function play(run: Omit<Run, 'seed' | 'clip' | 'reputations'>): Outcome[] | undefined {
  const isDefault = run.rule === 'default';
  const outcomes: Outcome[] = [];
  for (const seed of seeds) {
    if (performance.now() > endsAt) {
      note(`stopped after ${options.minutes} minutes`);
      return undefined;
    }
    outcomes.push(federate({ ...run, seed, clip: isDefault ? 1.5 : 0, reputations: isDefault }));
  }
  return outcomes;
}

function tell(
  { task, nodes, attack, attackers, rule }: Omit<Run, 'seed' | 'clip' | 'reputations' | 'liars' | 'rounds'>,
  outcomes: readonly Outcome[],
  clean: readonly Outcome[],
): void {
  const mean = (of: (outcome: Outcome) => number, among = outcomes): number =>
    among.reduce((sum, outcome) => sum + of(outcome), 0) / among.length;
  const score = mean((outcome) => outcome.score);
  const percent = Math.round((100 * attackers) / nodes);
  const liars = attackers === 0 ? 'no liars' : `${percent} % ${attack.name}`;
  const rounded = (value: number): number => Number(value.toPrecision(3));
  report.tell(
    'parlmesh',
    {
      ...{ case: `${task.name}, ${nodes} nodes, ${liars}, ${rule}`, metric: 'share of the result without liars' },
      ...{ value: score / mean((outcome) => outcome.score, clean), unit: 'x' },
    },
    {
      score: rounded(score),
      seeds: outcomes.map((outcome) => rounded(outcome.score)),
      caught: rounded(mean((outcome) => outcome.caught)),
      wronged: rounded(mean((outcome) => outcome.wronged)),
      ...(attack.poison === 'backdoor' && {
        backdoor: rounded(mean((outcome) => outcome.backdoor)),
        backdoorClean: rounded(mean((outcome) => outcome.backdoor, clean)),
      }),
    },
  );
}
