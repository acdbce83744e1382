// Settings of privacy in the federation: what may leave this node, how it is clipped and blurred, and how much may be
// given away in all. The node keeps to them whatever a coordinator asks; a coordinator can only ask for more privacy.

import { type Static, Type } from 'typebox';
import { ParlmeshError } from '../../../core/errors.ts';
import { LearnerName } from '../messages.ts';
import { MOST_NOISE } from './clip-and-noise.ts';

/** `allow`: leaves without asking. `ask`: waits for the owner. `deny`: never leaves. */
export const ConsentChoice = Type.Union([Type.Literal('allow'), Type.Literal('ask'), Type.Literal('deny')]);
export type ConsentChoice = Static<typeof ConsentChoice>;

/** What can leave a node: changes of a model; decisions as they were made; figures for learning curves. */
export const LEAVING_KINDS = ['updates', 'experience', 'metrics'] as const;
export type LeavingKind = (typeof LEAVING_KINDS)[number];

const consentOf = (what: string, cost: string) =>
  Type.Union(ConsentChoice.anyOf, { default: 'allow', description: `${what} ${cost}` });

export const LeavingConfig = Type.Object(
  {
    updates: consentOf(
      'Changes of a model, clipped and with the noise of `privacy.noise`.',
      '`ask` lets each wait until you approve it, which most rounds are too short for; `deny` keeps this node out of training, and it still gets the models of others.',
    ),
    experience: consentOf(
      'Decisions as they were made: observation, choice, reward. No noise is added to them, so that `privacy.budget` says nothing about them.',
      '`deny` makes pooled training on the coordinator poorer, not the rounds.',
    ),
    metrics: consentOf(
      'Up to 16 figures of a training (reward, loss). They too are without noise.',
      '`deny` leaves this node out of the learning curves.',
    ),
  },
  { additionalProperties: false, default: {} },
);
export type LeavingConfig = Static<typeof LeavingConfig>;

/** Only what is named differs, so nothing here has a default. */
const LeavingOverrides = Type.Object(
  {
    updates: Type.Optional(ConsentChoice),
    experience: Type.Optional(ConsentChoice),
    metrics: Type.Optional(ConsentChoice),
  },
  { additionalProperties: false },
);

export const PrivacyConfig = Type.Object(
  {
    clip: Type.Number({
      default: 10,
      minimum: 1e-6,
      maximum: 1e6,
      description:
        'Longest L2 norm of an update that leaves; a longer one is scaled down to it. Always on: it bounds what one node can do to a model and what the noise must hide. Lower bounds more, and slows learning once honest updates are longer. Without noise the default only stops broken ones; with noise take the median norm that the ledger shows, since the noise grows with it.',
    }),
    noise: Type.Number({
      default: 0,
      minimum: 0,
      maximum: MOST_NOISE,
      description:
        'Standard deviation of the Gaussian noise on every parameter, in clips. 0, the default, is none: the boards of one network mostly belong to one owner, and noise that hides a whole node’s update needs hundreds of nodes before a model still learns. 1 costs ε of about 10 in the first round (δ = 1e-5); twice the noise costs less than half of that, and needs four times the nodes for the same model. Turn it on where the nodes’ owners are not the coordinator’s.',
    }),
    spread: Type.Union([Type.Literal('node'), Type.Literal('group')], {
      default: 'node',
      description:
        'Who adds the noise. `node`: each adds all of it, so that ε holds against everybody, even with secure aggregation broken. `group`: in secure rounds each adds only its part and the sum has all of it: √n times less noise in the model, but ε then holds only while the others of the group (less `colluders`) add theirs and secure aggregation holds.',
    }),
    colluders: Type.Number({
      default: 0.2,
      minimum: 0,
      maximum: 0.5,
      description:
        'Share of a group that may be in league with the coordinator, for `spread: group`: their noise is not counted on. More adds more noise.',
    }),
    delta: Type.Number({
      default: 1e-5,
      minimum: 1e-12,
      maximum: 0.01,
      description:
        'δ of (ε, δ): the probability with which ε may fail to hold. Keep it below 1 / (nodes in the network). Ten times less raises every ε by about a tenth.',
    }),
    budget: Type.Optional(
      Type.Number({
        minimum: 0.01,
        maximum: 1000,
        description:
          'ε that each learner may spend, within `renewal` where that is set, else ever. When the next round would exceed it, this node stays out and says so. Needs `noise` above 0. Without it, spending is shown and not bounded. Less ends participation sooner.',
      }),
    ),
    renewal: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 3650,
        description:
          'Days after which `budget` may be spent again. What was given away stays given away: ε of all periods adds up, and `parlmesh federation privacy` shows the sum. Without it, a spent budget ends participation for good.',
      }),
    ),
    secure: Type.Union([Type.Literal('off'), Type.Literal('on'), Type.Literal('required')], {
      default: 'on',
      description:
        'Secure aggregation: the coordinator sees only the sum of a group of nodes. `off`: never (updates are seen one by one). `on`: when the round offers it. `required`: this node stays out of rounds without it. It costs five messages instead of one, 4 bytes a parameter instead of 1, and a liar is then seen only as a spoilt group.',
    }),
    smallestGroup: Type.Integer({
      default: 4,
      minimum: 3,
      maximum: 64,
      description:
        'Fewest nodes whose sum this node takes part in. More hides one node among more, and makes small networks unable to form a group.',
    }),
    leaves: Type.Object(LeavingConfig.properties, {
      additionalProperties: false,
      default: {},
      description: 'What may leave this node, for every learner.',
    }),
    learners: Type.Record(LearnerName, LeavingOverrides, {
      default: {},
      maxProperties: 32,
      description: 'The same for one learner by name (`parl-policy: { experience: deny }`), where it differs.',
    }),
    holdFor: Type.Number({
      default: 24,
      minimum: 0.01,
      maximum: 720,
      description:
        'Hours that something waits for the owner under `ask`; then it is refused. Longer keeps things that their round no longer wants.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type PrivacyConfig = Static<typeof PrivacyConfig>;

/** Throws `PRIVACY_CONFIG_CONTRADICTION` for settings that cannot all be meant. */
export function checkPrivacyConfig(config: PrivacyConfig): void {
  if (config.budget !== undefined && config.noise === 0) {
    throw new ParlmeshError(
      'PRIVACY_CONFIG_CONTRADICTION',
      'federation.privacy.budget needs federation.privacy.noise above 0: without noise every round gives away without bound',
      { hint: 'set noise to 1 or more, or remove budget' },
    );
  }
  if (config.renewal !== undefined && config.budget === undefined) {
    throw new ParlmeshError(
      'PRIVACY_CONFIG_CONTRADICTION',
      'federation.privacy.renewal renews a budget, and there is none',
      {
        hint: 'set budget, or remove renewal',
      },
    );
  }
}

/** What holds and is easily overlooked: sentences for `parlmesh doctor` and the page. */
export function privacyConcerns(config: PrivacyConfig): string[] {
  const concerns: string[] = [];
  const allowing = (kind: LeavingKind): boolean =>
    config.leaves[kind] !== 'deny' ||
    Object.values(config.learners).some((choice) => (choice[kind] ?? 'deny') !== 'deny');
  if (config.noise > 0 && allowing('experience')) {
    concerns.push('Updates leave with noise, but experience leaves as it is: deny experience, or ε means little.');
  }
  if (config.noise > 0 && config.spread === 'group' && config.secure === 'off') {
    concerns.push('spread: group has no effect with secure: off; every update gets all of the noise.');
  }
  return concerns;
}
