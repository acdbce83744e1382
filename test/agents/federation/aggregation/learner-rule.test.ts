import { Value } from 'typebox/value';
import { expect, it } from 'vitest';
import { ruleFor } from '../../../../agents/federation/aggregation/learner-rule.ts';
import { FederationConfig } from '../../../../agents/federation/config.ts';

const SUITS = { rule: 'fedavg' } as const;

function rule(config: object, suits?: typeof SUITS) {
  const { aggregation, learners } = Value.Parse(FederationConfig, Value.Default(FederationConfig, config));
  return ruleFor(aggregation, learners.sparse?.aggregation, suits);
}

it('is the robust default, or what suits the learner, where nobody chose', () => {
  expect(rule({})).toEqual({ rule: 'default', liars: 0.3, clip: 1.5 });
  expect(rule({}, SUITS)).toEqual({ rule: 'fedavg', liars: 0.3, clip: 1.5 });
  expect(rule({ aggregation: { clip: 2, mostNorm: 10 } }, SUITS)).toMatchObject({
    rule: 'fedavg',
    clip: 2,
    mostNorm: 10,
  });
});

it('is what was chosen for all, unless something else was chosen for the learner', () => {
  const all = { aggregation: { rule: 'krum', liars: 0.2 } };
  expect(rule(all, SUITS)).toMatchObject({ rule: 'krum', liars: 0.2 });
  const own = { learners: { sparse: { aggregation: { rule: 'trimmed-mean', liars: 0.1, clip: 0 } } } };
  expect(rule({ ...all, ...own }, SUITS)).toEqual({ rule: 'trimmed-mean', liars: 0.1, clip: 0 });
  expect(rule({ ...all, learners: { sparse: { aggregation: { clip: 3 } } } })).toMatchObject({ rule: 'krum', clip: 3 });
});

it('can be the robust default for a learner that suggests another', () => {
  expect(rule({ learners: { sparse: { aggregation: { rule: 'default' } } } }, SUITS)).toMatchObject({
    rule: 'default',
  });
});
