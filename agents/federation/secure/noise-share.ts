// A node's part of the noise of a group's sum. Pure.

import type { PrivacyConfig } from '../privacy/config.ts';
import { type Plan, thresholdOf } from './messages.ts';

export interface GroupNoise {
  /** Standard deviation of what this node adds, in clips. */
  added: number;
  /** Of the sum that the coordinator may see, by the members whose noise is counted on: what the account is charged for. */
  counted: number;
}

/**
 * With z the stricter of the node's noise and the plan's p. `spread: node` adds all of z. `spread: group` counts on h − 1
 * others, which add p / √parts each at least, and adds the rest: √(z² − (h − 1) p² / parts), and p / √parts at least, since
 * the others count on that. h are the members of a sum that are not in league with the coordinator: the threshold (sums of
 * fewer are never unmasked) less `colluders` of the group.
 *
 * Several discrete Gaussians hide like one of their variances' sum (Kairouz, Liu, Steinke 2021, arXiv 2102.06387): the
 * difference is below e^(−π² σ²), with a σ of a thousand steps and more.
 */
export function groupNoise(
  config: Pick<PrivacyConfig, 'noise' | 'spread' | 'colluders'>,
  plan: Pick<Plan, 'noise' | 'parts'>,
  size: number,
): GroupNoise {
  const noise = Math.max(config.noise, plan.noise);
  if (config.spread === 'node') return { added: noise, counted: noise };
  const honest = partsOf(size, config.colluders);
  const part = plan.noise ** 2 / plan.parts;
  return { added: Math.sqrt(Math.max(part, noise ** 2 - (honest - 1) * part)), counted: noise };
}

/** `parts` of a plan, such that a group of `size` has all of the noise when `colluders` of it (a share) add none. */
export const partsOf = (size: number, colluders: number): number =>
  Math.max(1, thresholdOf(size) - Math.ceil(colluders * size));
