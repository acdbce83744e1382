// The learned scheduler over HTTP: what is shown is what the schema says, what is wrong is refused, and only admins change.

import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { decodePolicy, PolicyDocument } from '../../../agents/parl/policy.ts';
import { actionOfRoute } from '../../../daemon/http/authorization.ts';
import { EXAMPLES } from '../../../daemon/http/openapi-examples.ts';
import { ImportedPolicyView, PolicyView } from '../../../daemon/view/policy-schema.ts';
import { bearer, startServer } from './harness.ts';

describe('policies over HTTP', () => {
  it('are shown with who serves and why, and given as documents', async () => {
    const { call } = await startServer();
    const view = Value.Parse(PolicyView, (await call('/api/v3/policy')).json());
    expect(view).toMatchObject({ scheduler: 'parl', judgement: { over: 'heft' } });
    const [current] = view.policies;
    const document = Value.Parse(PolicyDocument, (await call(`/api/v3/policy/${current!.version.slice(0, 6)}`)).json());
    expect(decodePolicy(document).version).toBe(current?.version);
    const unknown = await call('/api/v3/policy/0000');
    expect([unknown.status, unknown.json()]).toEqual([404, expect.objectContaining({ code: 'POLICY_UNKNOWN' })]);
    expect((await call('/api/v3/policy/not-hex')).status).toBe(400);
  });

  it('are imported, promoted and rolled back', async () => {
    const { call, node } = await startServer();
    const post = (path: string, body: unknown) => call(`/api/v3/policy${path}`, { method: 'POST', unix: true, body });
    const told: unknown[] = [];
    node.follow(({ topic, value }) => topic === 'policy' && told.push(value));
    const [current, before] = node.policy().policies;
    const imported = await post('', node.policyDocument());
    expect([imported.status, Value.Check(ImportedPolicyView, imported.json())]).toEqual([201, true]);
    expect((await post('/promote', { version: before?.version })).json()).toMatchObject({ policy: before?.version });
    expect((await post('/rollback', {})).json()).toMatchObject({ policy: current?.version });
    expect(told).toMatchObject([{ policy: before?.version }, { policy: current?.version }]);
  });

  it('are refused when they are no policies, naming what is wrong', async () => {
    const { call, node } = await startServer();
    const post = (body: unknown) => call('/api/v3/policy', { method: 'POST', unix: true, body });
    const document = node.policyDocument();
    const poisoned = Buffer.from(document.parameters, 'base64');
    poisoned.writeFloatLE(Number.NaN, 0);
    const nan = await post({ ...document, parameters: poisoned.toString('base64') });
    expect([nan.status, nan.json()]).toEqual([400, expect.objectContaining({ code: 'POLICY_INVALID' })]);
    expect((await post({ ...document, format: 2 })).json()).toMatchObject({
      code: 'HTTP_INVALID',
      detail: expect.stringContaining('/format'),
    });
    expect((await post({ ...document, parameters: 'x'.repeat(4_200_000) })).status).toBe(413);
  });

  it('are changed by admins only, each as an action that the oracle knows', async () => {
    const { call, token } = await startServer();
    const headers = { ...bearer(await token('read', 'act')), 'x-parlmesh': '1' };
    for (const path of ['', '/promote', '/rollback']) {
      expect((await call(`/api/v3/policy${path}`, { method: 'POST', headers, body: {} })).status).toBe(403);
      expect(actionOfRoute('POST', `/api/v3/policy${path}`)).toMatchObject({
        action: `policy.${path.slice(1) || 'import'}`,
      });
    }
  });

  it('have examples that their schemas allow', () => {
    expect(Value.Check(PolicyView, EXAMPLES.PolicyOverview)).toBe(true);
    expect(Value.Check(ImportedPolicyView, EXAMPLES.ImportedPolicy)).toBe(true);
  });
});
