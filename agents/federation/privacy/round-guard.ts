// The gate as the rounds ask for it (`Gate` and `Protection` of `rounds/ports.ts`): may this node take part, what is done to
// what it trained, may these bytes leave now.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Extras, Invitation } from '../messages.ts';
import type { Gate, GateRefusal, ProtectedDelta, Protection, Release } from '../rounds/ports.ts';
import { MOST_NOISE, valuesOf } from './clip-and-noise.ts';
import type { PrivacyConfig } from './config.ts';
import type { PrivacyGate } from './gate.ts';
import type { AskedProtection, ReleaseRefusal } from './release.ts';

/** What a coordinator asks of privacy: `extras.privacy` of an invitation. Nodes hear only what is stricter than theirs. */
export const InvitedPrivacy = Type.Object({
  clip: Type.Optional(Type.Number({ minimum: 1e-6, maximum: 1e6 })),
  noise: Type.Optional(Type.Number({ minimum: 0, maximum: MOST_NOISE })),
  /** The round ends in secure sums: nodes wait for its call (`secure/`) instead of sending their updates. */
  secure: Type.Optional(Type.Boolean()),
});
export type InvitedPrivacy = Static<typeof InvitedPrivacy>;

export class RoundGuard implements Protection {
  readonly #gate: PrivacyGate;
  readonly #config: () => PrivacyConfig;

  constructor(gate: PrivacyGate, config: () => PrivacyConfig) {
    this.#gate = gate;
    this.#config = config;
  }

  /** `Gate`: consent, secure aggregation where it is required, the budget. Charges nothing. */
  readonly mayTakePart: Gate = async (invitation) => {
    const asked = invitedPrivacy(invitation);
    if (asked === undefined) return { reason: 'privacy', cause: 'what the invitation says of privacy cannot be read' };
    const { secure } = this.#config();
    if (secure === 'required' && asked.secure !== true) {
      return { reason: 'privacy', cause: 'this node takes part in secure rounds only (federation.privacy.secure)' };
    }
    if (secure === 'off' && asked.secure === true) {
      return { reason: 'privacy', cause: 'secure aggregation is off on this node (federation.privacy.secure)' };
    }
    const { consent, next } = await this.#gate.outlook(invitation.learner, askedOf(asked));
    if (consent.updates === 'deny')
      return { reason: 'veto', cause: `the owner denies updates of ${invitation.learner}` };
    return next.kind === 'refused' ? { reason: 'privacy', cause: next.sentence } : undefined;
  };

  /** Whether the round ends in secure sums: then `SecureParticipant.ready` takes what was trained, and not `protect`. */
  isSecure(invitation: Pick<Invitation, 'extras'>): boolean {
    return invitedPrivacy(invitation)?.secure === true;
  }

  /**
   * Clipped and with noise, and what the signed header says of that (`extras.privacy`: clip, noise, ε afterwards). Packing
   * with error feedback comes after: its residual is of protected numbers only.
   */
  async protect(invitation: Invitation, delta: Float32Array): Promise<ProtectedDelta> {
    const asked = askedOf(invitedPrivacy(invitation) ?? {});
    const { learner, term, round, coordinator } = invitation;
    const { protection, next } = await this.#gate.outlook(learner, asked);
    const from = this.#gate.protect(delta, asked);
    const epsilonAfter = next.kind === 'allowed' ? next.epsilonAfter : undefined;
    const said = { clip: protection.clip, noise: from.noise, ...(epsilonAfter === undefined ? {} : { epsilonAfter }) };
    const extras: Extras = { privacy: said };
    return {
      delta: valuesOf(from),
      extras,
      release: async (data, examples) => {
        const leaving = { learner, kind: 'updates', to: coordinator, term, round, data, examples, from } as const;
        return told(await this.#gate.release(leaving));
      },
    };
  }

  /**
   * The same bytes once more, after a restart: free where they were charged.
   * @param data as it was packed and kept
   */
  async releaseAgain(
    { learner, term, round, coordinator }: Pick<Invitation, 'learner' | 'term' | 'round' | 'coordinator'>,
    data: Uint8Array,
    examples: number,
  ): Promise<Release> {
    return told(await this.#gate.release({ learner, kind: 'updates', to: coordinator, term, round, data, examples }));
  }

  /** Figures of a training as far as the owner lets them leave: all of them, or none. They stand in the update's header. */
  async metrics(invitation: Invitation, figures: Record<string, number>): Promise<Record<string, number>> {
    const data = Buffer.from(JSON.stringify(figures));
    const { learner, term, round, coordinator } = invitation;
    if (Object.keys(figures).length === 0) return {};
    const { kind } = await this.#gate.release({
      learner,
      kind: 'metrics',
      to: coordinator,
      term,
      round,
      data,
      examples: 0,
    });
    return kind === 'leave' ? figures : {};
  }
}

function invitedPrivacy({ extras }: Pick<Invitation, 'extras'>): InvitedPrivacy | undefined {
  const asked: unknown = extras?.privacy ?? {};
  return Value.Check(InvitedPrivacy, asked) ? asked : undefined;
}

const askedOf = ({ clip, noise }: InvitedPrivacy): AskedProtection => ({
  ...(clip === undefined ? {} : { clip }),
  ...(noise === undefined ? {} : { noise }),
});

const REASONS: Record<ReleaseRefusal, GateRefusal['reason']> = {
  denied: 'veto',
  'too-many-held': 'veto',
  'budget-spent': 'privacy',
  'other-bytes': 'privacy',
  unprotected: 'privacy',
  'account-unreadable': 'privacy',
  'not-written': 'privacy',
};

function told(release: Awaited<ReturnType<PrivacyGate['release']>>): Release {
  if (release.kind === 'leave') return { kind: 'leave' };
  if (release.kind === 'held') return { kind: 'held', cause: release.sentence };
  return { kind: 'refused', reason: REASONS[release.reason], cause: release.sentence };
}
