import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  frameOf,
  INVITE,
  type Invitation,
  PIECE_BYTES,
  Receipt,
  readFrame,
  sha256,
  UPDATE,
  type UpdateHeader,
} from '../../../../agents/federation/messages.ts';
import type { Release } from '../../../../agents/federation/rounds/ports.ts';
import { refused } from '../../../../agents/federation/storage.ts';
import { makeSigned } from '../../../../agents/oracle/keys.ts';
import { keysOf } from '../member-keys.ts';
import { LEARNER, VirtualFederation } from './virtual-federation.ts';

const all = { selection: { share: 1 } };

describe('nodes that are slow, dead or away', () => {
  it('never hold a round past its deadline: a third of ten is dead, without anybody noticing', async () => {
    const federation = new VirtualFederation({ config: { ...all, deadline: { most: 20 } } });
    await federation.startAll(10);
    await federation.until(() => federation.lead.coordinator.round(LEARNER)?.state === 'training');
    federation.exchange.options.noticeAfter = 1e9;
    for (const id of ['n2', 'n5', 'n8']) federation.nodes.get(id)!.kill();
    const round = await federation.ended(1, 30_000);
    expect(round).toMatchObject({ state: 'done', arrived: 7, deadlineSeconds: 20, quorum: 4 });
    // They are known to be unsure from then on, and the quorum fits what can be expected.
    for (let number = 2; number <= 4; number++) {
      expect(await federation.ended(number, 60_000)).toMatchObject({ state: 'done', arrived: 7 });
    }
  });

  it('are not waited for at all once the network knows that they are gone', async () => {
    const federation = await new VirtualFederation({ config: { ...all, deadline: { least: 300 } } }).startAll(10);
    await federation.until(() => federation.lead.coordinator.round(LEARNER)?.state === 'training');
    for (const id of ['n2', 'n5', 'n8']) federation.nodes.get(id)!.kill();
    expect(await federation.ended(1, 10_000)).toMatchObject({ state: 'done', arrived: 7 });
  });

  it('that are stragglers are told that the round went on, and stop', async () => {
    const federation = await new VirtualFederation({ config: { ...all, deadline: { most: 10 } } }).startAll(5);
    federation.nodes.get('n3')!.learner.seconds = 500;
    const round = await federation.ended(1, 15_000);
    expect(round).toMatchObject({ state: 'done', arrived: 4 });
    await federation.pass(500);
    const { participant } = federation.nodes.get('n3')!;
    expect(participant.duties()[0]!.duty.kind).toBe('idle');
    expect(participant.figures().ended).toEqual({ withdrawn: 1 });
  });

  it('get a deadline that follows from how fast the nodes were', async () => {
    const federation = await new VirtualFederation({
      config: { ...all, deadline: { least: 1, slack: 2 } },
    }).startAll(5);
    // Nobody has been measured: the whole budget of 30 s and 5 s of way, twice.
    expect(await federation.ended(1)).toMatchObject({ deadlineSeconds: 70 });
    const second = await federation.ended(2);
    expect(second.deadlineSeconds).toBeGreaterThan(4);
    expect(second.deadlineSeconds).toBeLessThan(5);
  });

  it('that fail to train say so, and are not waited for', async () => {
    const federation = await new VirtualFederation({ config: { ...all, deadline: { least: 300 } } }).startAll(5);
    federation.nodes.get('n4')!.learner.failing = 'the thread died';
    const round = await federation.ended(1, 10_000);
    expect(round).toMatchObject({ state: 'done', arrived: 4 });
    expect(round.nodes.find(({ node }) => node.id === 'n4')).toMatchObject({
      state: 'declined',
      why: 'training-failed: the thread died',
    });
  });

  it('cut off for ten rounds come back, are asked again, and what they had is not counted in a wrong round', async () => {
    const federation = await new VirtualFederation({ config: { ...all, deadline: { most: 20 } } }).startAll(5);
    const { participant } = federation.nodes.get('n4')!;
    await federation.until(() => participant.duties()[0]!.duty.kind === 'training');
    federation.exchange.isolate('n4');
    for (let number = 1; number <= 10; number++) {
      const round = await federation.ended(number, 60_000);
      expect(round).toMatchObject({ state: 'done', arrived: 4 });
    }
    federation.exchange.isolate('n4', false);
    await federation.pass(1000);
    await federation.until(() => federation.lead.coordinator.history(LEARNER)[0]?.arrived === 5, 120_000);
    await federation.pass(100);
    expect(participant.figures().ended).toEqual({ dropped: 1, taken: 1 });
    for (const { origin } of federation.lead.disk.proposed)
      expect(new Set(origin.nodes).size).toBe(origin.nodes.length);
  });
});

describe('a network that is bad', () => {
  it('loses a fifth of all messages and says a fifth twice: rounds still end, each update counts once', async () => {
    const federation = new VirtualFederation({
      config: all,
      network: { loss: 0.2, duplication: 0.2, jitter: 50 },
      seed: 7,
    });
    await federation.startAll(6);
    for (let number = 1; number <= 5; number++) {
      const round = await federation.ended(number, 300_000);
      expect(round).toMatchObject({ state: 'done', examples: round.arrived * 100 });
    }
  });

  it('and boards whose clocks are a day off change nothing', async () => {
    const day = 86_400_000;
    const federation = await new VirtualFederation({
      config: { ...all, deadline: { least: 60 } },
      wallOff: (id) => ({ n0: -day, n1: day })[id] ?? 0,
    }).startAll(4);
    expect(await federation.ended(1, 20_000)).toMatchObject({ state: 'done', arrived: 4 });
    expect(await federation.ended(2, 20_000)).toMatchObject({ state: 'done', arrived: 4 });
  });
});

describe('a node that ends in the middle of its work', () => {
  it('sends the same bytes after its restart, and they count once', async () => {
    const size = 100_000;
    const federation = await new VirtualFederation({
      ...{ config: { ...all, deadline: { least: 200 } }, size },
    }).startAll(3);
    const node = federation.nodes.get('n2')!;
    // The round has a reason to go on while it is away.
    federation.nodes.get('n1')!.learner.seconds = 30;
    await federation.until(() => node.participant.duties()[0]!.duty.kind === 'sending');
    // Some of its 400 kB are there.
    await federation.until(() => federation.lead.coordinator.figures().updates.bytes > 3 * PIECE_BYTES);
    const { pending } = JSON.parse(node.disk.notebook!).learners[LEARNER];
    node.kill();
    await federation.pass(3000);
    const again = await federation.start('n2');
    const round = await federation.ended(1);
    expect(round).toMatchObject({ state: 'done', arrived: 3 });
    expect(again.learner.trainings).toBe(0);
    const stored = (await federation.lead.disk.storage.updates(LEARNER, 1)).find(({ node: id }) => id === 'n2')!;
    expect(Buffer.from(stored.data).toString('base64')).toBe(pending.data);
    expect(JSON.parse(again.disk.notebook!).learners[LEARNER].pending).toBeUndefined();
  });

  it('trains anew when it was killed while training', async () => {
    const federation = await new VirtualFederation({ config: { ...all, deadline: { least: 60 } } }).startAll(3);
    const node = federation.nodes.get('n2')!;
    await federation.until(() => node.participant.duties()[0]!.duty.kind === 'training');
    node.kill();
    await federation.pass(400);
    const again = await federation.start('n2');
    expect(await federation.ended(1)).toMatchObject({ state: 'done' });
    expect(await federation.ended(2)).toMatchObject({ state: 'done', arrived: 3 });
    expect(again.learner.trainings).toBeGreaterThan(0);
  });

  it('and vanishes for good with half an update sent leaves the round as it was', async () => {
    const federation = await new VirtualFederation({
      ...{ config: { ...all, deadline: { least: 100 } }, size: 100_000 },
    }).startAll(4);
    await federation.until(() => federation.lead.coordinator.figures().updates.bytes > 4 * PIECE_BYTES);
    federation.nodes.get('n3')!.kill();
    const round = await federation.ended(1, 20_000);
    expect(round).toMatchObject({ state: 'done', arrived: 3 });
  });
});

describe('a store that takes nothing', () => {
  it('makes the round stand still, with the reason, and nothing of it is lost', async () => {
    const federation = await new VirtualFederation({ config: { ...all, deadline: { most: 10 } } }).startAll(4);
    const { coordinator, disk, journal } = federation.lead;
    await federation.until(() => coordinator.round(LEARNER)?.state === 'training');
    disk.storage.failing = 'no space left on device';
    // Far longer than the deadline.
    await federation.pass(120_000);
    expect(coordinator.round(LEARNER)?.number).toBe(1);
    expect(coordinator.status().learners[0]!.trouble).toContain('no space left on device');
    expect(journal.find(({ kind }) => kind === 'federation.paused')?.message).toContain('no space left on device');
    disk.storage.failing = undefined;
    const round = await federation.ended(1);
    expect(round).toMatchObject({ state: 'done', arrived: 4 });
    expect(journal.some(({ kind }) => kind === 'federation.unpaused')).toBe(true);
    expect(federation.lead.coordinator.status().learners[0]!.trouble).toBeUndefined();
  });
});

describe('a store that will never take a state of a round', () => {
  it('ends the round with its word, and the next one runs', async () => {
    const federation = await new VirtualFederation({ config: all }).startAll(4);
    const { storage } = federation.lead.disk;
    const put = storage.putRound.bind(storage);
    storage.putRound = async (round) => {
      if (round.number === 1 && JSON.parse(round.state).kind === 'aggregating') throw refused('the state is too long');
      return put(round);
    };
    expect(await federation.ended(1, 60_000)).toMatchObject({ state: 'failed', failure: 'storage' });
    expect(await federation.ended(2, 60_000)).toMatchObject({ state: 'done', arrived: 4 });
  });
});

describe('updates that are wrong', () => {
  /** A federation in the middle of round 1, and a way to send it an update as any node would. */
  async function open() {
    const federation = await new VirtualFederation({
      config: { ...all, deadline: { least: 100 } },
    }).startAll(4);
    for (const { learner } of federation.nodes.values()) learner.seconds = 50;
    const heard: Invitation[] = [];
    const { participant } = federation.nodes.get('n1')!;
    const invited = participant.invited.bind(participant);
    participant.invited = (signed, origin) => {
      heard.push(JSON.parse(signed.body));
      return invited(signed, origin);
    };
    await federation.until(() => federation.lead.coordinator.round(LEARNER)?.state === 'training');
    const invitation = heard[0]!;
    const numbers = bytesOf(new Float32Array(20).fill(0.25));
    const header = (changes: Partial<UpdateHeader> = {}, data = numbers): UpdateHeader => ({
      ...{ id: invitation.id, learner: LEARNER, format: 1, round: 1, coordinator: 'n0', node: 'n1' },
      ...{ base: invitation.base, examples: 100, seconds: 1, metrics: {}, codec: 'float32' },
      ...{ bytes: data.length, digest: sha256(data), ...changes },
    });
    const send = async (what: UpdateHeader, data = numbers, signer = 'n1', from = 'n1', offset = 0) => {
      const signed = makeSigned((body) => keysOf(signer).sign('federation-update', body), what);
      const answer = federation.nodes
        .get(from)!
        .network.request('n0', UPDATE, frameOf({ header: signed, offset }, data));
      let receipt: Receipt | undefined;
      void answer.then((bytes) => (receipt = readFrame(Receipt, bytes)?.header));
      await federation.until(() => receipt !== undefined, 10_000);
      return receipt!;
    };
    return { federation, invitation, numbers, header, send };
  }

  const bad = new Float32Array(20);

  it('are refused, each by its reason, and the sound one counts', async () => {
    const { federation, header, send, numbers } = await open();
    const refusal = async (answer: Promise<Receipt>): Promise<string> => {
      const receipt = await answer;
      return receipt.kind === 'refused' ? receipt.reason : receipt.kind;
    };
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const data = bytesOf(bad.with(7, value));
      expect(await refusal(send(header({}, data), data))).toBe('not-finite');
    }
    const short = numbers.subarray(0, 40);
    expect(await refusal(send(header({}, short), short))).toBe('wrong-shape');
    expect(await refusal(send(header({ bytes: 20_000_000 })))).toBe('too-large');
    expect(await refusal(send(header({ bytes: 100_000_000 })))).toBe('malformed');
    expect(await refusal(send(header({ format: 2 })))).toBe('wrong-format');
    expect(await refusal(send(header({ base: '0123456789abcdef' })))).toBe('wrong-base');
    expect(await refusal(send(header({ digest: sha256(new Uint8Array(1)) })))).toBe('wrong-digest');
    expect(await refusal(send(header({ id: 'ffffffffffffffff', round: 9 })))).toBe('future');
    expect(await refusal(send(header({ id: 'ffffffffffffffff', round: 1 })))).toBe('unknown-round');
    expect(await refusal(send(header({ learner: 'another' })))).toBe('not-coordinator');
    expect(await refusal(send(header({ coordinator: 'n3' })))).toBe('not-coordinator');
    expect(await refusal(send(header({ codec: 'zip' })))).toBe('codec');
    expect(await refusal(send(header({ examples: 0 })))).toBe('malformed');
    expect(await refusal(send(header({ members: ['n2', 'n3'] })))).toBe('members');
    expect(await refusal(send(header(), numbers, 'n2'))).toBe('forged');
    expect(await refusal(send(header({ node: 'n2' }), numbers, 'n2'))).toBe('forged');
    expect(federation.lead.coordinator.round(LEARNER)).toMatchObject({ state: 'training', arrived: 0 });

    expect(await refusal(send(header()))).toBe('taken');
    expect(await refusal(send(header()))).toBe('taken');
    const other = bytesOf(new Float32Array(20).fill(9));
    expect(await refusal(send(header({}, other), other))).toBe('duplicate');
    const round = federation.lead.coordinator.round(LEARNER)!;
    expect(round).toMatchObject({ state: 'collecting', arrived: 1, examples: 100 });
    expect(round.refused).toContainEqual(
      expect.objectContaining({ reason: 'not-finite', count: 2, node: { id: 'n1', name: 'n1' } }),
    );
    expect(federation.lead.coordinator.figures().updates.refused).toEqual({
      ...{ 'not-finite': 2, 'wrong-shape': 1, 'too-large': 1, malformed: 2, 'wrong-format': 1, 'wrong-base': 1 },
      ...{ 'wrong-digest': 1, future: 1, 'unknown-round': 1, 'not-coordinator': 2, codec: 1, members: 1 },
      ...{ forged: 2, duplicate: 1 },
    });
  });

  it('of rounds that are over, or of nodes that nobody invited, are refused', async () => {
    const { federation, header, send } = await open();
    await federation.ended(1);
    await federation.until(() => federation.lead.coordinator.round(LEARNER)?.number === 2);
    expect(await send(header({ digest: sha256(new Uint8Array(3)) }))).toMatchObject({ reason: 'duplicate' });
    federation.nodes.get('n3')!.learner.available = 0;
    const stranger = await federation.start('n9');
    stranger.learner.available = 0;
    await federation.pass(100);
    expect(await send(header({ node: 'n9' }), undefined, 'n9', 'n9')).toMatchObject({ reason: 'not-invited' });
  });

  it('whatever bytes come, an answer goes back', async () => {
    const { federation } = await open();
    const { network } = federation.nodes.get('n2')!;
    for (const bytes of [new Uint8Array(0), new Uint8Array(3), new Uint8Array(60_000).fill(255), Buffer.from('{}')]) {
      for (const service of [UPDATE, 'federation-model', INVITE, 'federation-recall', 'federation-withdraw']) {
        let answered = false;
        void network.request('n0', service, bytes).then(() => (answered = true));
        await federation.until(() => answered, 10_000);
      }
    }
  });

  it('a node believes no invitation but that of the present coordinator, and no old one', async () => {
    const { federation, invitation } = await open();
    const { participant } = federation.nodes.get('n2')!;
    const signed = (changes: Partial<Invitation>, signer = 'n0') =>
      makeSigned((body) => keysOf(signer).sign('federation-invitation', body), { ...invitation, ...changes });
    const next = { id: 'aaaaaaaaaaaaaaaa', round: 2 };
    expect(await participant.invited(signed({ ...next, coordinator: 'n1' }, 'n1'))).toMatchObject({
      reason: 'not-coordinator',
    });
    expect(await participant.invited(signed(next, 'n1'))).toMatchObject({ reason: 'forged' });
    expect(await participant.invited(signed(next), 'n1')).toMatchObject({ reason: 'forged' });
    expect(await participant.invited(signed({ ...next, term: 0 }))).toMatchObject({ reason: 'stale' });
    expect(await participant.invited(signed({ id: 'aaaaaaaaaaaaaaaa' }))).toMatchObject({ kind: 'accepted' });
    expect(await participant.invited(signed({ ...next, size: 21 }))).toMatchObject({ reason: 'unfit' });
    expect(await participant.invited(signed({ ...next, learner: 'other' }))).toMatchObject({
      reason: 'unknown-learner',
    });
    expect(await participant.invited(signed({ ...next, id: 'bbbbbbbbbbbbbbbb' }))).toMatchObject({ kind: 'accepted' });
    expect(await participant.invited(signed({}))).toMatchObject({ reason: 'stale', heard: { term: 1, round: 2 } });
  });
});

describe('an owner', () => {
  it('who vetoes keeps the node out, with the reason, and the others learn', async () => {
    const federation = await new VirtualFederation({
      config: { ...all, deadline: { least: 100 } },
      participant: (id) =>
        id === 'n2' ? { gates: [async () => ({ reason: 'veto', cause: 'nothing leaves this board' })] } : {},
    }).startAll(4);
    const round = await federation.ended(1, 10_000);
    expect(round).toMatchObject({ state: 'done', arrived: 3 });
    expect(round.nodes.find(({ node }) => node.id === 'n2')!.why).toBe('veto: nothing leaves this board');
  });

  it('who takes his time holds the bytes back until he has said yes', async () => {
    let isApproved = false;
    const federation = await new VirtualFederation({
      config: { ...all, deadline: { least: 100 } },
      participant: (id) => ({
        ...(id === 'n2' && {
          protection: {
            protect: async (_: Invitation, delta: Float32Array) => ({
              delta,
              release: async (): Promise<Release> =>
                isApproved ? { kind: 'leave' } : { kind: 'held', cause: 'the owner decides' },
            }),
          },
        }),
      }),
    }).startAll(4);
    await federation.until(() => federation.lead.coordinator.round(LEARNER)?.arrived === 3);
    await federation.pass(10_000);
    expect(federation.nodes.get('n2')!.participant.duties()[0]!.duty).toMatchObject({ kind: 'held', round: 1 });
    expect(federation.lead.coordinator.round(LEARNER)?.arrived).toBe(3);
    isApproved = true;
    expect(await federation.ended(1, 20_000)).toMatchObject({ state: 'done', arrived: 4 });
  });
});
