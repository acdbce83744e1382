// What a coordinator that takes over makes of what nodes remember, and what it does not believe.

import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { NOTHING, type RolloutDocument, readDocument } from '../../../../agents/federation/rollout/document.ts';
import { LineageText, readLineage } from '../../../../agents/federation/rollout/lineage.ts';
import { ModelSeal, TakeBackNotice } from '../../../../agents/federation/rollout/messages.ts';
import { readStatement, signStatement } from '../../../../agents/federation/rollout/seal.ts';
import { beginStages } from '../../../../agents/federation/rollout/stage.ts';
import { type Memory, takeOver } from '../../../../agents/federation/rollout/takeover.ts';
import { keysOf } from '../member-keys.ts';

const keys = keysOf('hub');
const seal = (version: string, round: number, coordinator = 'hub'): ModelSeal => ({
  ...{ learner: 'mean', format: 1, size: 8, version, parent: 'f'.repeat(16), coordinator, round, madeAt: round },
  ...{ nodeCount: 2, nodes: ['a'], examples: 9 },
});
const [old, fresh] = ['a'.repeat(16), 'b'.repeat(16)];

function memory(node: string, version: string, round: number, changes: Partial<Memory> = {}): Memory {
  const statement = seal(version, round);
  return { node, seal: statement, signed: signStatement(keys, statement), stage: 1, serves: true, ...changes };
}

describe('a coordinator that takes over', () => {
  it('goes on with the newest model that nodes serve, from the greatest stage, and needs its numbers', () => {
    const before = { cost: 0.5, samples: 9 };
    const memories = [memory('n1', fresh, 7, { before }), memory('n2', fresh, 7, { stage: 2 }), memory('n3', old, 5)];
    const { document, needs } = takeOver(NOTHING, memories, 0);
    expect(document.rolling).toMatchObject({ version: fresh, state: { stage: 2, held: 0 } });
    expect(document.rolling!.state.nodes).toMatchObject([
      { node: 'n1', standing: 'serves', before },
      { node: 'n2', standing: 'serves' },
    ]);
    expect(needs).toMatchObject({ seal: { version: fresh }, holders: ['n1', 'n2'] });
  });

  it('does not begin anew what it knows the end of, or what nobody serves', () => {
    expect(takeOver(NOTHING, [memory('n1', old, 5)], 5)).toEqual({ document: NOTHING });
    expect(takeOver(NOTHING, [memory('n1', fresh, 9, { serves: false })], 5)).toEqual({ document: NOTHING });
    const settled: RolloutDocument = { ...NOTHING, settled: { version: fresh, seal: signStatement(keys, {}) } };
    expect(takeOver(settled, [memory('n1', fresh, 9)], 0)).toEqual({ document: settled });
  });

  it('goes on with a taking back, wherever it serves still', () => {
    const notice = signStatement(keys, { learner: 'mean', version: fresh, coordinator: 'hub', reason: 'slow' });
    const rolling = { version: fresh, seal: signStatement(keys, seal(fresh, 7)), state: beginStages() };
    const known = { ...NOTHING, rolling, tip: { version: fresh, rounds: 0 } };
    const memories = [memory('n1', fresh, 7), memory('n2', fresh, 7, { serves: false, notice })];
    expect(takeOver(known, memories, 0).document).toEqual({ ...NOTHING, strays: [{ node: 'n1', notice }] });
  });

  it('learns of nodes that serve what it rolls out itself', () => {
    const state = { ...beginStages(), nodes: [{ node: 'n1', stage: 0, standing: 'asked' as const }] };
    const known = { ...NOTHING, rolling: { version: fresh, seal: signStatement(keys, seal(fresh, 7)), state } };
    const { document, needs } = takeOver(known, [memory('n1', fresh, 7), memory('n2', fresh, 7)], 7);
    expect(document.rolling!.state.nodes.map(({ node, standing }) => [node, standing])).toEqual([
      ['n1', 'serves'],
      ['n2', 'serves'],
    ]);
    expect(needs).toBeUndefined();
  });
});

describe('statements on models', () => {
  it('count only as their own coordinator signed them', () => {
    const signed = signStatement(keys, seal(fresh, 7));
    expect(readStatement(keys, ModelSeal, signed)).toEqual(seal(fresh, 7));
    const forged = [
      { ...signed, body: signed.body.replace('"round":7', '"round":8') },
      signStatement(keys, seal(fresh, 7, 'somebody')),
      { ...signed, signature: Buffer.from(signed.signature, 'base64').fill(0).toString('base64') },
      { ...signed, body: 'no JSON' },
      undefined,
    ];
    for (const statement of forged) expect(readStatement(keys, ModelSeal, statement)).toBeUndefined();
    // A seal is no notice.
    expect(readStatement(keys, TakeBackNotice, signed)).toBeUndefined();
  });
});

describe('what is on the disk', () => {
  it('is left aside when no version writes it', () => {
    for (const text of [
      undefined,
      '',
      'null',
      '[]',
      '{"strays":7}',
      '{"settledOn":[],"strays":[],"judging":"../.."}',
    ]) {
      expect(readDocument(text)).toEqual(NOTHING);
    }
    for (const text of ['', '{', '{"origin":{"round":-1}}', '{"rollout":{"fate":"loved"}}'])
      expect(readLineage(text)).toEqual({});
    expect(readLineage('{"branchOf":"x"}')).toEqual({ branchOf: 'x' });
    expect(Value.Check(LineageText, {})).toBe(true);
  });
});
