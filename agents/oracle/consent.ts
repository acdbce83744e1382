// Asking other nodes to approve an order: those that the choice names, all at once, until enough have signed or the
// deadline has passed.

import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { AgentNetwork } from '../network.ts';
import { approvalRule, chosenAmong, epochAt, rankApprovers } from './approvers.ts';
import type { OracleConfig } from './config.ts';
import type { OracleKeys, Signed } from './keys.ts';
import { APPROVE } from './messages.ts';
import { approversOf, type Dispatch, type ReadOrder, SignedApproval } from './order.ts';
import { readMessage, writeMessage } from './wire.ts';

export interface ConsentParts {
  config: OracleConfig;
  keys: OracleKeys;
  network: AgentNetwork;
  clock: Clock;
}

export interface Consent {
  approvals: Signed[];
  /** Why others did not approve. */
  refusals: string[];
}

export class ConsentCollector {
  readonly #parts: ConsentParts;

  constructor(parts: ConsentParts) {
    this.#parts = parts;
  }

  /** Resolves with `needed` approvals, or with fewer and the reasons. Never rejects. */
  collect(read: ReadOrder, dispatch: Dispatch, needed: number): Promise<Consent> {
    const { network, keys, config, clock } = this.#parts;
    const reachable = network.nodes().filter((node) => node.reachable);
    const names = new Map(reachable.map(({ id, name }) => [id, name]));
    const { asked } = approvalRule(reachable.length + 1, { approvals: needed, asked: config.asked });
    const by = { network: read.order.network, node: keys.self, epoch: epochAt(read.order.at) };
    const chosen = rankApprovers([...names.keys()], by).slice(0, asked);
    const consent: Consent = { approvals: [], refusals: [] };
    if (chosen.length < needed) {
      consent.refusals.push(`only ${chosen.length} other nodes can be reached`);
      return Promise.resolve(consent);
    }
    const payload = writeMessage(dispatch);
    const deadline = config.approvalDeadline * 1000;
    return new Promise((resolve) => {
      let open = chosen.length;
      const end = (): void => {
        timer.cancel();
        resolve(consent);
      };
      const timer = clock.after(deadline, () => {
        consent.refusals.push(`${open} did not answer in time`);
        end();
      });
      const settle = (): void => {
        open--;
        if (consent.approvals.length >= needed || open === 0) end();
      };
      for (const node of chosen) {
        network.request(node, APPROVE, payload, { deadline }).then(
          (answer) => {
            const approval = readMessage(SignedApproval, answer);
            const isGood = approval !== undefined && approversOf(keys, read, [approval]).has(node);
            if (isGood) consent.approvals.push(approval);
            else consent.refusals.push(`${names.get(node)} answered with no approval`);
            settle();
          },
          (error: unknown) => {
            consent.refusals.push(`${names.get(node)}: ${messageOf(error)}`);
            settle();
          },
        );
      }
    });
  }

  /** How many approvals of this order count: by nodes that were to be asked, as this node sees the network. */
  count(read: ReadOrder, approvals: readonly Signed[], needed: number): number {
    const { network, keys, config } = this.#parts;
    const candidates = [keys.self, ...network.nodes().flatMap(({ id, reachable }) => (reachable ? [id] : []))];
    const approvers = approversOf(keys, read, approvals);
    const { node, at, network: id } = read.order;
    return chosenAmong(approvers, candidates, { network: id, node, at, asked: Math.max(config.asked, needed) });
  }
}
