// Policies made of literals and the learning curve of two days: what the page and the API show of a node that learned.

import {
  createPolicy,
  decodePolicy,
  encodePolicy,
  POLICY_SHAPE,
  type Policy,
  type PolicyDocument,
} from '../../../agents/parl/policy.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { seededRandom } from '../../../core/random.ts';
import type { ImportedPolicyView, PolicyView } from '../../../daemon/view/policy-schema.ts';
import { SELF } from './example-mesh.ts';

const HOUR = 3_600_000;

export class ExamplePolicies {
  readonly #policies: Policy[];
  readonly #previous: Policy[];
  readonly #now: () => number;
  #current: Policy;

  constructor(now: () => number) {
    this.#now = now;
    const packaged = createPolicy(initialParameters(POLICY_SHAPE, seededRandom(1)), {
      ...{ kind: 'pretrained', madeAt: Date.UTC(2026, 10, 1), decisions: 151_000 },
    });
    const trained = createPolicy(initialParameters(POLICY_SHAPE, seededRandom(2)), {
      ...{ kind: 'trained', parent: packaged.version, node: SELF, madeAt: Date.UTC(2026, 10, 28), decisions: 158_400 },
      note: '1.031 times as fast as its parent on 96 recent jobs',
    });
    this.#policies = [trained, packaged];
    this.#previous = [packaged];
    this.#current = trained;
  }

  view(): PolicyView {
    const now = this.#now();
    const why = 'in a replay of recent jobs the learned policy finished them 1.08 times as fast as heft';
    return {
      ...{ scheduler: 'parl', why, policy: this.#current.version, recentJobs: 96 },
      judgement: { serves: 'parl', why, gain: 1.08, over: 'heft', at: now - HOUR, jobs: 96 },
      experience: { rows: 212, bytes: 3_480_000, skipped: 64 },
      lessonSeconds: 412,
      curve: Array.from({ length: 40 }, (_, index) => ({
        at: now - (40 - index) * HOUR,
        kind: index % 5 === 4 ? 'learn' : 'practise',
        decisions: 900 + index,
        return: -1.4 + 0.012 * index,
        entropy: 1.1 - 0.01 * index,
        divergence: 0.004 + 0.001 * (index % 4),
        explainedVariance: 0.4 + 0.01 * index,
      })),
      policies: this.#policies
        .map(({ version, lineage }) => ({
          ...{ version, lineage, current: version === this.#current.version },
          ...(lineage.kind === 'trained' && { merit: { gain: 1.08, over: 'heft', at: lineage.madeAt } }),
        }))
        .sort((a, b) => Number(b.current) - Number(a.current)),
    };
  }

  document(version: string = this.#current.version): PolicyDocument {
    return encodePolicy(this.#find(version));
  }

  promote(version: string): PolicyView {
    this.#previous.push(this.#current);
    this.#current = this.#find(version);
    return this.view();
  }

  rollback(): PolicyView {
    this.#current = this.#previous.pop() ?? this.#current;
    return this.view();
  }

  import(document: PolicyDocument): ImportedPolicyView {
    const policy = decodePolicy(document);
    this.#policies.push(policy);
    return { version: policy.version, signedBy: 'nobody' };
  }

  #find(version: string): Policy {
    const found = this.#policies.find((policy) => policy.version.startsWith(version));
    if (found === undefined) throw new ParlmeshError('POLICY_UNKNOWN', `There is no policy "${version}"`);
    return found;
  }
}
