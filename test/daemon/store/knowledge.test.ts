import { expect, it } from 'vitest';
import type { IncidentView } from '../../../agents/mapek/incident.ts';
import type { RepairRecord } from '../../../agents/mapek/knowledge-storage.ts';
import { folder, openStore } from './open-store.ts';

const record = (id: string, changes: Partial<RepairRecord> = {}): RepairRecord => ({
  ...{ id, at: 1, incident: 'i', fault: 'agent-crashed', subject: 'agent/a', context: { often: 0.5 } },
  ...{ action: 'agent.restart', outcome: 'helped', seconds: Math.E, together: 1 },
  ...changes,
});

const incident = (id: string): IncidentView => ({
  ...{ id, node: 'n', fault: 'agent-crashed', subject: 'agent/a', state: 'repairing', confidence: 0.9, severity: 0.5 },
  ...{ cause: 'it fails', evidence: ['seen'], explains: [], beganAt: 1, seenAt: 2, steps: [], relapses: 0 },
});

it('keeps what was tried through a restart, and its sums count a record once however often it is written', async () => {
  const dataDir = await folder();
  const store = await openStore(dataDir);
  await store.healing.knowledge.append(record('i/0'));
  await store.healing.knowledge.append(record('i/0'));
  await store.healing.knowledge.append(record('i/1', { outcome: 'no-effect', together: 2 }));
  expect(store.status().rows).toMatchObject({ repairs: 2, repair_sums: 1 });
  await store.stop();
  const { healing } = await openStore(dataDir);
  expect((await healing.knowledge.recent(10)).map(({ id }) => id)).toEqual(['i/1', 'i/0']);
  expect(await healing.knowledge.statistics()).toEqual([
    { fault: 'agent-crashed', action: 'agent.restart', helped: 1, notHelped: 0.5, logSeconds: 1, logSecondsSquared: 1 },
  ]);
});

it('writes a story in place of its earlier form and keeps the newest 500', async () => {
  const { healing } = await openStore(await folder());
  const ids = Array.from({ length: 502 }, (_, index) => `i${index}`);
  await Promise.all(ids.map((id) => healing.incidents.put(incident(id))));
  await healing.incidents.put({ ...incident('i501'), state: 'recovered' });
  const kept = await healing.incidents.recent(1_000);
  expect(kept).toHaveLength(500);
  expect(kept[0]).toMatchObject({ id: 'i501', state: 'recovered' });
  expect(kept.at(-1)).toMatchObject({ id: 'i2' });
});

it('gives back the questions that nobody has answered', async () => {
  const { questions } = (await openStore(await folder())).healing;
  const question = { incident: 'i', key: 'k@s', reason: 'why', offers: [], askedAt: 1, expiresAt: 2 };
  await questions.put({ id: 'a', ...question });
  await questions.put({ id: 'b', ...question });
  await questions.remove('a');
  await questions.remove('unknown');
  expect(await questions.all()).toEqual([{ id: 'b', ...question }]);
});
