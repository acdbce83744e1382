// `parlmesh policy evaluate|train`: trains a policy, compares one with the classical schedulers; neither needs a daemon.

import { InvalidArgumentError } from 'commander';
import type { Comparison } from '../../../agents/parl/evaluation.ts';
import type { Policy } from '../../../agents/parl/policy.ts';
import type { TrainingUpdate } from '../../../agents/parl/training.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { table } from '../table.ts';
import { registerPoliciesOfNode } from './policy-on-node.ts';

interface EvaluateOptions extends CommonOptions {
  jobs: string;
  nodes: string;
  policy?: string;
  load: number;
  seeds: number;
  arrivals: number;
  failures?: true;
}

interface TrainOptions extends CommonOptions {
  steps: number;
  seed: number;
  from?: string;
  out: string;
}

export function registerPolicy(program: CliCommand, cli: Cli): void {
  const policy = program
    .command('policy')
    .summary('the learned scheduler')
    .description('A policy decides which task goes where. It is a file of a few thousand numbers.')
    .example('policy evaluate --jobs jobs/ --nodes nodes.yaml', 'would the learned scheduler be better on my jobs?');
  registerEvaluate(policy, cli);
  registerTrain(policy, cli);
  registerPoliciesOfNode(policy, cli);
}

function registerEvaluate(policy: CliCommand, cli: Cli): void {
  policy
    .command('evaluate')
    .summary('compare a policy with the classical schedulers')
    .description(
      'Lets jobs of a folder arrive at simulated nodes, and prints mean and 95th percentile of their completion times under every scheduler, with 95 % confidence intervals over seeds. All schedulers get the same arrivals, run times and failures.',
    )
    .requiredOption('--jobs <folder>', 'WfCommons workflows or job files; each arrival is one of them')
    .requiredOption('--nodes <file>', 'which nodes: {"nodes": [{"name": "pi", "speed": 1, "slots": 4}]}, YAML or JSON')
    .option('--policy <file>', 'the policy to compare; the packaged one by default')
    .option('--load <share>', 'share of the nodes’ capacity that arrives', loadOption, 0.9)
    .option('--seeds <count>', 'how many episodes, each with its own arrivals', integerOption(1, 1000), 5)
    .option('--arrivals <count>', 'jobs of an episode', integerOption(1, 10_000), 100)
    .option('--failures', 'nodes fail and come back')
    .common()
    .example('policy evaluate --jobs jobs/ --nodes nodes.yaml --load 0.7', 'who is best at 70 % load?')
    .example(
      'policy evaluate --jobs jobs/ --nodes nodes.yaml --policy mine.json -o json',
      'is mine better? For a script',
    )
    .action(async (options: EvaluateOptions) => {
      const { evaluate } = await import('../../../agents/parl/evaluate.ts');
      const { readJobs, readNodes } = await import('../../../agents/parl/workload-files.ts');
      const [jobs, nodes] = [await readJobs(options.jobs), await readNodes(options.nodes)];
      const { version, parameters } = await read(options.policy);
      const { load, arrivals, failures = false } = options;
      const comparison = await evaluate(
        {
          ...{ jobs, nodes, load, arrivals, failures, parameters },
          seeds: Array.from({ length: options.seeds }, (_, index) => index + 1),
        },
        {
          signal: cli.signal,
          onSeed: (done) => {
            if (options.output === 'table') cli.terminal.note(`… ${done} of ${options.seeds} seeds`);
          },
        },
      );
      const setting = { load, seeds: options.seeds, arrivals, failures };
      const shown = { policy: version, jobs: jobs.length, nodes: nodes.length, ...setting, ...comparison };
      cli.show(options, shown, () => describeComparison(cli, comparison));
    });
}

function registerTrain(policy: CliCommand, cli: Cli): void {
  policy
    .command('train')
    .summary('make a policy')
    .description(
      'Trains on generated jobs and nodes: imitation of the advisor, then PPO. Keeps the policy that did best on held-back episodes. The same seed gives the same policy on machines of one kind.',
    )
    .option('--steps <count>', 'decisions to learn from', integerOption(1, 100_000_000), 150_000)
    .option('--seed <number>', 'what chance begins with', integerOption(0, 2 ** 31), 1)
    .option('--from <file>', 'go on from this policy; without imitation then')
    .requiredOption('--out <file>', 'where the policy is written')
    .common()
    .example('policy train --steps 150000 --seed 1 --out mine.json', 'a policy of my own')
    .action(async ({ steps, seed, from, out, ...options }: TrainOptions) => {
      const { createPolicy } = await import('../../../agents/parl/policy.ts');
      const { TRAINING } = await import('../../../agents/parl/training.ts');
      const { trainInThread } = await import('../../../agents/parl/train-in-thread.ts');
      const { writePolicyFile } = await import('../../../agents/parl/policy-file.ts');
      const parent = from === undefined ? undefined : await read(from);
      const trained = await trainInThread(
        { ...TRAINING, steps, seed, ...(parent && { start: parent.parameters }) },
        (update) => {
          const line = options.output === 'json' ? JSON.stringify(update) : inWords(update);
          if (line !== undefined) cli.terminal.note(line);
        },
        cli.signal,
      );
      const made = createPolicy(trained.parameters, {
        ...{ kind: 'trained', madeAt: Date.now(), decisions: trained.decisions, note: `seed ${seed}, ${steps} steps` },
        ...(parent && { parent: parent.version }),
      });
      await writePolicyFile(out, made);
      const shown = { version: made.version, file: out, decisions: trained.decisions, gain: trained.gain };
      cli.show(options, shown, () => `${out}: policy ${made.version}, ${times(trained.gain)} the advisor`);
    });
}

async function read(file: string | undefined): Promise<Policy> {
  const { readPolicyFile } = await import('../../../agents/parl/policy-file.ts');
  return readPolicyFile(file);
}

function describeComparison(cli: Cli, { schedulers, gain }: Comparison): string {
  const rows = table(cli.terminal, schedulers, [
    { title: 'scheduler', value: ({ scheduler }) => scheduler },
    { title: 'mean s', align: 'right', value: ({ mean }) => seconds(mean.value) },
    { title: '95 %', value: ({ mean }) => `${seconds(mean.low)}–${seconds(mean.high)}` },
    { title: 'p95 s', align: 'right', value: ({ p95 }) => seconds(p95.value) },
    { title: '95 %', value: ({ p95 }) => `${seconds(p95.low)}–${seconds(p95.high)}` },
  ]);
  const interval = `${gain.low.toFixed(2)}–${gain.high.toFixed(2)}`;
  return `${rows}\n\n${gain.subject} is ${times(gain.value)} ${gain.over}, the best classical one (95 %: ${interval}).`;
}

function inWords(update: TrainingUpdate): string | undefined {
  if (update.stage === 'imitation')
    return update.episode % 10 === 0 ? `… imitation, episode ${update.episode}` : undefined;
  if (update.stage === 'ppo') return undefined;
  return `… ${update.decisions} decisions: ${times(update.gain)} the advisor${update.best ? ', the best so far' : ''}`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(3)} times as good as`;
}

function seconds(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1);
}

function loadOption(text: string): number {
  const load = Number(text);
  if (text.trim() !== '' && load >= 0.01 && load <= 2) return load;
  throw new InvalidArgumentError('Expected a share from 0.01 to 2, e.g. 0.9.');
}
