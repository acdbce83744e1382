import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPolicy,
  decodePolicy,
  encodePolicy,
  POLICY_SHAPE,
  type PolicyDocument,
  type PolicyVerifier,
} from '../../../agents/parl/policy.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { seededRandom } from '../../../core/random.ts';

const parameters = initialParameters(POLICY_SHAPE, seededRandom(1));
const policy = createPolicy(parameters, { kind: 'trained', madeAt: 5, decisions: 100, note: 'a try' });
const key = generateKeyPairSync('ed25519');
const signer = { node: 'alpha', sign: (bytes: Uint8Array) => sign(null, bytes, key.privateKey) };
const verifier: PolicyVerifier = (node, bytes, signature) =>
  node === 'alpha' && verify(null, bytes, key.publicKey, signature);

describe('a policy', () => {
  it('is read as it was written, with the same version', () => {
    const read = decodePolicy(JSON.parse(JSON.stringify(encodePolicy(policy, signer))), verifier);
    expect(read.version).toBe(policy.version);
    expect(read.parameters).toEqual(parameters);
    expect(read.lineage).toEqual({ ...policy.lineage, node: 'alpha' });
  });

  it('counts only with the signature of a member over all of it', () => {
    const signed = encodePolicy(policy, signer);
    const refused = (change: Partial<PolicyDocument>) => () => decodePolicy({ ...signed, ...change }, verifier);
    expect(() => decodePolicy(encodePolicy(policy), verifier)).toThrow('it is not signed');
    expect(refused({ lineage: { ...signed.lineage, decisions: 1e6 } })).toThrow('its signature is not one of alpha');
    expect(refused({ lineage: { ...signed.lineage, node: 'bravo' } })).toThrow('its signature is not one of bravo');
    expect(refused({ signature: 'AAAA' })).toThrow('its signature');
    const other = createPolicy(
      parameters.map((value) => -value),
      policy.lineage,
    );
    expect(refused({ parameters: encodePolicy(other).parameters })).toThrow('its signature');
  });

  it('that is poisoned, of another shape or from another version is refused by name', () => {
    const poisoned = (index: number, value: number) => () =>
      decodePolicy(encodePolicy(createPolicy(parameters.with(index, value), policy.lineage)));
    expect(poisoned(7, Number.NaN)).toThrow('parameter 7 is NaN');
    expect(poisoned(0, Number.POSITIVE_INFINITY)).toThrow('parameter 0 is Infinity');
    expect(poisoned(3, -1e9)).toThrow('parameter 3 is -1000000000');
    const document = encodePolicy(policy);
    expect(() => decodePolicy({ ...document, actor: [24, 64, 1] })).toThrow('its actor has widths 24-64-1');
    expect(() => decodePolicy({ ...document, observation: 1 })).toThrow('observations of version 1');
    expect(() => decodePolicy({ ...document, parameters: 'AAAA' })).toThrow('it has 0.75 parameters');
    expect(() => decodePolicy({ ...document, more: 1 })).toThrow('/more');
  });

  it('made of anything at all never does more than throw a clear error', () => {
    const document = encodePolicy(policy);
    const mangled = fc
      .tuple(fc.constantFrom(...(Object.keys(document) as (keyof PolicyDocument)[])), fc.jsonValue())
      .map(([field, value]) => ({ ...document, [field]: value }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), mangled), (value) => {
        try {
          decodePolicy(value);
        } catch (error) {
          expect(error).toBeInstanceOf(ParlmeshError);
        }
      }),
    );
  });
});
