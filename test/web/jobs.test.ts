// Jobs on the page: how graphs and charts are laid out, and what a person does with them in a real browser.

import { AxeBuilder } from '@axe-core/playwright';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JobDetailView, TaskView } from '../../agents/swarm/job-view.ts';
import { drawJob } from '../../web/src/jobs/dag-layout.ts';
import { axisMarks, ganttRows } from '../../web/src/jobs/gantt-rows.ts';
import { mergeTasks } from '../../web/src/live/merge.ts';
import { ExampleJobs, layers } from '../daemon/http/example-jobs.ts';
import { type Started, startServer } from '../daemon/http/harness.ts';
import { builtPage, hasBrowser, NO_BROWSER, runningBrowser } from './browser.ts';

async function exampleJob(id: string, widths?: number[]): Promise<JobDetailView> {
  const jobs = new ExampleJobs(() => 1e12);
  if (widths !== undefined) jobs.add(id, layers('Large', widths, 0.1), 1e12 - 60_000);
  return jobs.job(id);
}

describe('the graph of a job', () => {
  it('has what is needed left of what needs it, no two tasks at one place, and the chain in heavy lines', async () => {
    const { tasks } = await exampleJob('j-mosaic');
    const { boxes, lines, grouped } = drawJob(tasks);
    expect(grouped).toBe(false);
    expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(20);
    for (const { from, to } of lines) expect(from.x).toBeLessThan(to.x);
    expect(lines.length).toBe(tasks.reduce((sum, { needs }) => sum + needs.length, 0));
    expect(lines.filter(({ critical }) => critical).length).toBeGreaterThan(0);
  });

  it('of ten thousand tasks is drawn as some groups', async () => {
    const { tasks } = await exampleJob(
      'large',
      Array.from({ length: 100 }, () => 100),
    );
    const { boxes, lines, grouped } = drawJob(tasks);
    expect(grouped).toBe(true);
    expect(boxes.length).toBeLessThan(30);
    expect(lines.length).toBeLessThan(100);
    expect(boxes.reduce((sum, box) => sum + box.tasks.length, 0)).toBe(10_000);
  });
});

describe('the chart of a job', () => {
  it('has a lane for each task that a node worked on at once, and shows what was lost', async () => {
    const { tasks } = await exampleJob('j-nightly');
    const rows = ganttRows(tasks, 1e12, 0);
    expect(rows.map(({ node }) => node)).toEqual(['alpha', 'bravo', 'charlie', 'delta']);
    const bars = rows.flatMap(({ lanes }) => lanes.flat());
    expect(bars).toHaveLength(tasks.reduce((sum, { attempts }) => sum + attempts.length, 0));
    expect(bars.map(({ outcome }) => outcome)).toContain('lost');
    for (const lane of rows.flatMap(({ lanes }) => lanes))
      for (const [i, bar] of lane.slice(1).entries()) expect(bar.from).toBeGreaterThanOrEqual(lane[i]!.to);
  });

  it('joins what is too short to be seen apart', async () => {
    const { tasks } = await exampleJob(
      'large',
      Array.from({ length: 100 }, () => 100),
    );
    const bars = ganttRows(tasks, 1e12, 120).flatMap(({ lanes }) => lanes.flat());
    expect(bars.length).toBeLessThan(2_000);
    const attempts = tasks.reduce((sum, task) => sum + task.attempts.length, 0);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(attempts);
  });

  it('is marked at round times', () => {
    expect(axisMarks(1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(axisMarks(50)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(axisMarks(330)).toEqual([0, 60, 120, 180, 240, 300]);
    expect(axisMarks(500_000)).toEqual([0, 86_400, 172_800, 259_200, 345_600, 432_000]);
  });
});

it('tasks that did not change stay when those that did arrive', async () => {
  const known = await exampleJob('j-mosaic');
  const changed: TaskView = { ...known.tasks[3]!, state: 'failed' };
  const merged = mergeTasks(known, { ...known, state: 'failed', tasks: [changed] });
  expect(merged.state).toBe('failed');
  expect(merged.tasks).toHaveLength(20);
  expect(merged.tasks[3]).toBe(changed);
  expect(merged.tasks[4]).toBe(known.tasks[4]);
});

const site = builtPage();
const browser = runningBrowser();
const inBrowser = it.skipIf(!hasBrowser);
if (!hasBrowser) console.warn(`Tests of jobs in a browser are skipped: ${NO_BROWSER}`);

async function open(
  path: string,
): Promise<{ page: import('playwright-core').Page; server: Started; complaints: string[] }> {
  const server = await startServer({ config: { rateLimit: 100_000 }, more: { publicDir: site.folder() } });
  const context = await browser.get().newContext({ viewport: { width: 1280, height: 900 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`http://127.0.0.1:${server.port}/#/${path}`);
  return { page, server, complaints };
}

describe('jobs in a browser', () => {
  inBrowser(
    'are listed with their progress; one is opened, and a task told why it was placed',
    { timeout: 60_000 },
    async () => {
      const { page, server, complaints } = await open('jobs');
      await page.getByRole('row', { name: /Mosaic.*running/ }).waitFor();
      await page.getByRole('row', { name: /Broken import.*failed.*Task b1 failed/ }).waitFor();
      server.node.advance();
      await page.getByRole('row', { name: /delta.*not reachable.*exec/ }).waitFor();
      await page.getByRole('link', { name: 'Nightly report' }).click();
      await page.getByRole('heading', { name: 'Nightly report' }).waitFor();
      await page.getByRole('button', { name: /^page-4: succeeded/ }).click();
      const panel = page.getByRole('region', { name: 'Task page-4' });
      await panel.getByRole('row', { name: /#1.*delta.*lost.*not heard of for 3 s/ }).waitFor();
      await panel.getByRole('row', { name: /#2.*succeeded.*would finish it first/ }).waitFor();
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      expect(violations.map(({ id, nodes }) => `${id} at ${nodes.map((n) => n.target).join(' ')}`)).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  inBrowser(
    'are placed as the view of learning tells; a policy is promoted once that was confirmed',
    { timeout: 60_000 },
    async () => {
      const { page, server, complaints } = await open('learning');
      await page.getByText('1.08 times as fast as heft').waitFor();
      expect(await page.getByRole('button', { name: 'Promote' }).count()).toBe(0);
      const token = await server.token('read', 'act', 'admin');
      await page.reload();
      await page.getByLabel('Token', { exact: true }).fill(token);
      await page.getByRole('button', { name: 'Log in' }).click();
      const learning = page.locator('section', { has: page.getByRole('heading', { name: 'Scheduler of this node' }) });
      await learning.getByText('Tasks are placed by parl: in a replay of recent jobs').waitFor();
      await learning.getByText('Gain 1.08 over heft, on 96 recent jobs').waitFor();
      expect(await learning.getByRole('img').count()).toBe(4);
      const [current, before] = server.node.policy().policies;
      const row = (version = ''): ReturnType<typeof page.locator> =>
        learning.getByRole('row', { name: new RegExp(`^${version}`) });
      await row(current?.version).getByText('current').waitFor();
      await row(before?.version).getByRole('button', { name: 'Promote' }).click();
      expect(server.node.policy().policy).toBe(current?.version);
      await page.getByRole('dialog').getByRole('button', { name: 'Promote' }).click();
      await row(before?.version).getByText('current').waitFor();
      await learning.getByRole('button', { name: 'Roll back to the policy before' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
      await row(current?.version).getByText('current').waitFor();
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      expect(violations.map(({ id, nodes }) => `${id} at ${nodes.map((n) => n.target).join(' ')}`)).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  inBrowser('are walked through by the arrow keys, along what needs what', async () => {
    const { page } = await open('jobs/j-nightly');
    const fetch = page.getByRole('button', { name: /^fetch: / });
    await fetch.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => fetch.getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('ArrowRight');
    await page.locator('.dag-box:focus', { hasText: /page-/ }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('.dag-box:focus', { hasText: 'bind' }).waitFor();
  });

  inBrowser(
    'are submitted from an example; faults are named by line; cancelled after asking',
    { timeout: 60_000 },
    async () => {
      const { page, server } = await open('jobs');
      const text = page.getByLabel('Job, as YAML or JSON');
      await text.fill('name: x\ntasks:\n  - { id: a, kind: wait, needs: [b] }\n');
      await page.getByRole('button', { name: 'Submit job' }).click();
      await page.getByText(/the job:3:\d+: tasks\[0\].needs\[0\]: "b" is no task of this job/).waitFor();
      await page.getByLabel('Begin with').selectOption('diamond');
      await page.getByRole('button', { name: 'Submit job' }).click();
      await page.getByRole('heading', { name: 'Diamond' }).waitFor();
      await page.getByRole('button', { name: 'Cancel the job' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
      await page.getByText('Cancelled by anna').waitFor();
      expect(server.node.work.asked).toEqual(['submit Diamond as operator the page', 'cancel j-4']);
    },
  );

  inBrowser('of ten thousand tasks are shown in groups, whose tasks are listed', { timeout: 60_000 }, async () => {
    const { page, server } = await open('jobs');
    server.node.work.add(
      'large',
      layers(
        'Large',
        Array.from({ length: 100 }, () => 100),
        0.1,
      ),
      Date.now() - 60_000,
    );
    await page.goto(`${page.url().split('#')[0]}#/jobs/large`);
    await page.getByText('grouped by step and kind').waitFor();
    expect(await page.locator('svg *').count()).toBeLessThan(3_000);
    await page.locator('.dag-box').nth(2).click();
    await page
      .getByRole('region', { name: /Group \d+ × exec/ })
      .getByRole('button')
      .first()
      .click();
    await page.getByRole('region', { name: /^Task / }).waitFor();
  });
});
