// The privacy gate of this node as a service: it opens once the store can be read, and until then nothing leaves.

import { randomBytes } from 'node:crypto';
import type { Invitation } from '../../agents/federation/messages.ts';
import type { PrivacyConfig } from '../../agents/federation/privacy/config.ts';
import type { DocumentStorage } from '../../agents/federation/privacy/document-storage.ts';
import { PrivacyGate } from '../../agents/federation/privacy/gate.ts';
import { RoundGuard } from '../../agents/federation/privacy/round-guard.ts';
import type { Gate, ProtectedDelta, Protection, Release } from '../../agents/federation/rounds/ports.ts';
import type { SecureParticipant } from '../../agents/federation/secure/secure-participant.ts';
import { SecureProtection } from '../../agents/federation/secure/secure-protection.ts';
import type { Shipment } from '../../agents/federation/shipping/shipping-state.ts';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Service } from '../../core/service.ts';

export interface PrivacyDoorParts {
  config: PrivacyConfig;
  storage: DocumentStorage;
  /** Of this node, for rounds whose updates are seen only in sums. */
  secure: SecureParticipant;
  /** Id of the network that this node is in. */
  network: () => string;
  clock: Clock;
  journal: Journal;
}

export class PrivacyDoor implements Service, Protection {
  readonly name = 'federation-privacy';
  readonly #parts: PrivacyDoorParts;
  #open: { gate: PrivacyGate; guard: RoundGuard; protection: Protection } | undefined;

  constructor(parts: PrivacyDoorParts) {
    this.#parts = parts;
  }

  /** Rejects with `PRIVACY_CONFIG_CONTRADICTION`, or with what the store says. */
  async start(): Promise<void> {
    const config = () => this.#parts.config;
    const gate = await PrivacyGate.open({ ...this.#parts, config, secrets: randomBytes });
    const guard = new RoundGuard(gate, config);
    const { secure: participant, network } = this.#parts;
    this.#open = { gate, guard, protection: new SecureProtection({ guard, participant, network }) };
  }

  async stop(): Promise<void> {
    this.#open = undefined;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Throws `FEDERATION_PRIVACY_CLOSED` until it has started. */
  get gate(): PrivacyGate {
    return this.#require().gate;
  }

  readonly mayTakePart: Gate = async (invitation, coordinator) => {
    if (this.#open === undefined) return { reason: 'privacy', cause: 'what may leave this node is not known yet' };
    return this.#open.guard.mayTakePart(invitation, coordinator);
  };

  async protect(invitation: Invitation, delta: Float32Array): Promise<ProtectedDelta> {
    return this.#require().protection.protect(invitation, delta);
  }

  async releaseAgain(...asked: Parameters<RoundGuard['releaseAgain']>): Promise<Release> {
    return this.#require().guard.releaseAgain(...asked);
  }

  async metrics(invitation: Invitation, figures: Record<string, number>): Promise<Record<string, number>> {
    return this.#require().guard.metrics(invitation, figures);
  }

  /** Why experience stays here; undefined when it may leave. */
  async vetoes(learner: string, { coordinator, decisions }: Shipment): Promise<string | undefined> {
    if (this.#open === undefined) return 'what may leave this node is not known yet';
    const { consent } = await this.#open.gate.outlook(learner);
    if (consent.experience === 'allow') return undefined;
    if (consent.experience === 'deny') return 'the owner denies experience';
    return `the owner is to say whether ${decisions} decisions may go to ${coordinator}: parlmesh federation consent`;
  }

  #require() {
    if (this.#open !== undefined) return this.#open;
    throw new ParlmeshError('FEDERATION_PRIVACY_CLOSED', 'What may leave this node is not known yet', {
      hint: 'parlmesh status tells how the service federation-privacy is',
    });
  }
}
