// The view of the self-healing: which incidents are listed, and in a real browser the questions, the filter, what was learned and
// how the loop does.

import { AxeBuilder } from '@axe-core/playwright';
import { describe, expect, it } from 'vitest';
import type { IncidentView } from '../../daemon/view/incident-schema.ts';
import { matches, merged } from '../../web/src/healing/incident-filter.ts';
import { ExampleHealing } from '../daemon/http/example-healing.ts';
import { inBrowser, site } from './visit.ts';

const [moved, frozen] = new ExampleHealing(1_000_000).incidents() as [IncidentView, IncidentView];
const asItIs = (subject: string): string => subject;

describe('the filter of incidents', () => {
  it('tells those that are not over from those that are', () => {
    const shown = (show: 'open' | 'over' | 'all'): string[] =>
      [moved, frozen].filter((one) => matches(one, { show, subject: '' }, asItIs)).map(({ id }) => id);
    expect([shown('open'), shown('over'), shown('all')]).toEqual([['moved-1'], ['frozen-1'], ['moved-1', 'frozen-1']]);
  });

  it('finds a part of the subject by the name that people know, in any case', () => {
    const named = (subject: string): string => subject.replace('yard', 'Courtyard');
    expect(matches(moved, { show: 'all', subject: ' courty ' }, named)).toBe(true);
    expect(matches(frozen, { show: 'all', subject: 'courty' }, named)).toBe(false);
  });

  it('lists each once, as it is told now, those that are not over first', () => {
    const ended = { ...moved, id: 'old-1', beganAt: 1, closedAt: 2 };
    const before = { ...moved, closedAt: 3 };
    expect(merged([frozen, moved], [ended, before])).toEqual([moved, frozen, ended]);
  });
});

const { serve, visit } = site();

describe('the view Healing', () => {
  inBrowser('puts the question first, takes an answer by keyboard, and keeps the focus', async () => {
    const server = await serve();
    const { page, complaints, go } = await visit(server);
    await go('healing');
    expect(await page.locator('main h2').first().textContent()).toBe('You are asked');
    await page.getByRole('button', { name: 'Take the present view of camera yard for the right one' }).press('Enter');
    await page.getByText('Your answer was taken.').waitFor();
    expect(server.node.healed.answered).toEqual([
      { answer: { kind: 'approve', action: 'camera.accept-view' }, by: expect.any(String) },
    ]);
    await expect.poll(() => page.locator(':focus').textContent()).toContain('You are asked');
    server.node.tell({ topic: 'incidents', value: server.node.incidents() });
    await page.getByRole('heading', { name: 'You are asked nothing' }).waitFor();
    expect(complaints).toEqual([]);
  });

  inBrowser('says why an answer was not taken', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('healing');
    const leave = page.getByRole('button', { name: 'Leave it to me' });
    await leave.waitFor();
    server.node.answerIncident('moved-1', { kind: 'refuse' }, 'somebody else');
    await leave.click();
    await page.getByRole('alert').getByText('Nobody is asked about this incident now').waitFor();
  });

  inBrowser('shows no button to whoever may only read', async () => {
    const server = await serve();
    const token = await server.token('read');
    const { page, origin } = await visit(server);
    await page.goto(`${origin}/#/healing`);
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('To answer takes a token with the scope act.').waitFor();
    expect(await page.getByRole('button', { name: 'Leave it to me' }).count()).toBe(0);
  });

  inBrowser('filters incidents, and opens the story that a question leads to', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('healing');
    const stories = page.locator('.stories > li');
    await expect.poll(() => stories.count()).toBe(2);
    await page.getByLabel('Show').selectOption('over');
    await expect.poll(() => stories.allTextContents()).toEqual([expect.stringContaining('Camera north')]);
    await page.getByLabel('Subject').fill('yard');
    await page.getByText('No incident matches.').waitFor();
    await page.getByRole('link', { name: 'What was seen and done' }).click();
    await page.getByText('The view is turned by 12 degrees').waitFor();
    await expect.poll(() => page.locator('summary:focus').textContent()).toContain('Camera yard');
    await page.getByLabel('Subject').fill('');
    await page.getByLabel('Show').selectOption('all');
    await page.getByRole('button', { name: 'Older incidents' }).click();
    await page.getByText('That is all that the node remembers.').waitFor();
  });

  inBrowser('tells what was learned, what is used of the budget, and how long phases take', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('healing');
    await page.getByRole('row', { name: /camera-frozen camera\.restart 1 100.% 3\.9 s/ }).waitFor();
    await page.getByRole('img', { name: '1 of 60' }).waitFor();
    await page.getByRole('img', { name: '0 of 20' }).waitFor();
    await page.getByRole('row', { name: /cycle .* 2 4\.00.ms ≤ 3 ms ≤ 10 ms/ }).waitFor();
    await page.getByText('Signals that were not believed: 2 too old.').waitFor();
  });

  inBrowser('keeps what was last known when the node is not reached, on a phone in the dark', async () => {
    const server = await serve();
    const viewport = { width: 390, height: 844 };
    const { page, go } = await visit(server, { viewport, colorScheme: 'dark' });
    await go('healing');
    await page.getByText('camera.restart').first().waitFor();
    await page.locator('.story summary').first().click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(violations.map(({ id, nodes }) => `${id} at ${nodes.map((n) => n.target).join(' ')}`)).toEqual([]);
    await server.server.stop();
    await page.getByText(/Connection lost/).waitFor();
    expect(await page.getByText('camera.restart').count()).toBeGreaterThan(0);
    expect(await page.getByRole('heading', { name: 'You are asked' }).count()).toBe(1);
  });
});
