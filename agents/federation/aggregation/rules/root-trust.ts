// FLTrust (Cao et al. 2021, algorithm 2): the coordinator trains on a little data of its own, and believes an update as far as
// it points the same way: ReLU of the cosine. All are scaled to the norm of the coordinator's. Stands any share of liars that
// the root data can tell.

import type { Aggregator, Doubt, Verdict } from '../aggregator.ts';
import { dot, figure, normOf, ramp, requireUpdates, weightedMean } from '../update-set.ts';

/** @param root the coordinator's own update, trained from the same model */
export function rootTrust({ root }: { root: Float32Array }): Aggregator {
  const name = 'root-trust';
  return {
    name,
    aggregate: (updates) => {
      requireUpdates(name, [{ node: 'the root', delta: root, weight: 1 }, ...updates], 2);
      const rows = updates.map(({ delta }) => delta);
      const rootNorm = normOf(root);
      const norms = rows.map(normOf);
      const cosines = rows.map((row, i) =>
        rootNorm === 0 || norms[i] === 0 ? 0 : dot(row, root) / rootNorm / norms[i]!,
      );
      const trust = cosines.map((cosine) => Math.max(0, cosine));
      const total = trust.reduce((sum, each) => sum + each, 0);
      // Whom nobody agrees with goes his own way: the paper leaves this case open.
      const delta = total === 0 ? root.slice() : unitSum(rows, { trust, norms, rootNorm, total });
      const verdicts = updates.map(({ node }, i): Verdict => {
        const share = total === 0 ? 0 : trust[i]! / total;
        if (share >= 0.5 / updates.length) return { node, share };
        return { node, share, doubt: againstRoot(cosines[i]!) };
      });
      return { delta, verdicts };
    },
  };
}

/** @param cosine with the coordinator's own update */
export function againstRoot(cosine: number): Doubt {
  const evidence = `its cosine with the coordinator’s own update is ${figure(cosine)}`;
  return { reason: 'against-root', evidence, severity: ramp(-cosine, -0.05, 0.2) };
}

interface Scaling {
  trust: readonly number[];
  norms: readonly number[];
  rootNorm: number;
  total: number;
}

/** Equation 5: Σ TSᵢ ‖g₀‖/‖gᵢ‖ gᵢ / Σ TSᵢ. */
function unitSum(rows: readonly Float32Array[], { trust, norms, rootNorm, total }: Scaling): Float32Array {
  const factors = trust.map((each, i) => (each === 0 ? 0 : (each * rootNorm) / norms[i]!));
  const sum = factors.reduce((all, factor) => all + factor, 0);
  const mean = weightedMean(rows, factors);
  for (let at = 0; at < mean.length; at++) mean[at]! *= sum / total;
  return mean;
}
