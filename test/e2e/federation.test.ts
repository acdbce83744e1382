// Three real nodes learn together: jobs give them examples, a round is begun over HTTP and ends with a candidate, and what
// came of it, where it comes from and what left each board stands in the books.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinNetworkOf, LocalNode } from '../../daemon/cli/local-node.ts';
import type {
  FederationLedgerView,
  FederationView,
  ModelsView,
  RoundsView,
} from '../../daemon/view/federation-schema.ts';
import { start } from '../daemon/cli/stage.ts';

const scratch = mkdtempSync(join(tmpdir(), 'parlmesh-federation-'));
const config = join(scratch, 'config.yaml');
// Rounds begin by hand; a busy machine gets some time, and trains little.
writeFileSync(
  config,
  `federation:
  coordinator: alpha
  interval: 86400
  pause: 0
  deadline: { least: 20, most: 60 }
  selection: { least: 2, share: 1 }
  quorum: 0.5
  learners:
    parl-policy: { epochs: 1, budget: 5 }
`,
);
const settings = { PARLMESH_SOURCES: '1' };
const nodes = ['alpha', 'bravo', 'charlie'].map(
  (name) => new LocalNode({ name, dataDir: join(scratch, name), settings, config }),
);
const [alpha, bravo, charlie] = nodes as [LocalNode, LocalNode, LocalNode];
const JOBS = 6;
const LEARNER = 'parl-policy';

beforeAll(async () => {
  for (const node of nodes) node.start();
  await Promise.all(nodes.map((node) => node.ready(100_000)));
  await joinNetworkOf(alpha, bravo);
  await joinNetworkOf(alpha, charlie);
}, 120_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(scratch, { recursive: true, force: true });
}, 60_000);

describe('real nodes that learn together', () => {
  it('agree on one coordinator and bring examples of the jobs they had', { timeout: 180_000 }, async () => {
    await expect
      .poll(
        async () => {
          const views = await Promise.all(nodes.map((node) => node.get<FederationView>('federation')));
          return new Set(views.map(({ coordinator: seat }) => seat?.id)).size === 1 && views[0]?.coordinator?.name;
        },
        { timeout: 100_000, interval: 250 },
      )
      .toBe('alpha');
    // Ready tasks that wait beside each other are what there is to decide.
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({
      ...{ id, kind: 'wait', input: { seconds: 0.02 }, seconds: 0.02 },
      ...(id === 'f' && { needs: ['a', 'b', 'c', 'd', 'e'] }),
    }));
    for (const node of nodes)
      for (let number = 0; number < JOBS; number++)
        await node.post('jobs', { name: `job ${number} of ${node.name}`, tasks });
    await expect
      .poll(
        async () => {
          const views = await Promise.all(nodes.map((node) => node.get<FederationView>('federation')));
          return views.filter(({ duties }) =>
            duties.some(({ learner, examples }) => learner === LEARNER && examples > 0),
          ).length;
        },
        { timeout: 90_000, interval: 500 },
      )
      .toBeGreaterThanOrEqual(2);
  });

  it('end a round with a candidate that is judged; lineage and ledgers show it', { timeout: 240_000 }, async () => {
    const seat = alpha;
    const rounds = () => seat.get<RoundsView>(`federation/rounds?learner=${LEARNER}`);
    await expect
      .poll(async () => (await seat.get<FederationView>('federation')).coordination?.status.learners[0]?.candidates, {
        ...{ timeout: 60_000, interval: 500 },
      })
      .toBeGreaterThanOrEqual(2);
    await seat.post('federation/rounds', { learner: LEARNER });
    await expect
      .poll(async () => (await rounds())[0]?.state, { timeout: 150_000, interval: 500 })
      .toMatch(/^(done|failed)$/);
    const [round] = await rounds();
    expect(round).toMatchObject({ state: 'done', outcome: expect.stringMatching(/^(proposed|rejected)$/) });
    expect(round!.arrived).toBeGreaterThanOrEqual(2);
    const models = await seat.get<ModelsView>(`federation/models?learner=${LEARNER}`);
    const made = models.find(({ version }) => version === round!.candidate);
    expect(made).toMatchObject({ parent: round!.base, round: round!.number, nodes: round!.arrived });
    // As any other node sees it, who asks the coordinator.
    const other = nodes.find((node) => node !== seat)!;
    const told = await other.get<RoundsView>(`federation/rounds?learner=${LEARNER}`);
    expect(told[0]).toMatchObject({ id: round!.id, outcome: round!.outcome });
    const brought = round!.nodes.filter(({ state }) => state === 'in').map(({ node }) => node.name);
    for (const node of nodes.filter(({ name }) => brought.includes(name))) {
      const { entries } = await node.get<FederationLedgerView>('federation/ledger');
      const updates = entries.filter(({ kind, round: number }) => kind === 'updates' && number === round!.number);
      expect(updates.map(({ to }) => to.name)).toEqual(node === seat ? expect.any(Array) : [seat.name]);
    }
    const shown = await start(['federation', 'history', '--data-dir', other.dataDir]).done;
    expect(shown.stdout).toContain(round!.candidate!);
  });
});
