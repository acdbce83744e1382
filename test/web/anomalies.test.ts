// What a person sees of anomalies: what is unusual and why, "it is known" and back, and the nodes beside their like.

import { expect } from 'vitest';
import { inBrowser, site } from './visit.ts';

const { serve, visit } = site();

inBrowser('the overview says what is unusual and explains it', async () => {
  const server = await serve();
  const { page, complaints, go } = await visit(server);
  await go('overview');
  await page.getByRole('heading', { name: 'What is unusual' }).waitFor();
  await page.getByText('cpu.load of node is 0.97, usually 0.1 to 0.3').click();
  await page.getByText('One of 2,002 values is as unusual.').waitFor();
  await page.getByText('far from all values before').waitFor();
  await page.getByText('cpu.temperature of node changed with it').waitFor();
  expect(complaints).toEqual([]);
});

inBrowser('an anomaly is taken for known, with a reason, and told of again', async () => {
  const server = await serve();
  const { page, go } = await visit(server);
  await go('overview');
  await page.getByRole('button', { name: 'It is known' }).click();
  await page.getByText(/since .*, known/).waitFor();
  expect(server.node.anomalies().acknowledged).toMatchObject([
    { subject: 'node', metric: 'cpu.load', reason: 'acknowledged on the page' },
  ]);
  await page.getByRole('button', { name: 'Tell of it again' }).click();
  await expect.poll(() => server.node.anomalies().acknowledged).toEqual([]);
});

inBrowser('an acknowledgement that the node refuses is said beside it', async () => {
  const server = await serve();
  const { page, go } = await visit(server);
  await go('overview');
  const { raised, ...view } = server.node.anomalies();
  server.node.tell({
    topic: 'anomalies',
    value: { ...view, raised: raised.map((one) => ({ ...one, id: 'f00000000000' })) },
  });
  await page.getByText(/since/).first().waitFor();
  await page.getByRole('button', { name: 'It is known' }).click();
  await page.getByRole('alert').getByText('Nothing that is watched has the id').waitFor();
});

inBrowser(
  'nodes stand beside their like, the most unlike first, and whoever reads only may not acknowledge',
  async () => {
    const server = await serve();
    const token = await server.token('read');
    const { page, origin } = await visit(server);
    await page.goto(`${origin}/#/overview`);
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'What is unusual' }).waitFor();
    expect(await page.getByRole('button', { name: 'It is known' }).count()).toBe(0);
    const view = server.node.anomalies();
    const [self] = view.fleet;
    const other = {
      ...{ id: 'b', node: 'B', name: 'bravo', isSelf: false, profile: 'pi-zero', score: 0.1 },
      raised: 0,
    };
    const bravo = { ...other, comparedWith: 2, unlike: 0.02 };
    const charlie = { ...other, id: 'c', node: 'C', name: 'charlie', comparedWith: 6, unlike: 0.3 };
    server.node.tell({ topic: 'anomalies', value: { ...view, fleet: [bravo, self!, charlie] } });
    const table = page.getByRole('table', { name: 'Nodes beside their like, the most unlike first' });
    await table.waitFor();
    expect(await table.getByRole('rowheader').allTextContents()).toEqual(['This node', 'charlie', 'bravo']);
    await table
      .getByRole('row', { name: /This node raspberry-pi-4 98.% 99.% cpu.load is 0.97, typically 0.2/ })
      .waitFor();
    await table.getByRole('row', { name: /bravo pi-zero .*only 2.such boards/ }).waitFor();
  },
);

inBrowser('nothing unusual is said calmly, and anomalies that are off are not shown', async () => {
  const server = await serve();
  const { page, go } = await visit(server);
  await go('overview');
  const view = server.node.anomalies();
  server.node.tell({ topic: 'anomalies', value: { ...view, raised: [] } });
  const heading = page.getByRole('heading', { name: 'Nothing is unusual' });
  await heading.waitFor();
  server.node.tell({ topic: 'anomalies', value: { ...view, enabled: false, raised: [] } });
  await heading.waitFor({ state: 'detached' });
});
