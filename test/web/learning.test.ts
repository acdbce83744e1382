// Learning on the page: what rounds, models and budgets mean to the eye, and what a person does with them in a real browser.

import { AxeBuilder } from '@axe-core/playwright';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelsView, PrivacyView } from '../../daemon/view/federation-schema.ts';
import { budgetOf, chainOf, curvesOf, endOf, fateOf, type Model } from '../../web/src/learning/rounds.ts';
import { ExampleFederation } from '../daemon/http/example-federation.ts';
import { inBrowser, site } from './visit.ts';

const example = new ExampleFederation(1e12);

describe('curves over rounds', () => {
  it('are of rounds that ended with a model, in order, and leave out what was not measured', async () => {
    const rounds = await example.federationRounds('parl-policy', 50);
    const gain: ModelsView = [
      { ...model('b', 'a'), round: 7, rollout: judged(1.03) },
      { ...model('c', 'a'), round: 5, rollout: judged(0.98) },
    ];
    expect(curvesOf(rounds, gain)).toEqual([
      {
        title: 'Return',
        points: [
          [1, 0.04],
          [3, 0.12],
          [4, 0.16],
          [5, 0.2],
          [6, 0.24],
          [7, 0.3],
        ],
      },
      {
        title: 'Gain',
        points: [
          [5, 0.98],
          [7, 1.03],
        ],
      },
      {
        title: 'Examples',
        points: [
          [1, 60],
          [3, 180],
          [4, 240],
          [5, 300],
          [6, 360],
          [7, 400],
        ],
      },
    ]);
    expect(curvesOf([], [])).toEqual([]);
  });

  it('name the end of a round by a word', async () => {
    const rounds = await example.federationRounds('parl-policy', 50);
    expect(rounds.map((round) => endOf(round).word).slice(0, 3)).toEqual(['collecting', 'proposed', 'rejected']);
    expect(endOf(rounds.find(({ number }) => number === 2)!)).toEqual({ word: 'failed', tone: 'bad' });
  });
});

describe('the chain of models', () => {
  it('leads from the newest to the first, with what led nowhere beside its parent', () => {
    const models = [model('d', 'b'), { ...model('c', 'b'), role: 'tip' as const }, model('b', 'a'), model('a')];
    const chain = chainOf(models).map(({ model: { version }, besides }) => [
      version,
      besides.map((one) => one.version),
    ]);
    expect(chain).toEqual([
      ['c', []],
      ['b', ['d']],
      ['a', []],
    ]);
  });

  it('ends and shows no model twice, whatever the models say of their parents', () => {
    const versions = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const lists = fc.uniqueArray(fc.tuple(versions, fc.option(versions, { nil: undefined })), {
      selector: ([version]) => version,
    });
    fc.assert(
      fc.property(lists, (list) => {
        const chain = chainOf(list.map(([version, parent]) => model(version, parent)));
        const shown = chain.flatMap(({ model: one, besides }) => [one, ...besides]).map(({ version }) => version);
        expect(new Set(shown).size).toBe(shown.length);
        expect(chain.length > 0).toBe(list.length > 0);
      }),
    );
  });

  it('says of each what became of it', () => {
    expect(fateOf(model('a'))).toEqual({ word: 'not judged', tone: 'off' });
    expect(fateOf({ ...model('a'), rollout: judged(1), role: 'serves' })).toEqual({ word: 'serves', tone: 'good' });
    expect(fateOf({ ...model('a'), rollout: { ...judged(1), fate: 'taken-back' } }).tone).toBe('bad');
  });
});

describe('the budget of privacy', () => {
  const account: PrivacyView = {
    ...{ learner: 'l', title: 'L', clip: 10, noise: 1, participations: 3 },
    consent: { updates: 'allow', experience: 'ask', metrics: 'allow' },
  };

  it('is told as shares of it and by a word', () => {
    expect(budgetOf({ ...account, epsilonBefore: 4.2, epsilonAfter: 4.6, budget: 8 })).toEqual({
      ...{ kind: 'limited', spent: 0.525, after: 0.575, word: 'over half spent', tone: 'busy' },
      sentence: 'ε 4.20 of 8, 4.60 after one more round.',
    });
    expect(budgetOf({ ...account, epsilonBefore: 1, epsilonAfter: 1.2, budget: 8 })).toMatchObject({
      word: 'plenty left',
    });
    expect(budgetOf({ ...account, epsilonBefore: 7.9, epsilonAfter: 8.3, budget: 8, refused: 'spent' })).toMatchObject({
      ...{ word: 'spent', tone: 'bad', after: 1 },
    });
  });

  it('is none where nothing is proven or no limit is set', () => {
    expect(budgetOf({ ...account, noise: 0 }).kind).toBe('unproven');
    expect(budgetOf(account).kind).toBe('unproven');
    expect(budgetOf({ ...account, epsilonBefore: 0, epsilonAfter: 0.5 })).toEqual({
      ...{ kind: 'open', sentence: 'ε 0.00, 0.50 after one more round; no limit is set.' },
    });
  });
});

const { serve, visit } = site();

describe('learning on the page', () => {
  inBrowser('shows who coordinates, the round as it runs, past ones, models and what left', async () => {
    const server = await serve();
    const { page, complaints, go } = await visit(server);
    await go('learning');
    await page.getByText('bravo coordinates, term 3').waitFor();
    await page.getByRole('progressbar', { name: 'Updates of round 8' }).waitFor();
    await page.getByRole('row', { name: /charlie.*in.*7.s/ }).waitFor();
    await page.getByRole('row', { name: /^2 .*failed.*only 1 of 2 updates/ }).waitFor();
    expect(await page.locator('.curves .chart').count()).toBe(2);
    await page.getByText('gain 1.031 (1.009 to 1.054').waitFor();
    await page.getByRole('img', { name: 'Privacy budget: over half spent' }).waitFor();
    await page.getByRole('row', { name: /updates of parl-policy.*bravo.*by itself.*4\.20/ }).waitFor();
    // With the keyboard: what was refused in round 7, and what counted less.
    await page.getByRole('button', { name: '7', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Refused from mallory, 2 times: forged').waitFor();
    await page.getByRole('row', { name: /echo.*against-majority: cosine -0.92/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  inBrowser('follows the federation without a reload, and nothing above jumps', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('learning');
    await page.getByText('Round 8: 1 of 3 updates').waitFor();
    const heading = page.getByRole('heading', { name: 'Learning together' });
    const place = await heading.boundingBox();
    const next = server.node.federated.now();
    const learner = { ...next.coordination!.status.learners[0]!, sentence: 'Round 8: 2 of 3 updates are here' };
    const status = { ...next.coordination!.status, learners: [learner] };
    server.node.tell({ topic: 'federation', value: { ...next, coordination: { ...next.coordination!, status } } });
    await page.getByText('Round 8: 2 of 3 updates are here').waitFor();
    expect(await heading.boundingBox()).toEqual(place);
  });

  inBrowser('lets an operator of the coordinator decide, and a reader only read', { timeout: 60_000 }, async () => {
    const server = await serve();
    server.node.federated.coordinates = true;
    const { page, go } = await visit(server, { viewport: { width: 360, height: 740 } });
    const [admin, reader] = [await server.token('read', 'act', 'admin'), await server.token('read')];
    const logIn = async (token: string) => {
      await page.getByLabel('Token', { exact: true }).fill(token);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByText('alpha (this node)').waitFor();
    };
    await page.goto(`http://127.0.0.1:${server.port}/#/learning`);
    await logIn(admin);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByLabel('experience').selectOption('deny');
    await page.getByRole('button', { name: 'Pause rounds' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Cancel round 8' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the round' }).click();
    await expect
      .poll(() => server.node.federated.asked)
      .toEqual([
        'held 0123456789ab true',
        'consent parl-policy experience deny',
        expect.stringMatching(/^pause by /),
        expect.stringMatching(/^cancel parl-policy by /),
      ]);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().disableRules(['color-contrast']).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    await page.context().clearCookies();
    await page.reload();
    await logIn(reader);
    await page.getByText('experience: ask').waitFor();
    await go('learning');
    for (const name of ['Approve', 'Pause rounds', /Cancel round/, 'Promote'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
  });
});

function model(version: string, parent?: string): Model {
  return { version, nodes: 3, examples: 40, ...(parent !== undefined && { parent, round: 1 }) };
}

function judged(value: number): NonNullable<Model['rollout']> {
  const gain = { value, low: value - 0.01, high: value + 0.01, trials: 64 };
  return { fate: 'settled', reason: '', at: 0, gain, verdicts: [], stages: [] };
}
