// Makes what the learned scheduler starts from, by seed; prints its learning curves as JSON lines.
//
//   --stage policy  (default) the packaged policy: imitation of the advisor, then PPO. Writes agents/parl/policies/pretrained.json
//   --stage advisor the advisor's weights, by an evolution strategy; they are printed, to be put into agents/parl/advisor.ts
//
// `--steps N --seed N --made-at MS --out FILE` for the policy, `--generations N --scenarios N --threads N --go-on` for the advisor.

import { parseArgs } from 'node:util';
import { createPolicy } from '../../agents/parl/policy.ts';
import { PRETRAINED, writePolicyFile } from '../../agents/parl/policy-file.ts';
import { CLASSICAL, PARL, schedulersOf } from '../../agents/parl/scheduler-names.ts';
import { TRAINING, trainPolicy } from '../../agents/parl/training.ts';
import { evolveAdvisor } from './evolve-advisor.ts';
import { gainOver } from './gain.ts';

const { values: options } = parseArgs({
  strict: false,
  options: {
    stage: { type: 'string', default: 'policy' },
    steps: { type: 'string', default: String(TRAINING.steps) },
    seed: { type: 'string', default: '1' },
    'made-at': { type: 'string', default: '1796083200000' },
    out: { type: 'string', default: PRETRAINED },
    generations: { type: 'string', default: '90' },
    scenarios: { type: 'string', default: '32' },
    threads: { type: 'string', default: '2' },
    'go-on': { type: 'boolean', default: false },
  },
});
const tell = (line: object): void => {
  console.log(
    JSON.stringify({ bench: 'train-policy', ...line }, (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toPrecision(5)) : value,
    ),
  );
};
const seed = Number(options.seed);

if (options.stage === 'advisor') {
  await evolveAdvisor(
    {
      seed,
      generations: Number(options.generations),
      scenarios: Number(options.scenarios),
      threads: Number(options.threads),
      goOn: options['go-on'] === true,
    },
    tell,
  );
} else {
  const steps = Number(options.steps);
  const trained = trainPolicy({ ...TRAINING, seed, steps }, tell);
  const policy = createPolicy(trained.parameters, {
    ...{ kind: 'pretrained', madeAt: Number(options['made-at']), decisions: trained.decisions },
    note: `bench/train-policy, seed ${seed}, ${steps} steps`,
  });
  const file = String(options.out);
  await writePolicyFile(file, policy);
  const [parl] = schedulersOf([PARL], trained.parameters);
  // Scenarios that neither training nor the choice of the best policy has seen.
  for (const classical of schedulersOf(CLASSICAL, trained.parameters)) {
    tell({ stage: 'test', over: classical.name, ...gainOver(parl!, classical, { seed: 1e6 + seed, scenarios: 40 }) });
  }
  tell({ stage: 'done', version: policy.version, file, decisions: trained.decisions, gainOverAdvisor: trained.gain });
}
