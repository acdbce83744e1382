// The built page in a real browser, over the real HTTP server: what a person sees, with eyes, ears, keys and a phone.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { describe, expect, it } from 'vitest';
import { VIEWS } from '../../web/src/view-names.ts';
import { startServer } from '../daemon/http/harness.ts';
import { inBrowser, site } from './visit.ts';

const MOST_COMPRESSED_BYTES = 100_000;
const { folder, serve, visit } = site();

describe('the page in a browser', () => {
  inBrowser('begins with the health sentence and shows every view without a complaint', async () => {
    const server = await serve();
    const { page, complaints, go } = await visit(server);
    await go('overview');
    await expect.poll(() => page.locator('.sentence').textContent()).toContain('Camera yard is lost');
    await page.locator('.map-node', { hasText: 'charlie' }).waitFor();
    for (const view of VIEWS) await go(view);
    await page.getByText('/var/lib/parlmesh/parlmesh.db').waitFor();
    await go('cameras');
    await page.getByRole('img', { name: /Camera north: 1.person, 1.car in view/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  // Dark changes nothing but colours, the phone nothing but what stands where: each is checked for what it changes.
  inBrowser.each([
    ['light', 1280, (axe: AxeBuilder) => axe],
    ['dark', 1280, (axe: AxeBuilder) => axe.withRules(['color-contrast'])],
    ['light', 390, (axe: AxeBuilder) => axe.disableRules(['color-contrast'])],
  ] as const)(
    'passes axe on every view, %s, %d pixels wide',
    { timeout: 120_000 },
    async (colorScheme, width, limit) => {
      const server = await serve();
      const { page, go } = await visit(server, { colorScheme, viewport: { width, height: 900 } });
      for (const view of VIEWS) {
        await go(view);
        const { violations } = await limit(new AxeBuilder({ page }).setLegacyMode()).analyze();
        const found = violations.map(({ id, nodes }) => `${view}: ${id} at ${nodes.map((n) => n.target).join(' ')}`);
        expect(found).toEqual([]);
      }
    },
  );

  inBrowser('shows a peer that joins, without a reload, and moves the others by little', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('mesh');
    const bravo = page.locator('.map-node', { hasText: 'bravo' });
    await bravo.waitFor();
    const before = (await bravo.locator('.disc').boundingBox())!;
    const foxtrot = { ...server.node.peers()[0]!, id: '12D3KooWFoxtrot', name: 'foxtrot' };
    const { nodes, links } = server.node.topology();
    server.node.tell({ topic: 'peers', value: [...server.node.peers(), foxtrot] });
    server.node.tell({
      topic: 'topology',
      value: {
        nodes: [...nodes, { id: foxtrot.id, name: 'foxtrot', self: false, state: 'connected', score: 0 }],
        links: [...links, { a: foxtrot.id, b: nodes[0]!.id, cost: 1, roundTripSeconds: 0.002, state: 'up' }],
      },
    });
    await page.locator('.map-node', { hasText: 'foxtrot' }).waitFor();
    await page.getByRole('row', { name: /foxtrot/ }).waitFor();
    // A twentieth of the map's height at most.
    const after = (await bravo.locator('.disc').boundingBox())!;
    expect(Math.hypot(after.x - before.x, after.y - before.y)).toBeLessThan(25);
  });

  inBrowser('shows a detection when it arrives: box, label, observation and event', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('cameras');
    await page.getByRole('heading', { name: 'Latest observations' }).waitFor();
    const [north, door] = server.node.cameras();
    const dog = { ...north!.objects[0]!, id: 'dog-1', camera: 'door', label: 'dog', startedAt: Date.now() };
    const { snapshot: _none, ...seen } = dog;
    server.node.tell({
      topic: 'cameras',
      value: [north, { ...door!, lastFrameAt: Date.now() + 1, objects: [seen], counts: { dog: 1 } }],
    });
    server.node.tell({ topic: 'observation', value: seen });
    server.node.record({ severity: 'info', kind: 'vision.observation', subject: 'camera/door', message: 'A dog!' });
    await page.locator('.box-label', { hasText: 'dog' }).waitFor();
    await page.locator('.observations li', { hasText: 'dog' }).waitFor();
    await go('events');
    await page.locator('.event', { hasText: 'A dog!' }).waitFor();
  });

  inBrowser('shows the label of a box at the right edge of a picture whole', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('cameras');
    const [north, door] = server.node.cameras();
    const { snapshot: _none, ...seen } = north!.objects[0]!;
    const light = { ...seen, id: 'light-1', camera: 'door', label: 'traffic light' };
    const atEdge = { ...light, box: { x: 0.96, y: 0.4, width: 0.04, height: 0.2 } };
    const value = [north!, { ...door!, state: 'live' as const, lastFrameAt: Date.now() + 1, objects: [atEdge] }];
    server.node.tell({ topic: 'cameras', value });
    const label = page.locator('.box-label', { hasText: 'traffic light' });
    const [place, picture] = [await label.boundingBox(), await label.locator('..').boundingBox()];
    expect(place!.x).toBeGreaterThanOrEqual(picture!.x);
    expect(place!.x + place!.width).toBeLessThanOrEqual(picture!.x + picture!.width + 1);
  });

  inBrowser('explains a failed link on the map and in the table', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('mesh');
    for (let i = 0; i < 12; i += 1) server.node.advance();
    await page.locator('.link-label.link-down', { hasText: 'down' }).waitFor();
    const links = page.getByRole('table', { name: /Links of this node/ });
    await links.getByRole('row', { name: /charlie.*down.*no answer for 151 ms/ }).waitFor();
    await page.locator('.map-node', { hasText: 'charlie' }).focus();
    await expect
      .poll(() => page.locator('.map figcaption').textContent())
      .toMatch(/bravo → charlie.*link to charlie went down/);
  });

  inBrowser(
    'draws the route to a chosen node and its backup in other lines, says both, and lets go on Escape',
    async () => {
      const server = await serve();
      const { page, go } = await visit(server);
      await go('mesh');
      const echo = page.getByRole('button', { name: /^echo/ });
      await echo.focus();
      await page.keyboard.press('Enter');
      await expect.poll(() => echo.getAttribute('aria-pressed')).toBe('true');
      // It stays when the focus goes on to another node and away.
      await page.locator('.brand').focus();
      const dashes = (kind: string) =>
        page.evaluate(`getComputedStyle(document.querySelector('polyline.course-${kind}')).strokeDasharray`);
      expect(await dashes('route')).toBe('none');
      expect(await dashes('backup')).not.toBe('none');
      await expect
        .poll(() => page.locator('#map-caption').textContent())
        .toMatch(
          /charlie → echo, cost 35, since .*through charlie.*over bravo \(loop-free alternate, cost 55\); also if charlie dies/,
        );
      await echo.focus();
      await page.keyboard.press('Escape');
      await page.locator('.brand').focus();
      await expect.poll(() => page.locator('polyline.course').count()).toBe(0);
    },
  );

  inBrowser(
    'shows the moment of a failure: the new way, and a sentence that is announced; nothing else moves',
    async () => {
      const server = await serve();
      const { page, go } = await visit(server);
      await go('mesh');
      await page.locator('.map-node', { hasText: 'charlie' }).waitFor();
      const below = page.getByRole('heading', { name: 'Links' });
      const [place, words] = [await below.boundingBox(), page.locator('.map').getByRole('status')];
      expect(await page.locator('polyline.course').count()).toBe(0);
      for (let i = 0; i < 12; i += 1) server.node.advance();
      await page.locator('polyline.course-route').first().waitFor();
      await page.locator('polyline.course-before').first().waitFor();
      await expect
        .poll(() => words.textContent())
        .toMatch(
          /echo was over charlie, is now over bravo, charlie: link to charlie went down \(no answer for 151 ms\); 0\.40.ms after/,
        );
      expect(await below.boundingBox()).toEqual(place);
    },
  );

  inBrowser('tells of a link on the map all that is measured, and what probes it', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('mesh');
    await page.locator('.link-damped .hit').click({ force: true });
    const words = page.locator('#map-caption');
    await expect
      .poll(() => words.textContent())
      .toMatch(/alpha to delta.*Round trip .*ms, jitter .*, loss 2\.0.%, cost 30/);
    await expect.poll(() => words.textContent()).toMatch(/Probed over its connection only.*failed 5.times, damped/);
  });

  inBrowser('lists how routes changed, for all nodes or one, and fetches what is older', async () => {
    const server = await serve();
    for (let i = 0; i < 20; i += 1) server.node.mesh.toggle();
    const { page, go } = await visit(server);
    await go('mesh');
    const table = page.getByRole('table', { name: /Changes of routes/ });
    await table
      .getByRole('row', { name: /echo.*link to charlie came up/ })
      .first()
      .waitFor();
    await page.getByLabel('Route to').selectOption('delta');
    await page.getByText('No route has changed since the node started.').waitFor();
    await page.getByRole('button', { name: 'Older changes' }).click();
    await table.getByRole('row', { name: /delta.*none.*delta.*direct/ }).waitFor();
    await page.getByRole('button', { name: 'Older changes' }).click();
    await page.getByText('That is all that the node remembers.').waitFor();
  });

  inBrowser('says on a phone how far each neighbour is, without words above words', async () => {
    const server = await serve();
    const { page, go } = await visit(server, { viewport: { width: 360, height: 740 } });
    await go('mesh');
    await page.locator('.link-label', { hasText: /ms/ }).first().waitFor();
    const boxes = await Promise.all((await page.locator('.link-label').all()).map((label) => label.boundingBox()));
    expect(boxes.length).toBeGreaterThanOrEqual(5);
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1)) {
        const apart = Math.abs(a!.x - b!.x) >= Math.min(a!.width, b!.width) || Math.abs(a!.y - b!.y) >= 10;
        expect(apart).toBe(true);
      }
  });

  inBrowser('says what takes over when a route fails, and what must not', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('mesh');
    await page.getByRole('row', { name: /charlie.*direct.*over bravo/ }).waitFor();
    await page.getByRole('row', { name: /delta.*No other way/ }).waitFor();
    await page.getByRole('row', { name: /Link charlie – echo.*1 node/ }).waitFor();
    await page.getByRole('row', { name: /alpha – charlie.*50/ }).waitFor();
  });

  inBrowser('is used by keyboard alone', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('overview');
    await page.keyboard.press('Tab');
    await expect.poll(() => page.locator(':focus').textContent()).toContain('Skip to content');
    await page.keyboard.press('Enter');
    for (const view of [...VIEWS.slice(1), VIEWS[0]]) {
      await page.locator('main:focus').waitFor();
      // The navigation stands before the content: back from its start, a few steps reach every view.
      const wanted = page.locator('nav a:focus', { hasText: view });
      for (let i = 0; i <= VIEWS.length && (await wanted.count()) === 0; i += 1) await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await page.locator('nav [aria-current=page]', { hasText: view }).waitFor();
      await page.locator('h1').first().waitFor({ state: 'attached' });
    }
  });

  inBrowser('restarts an agent after asking', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('agents');
    await page.getByRole('button', { name: 'Restart camera/yard' }).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(server.node.asked).toEqual([]);
    await page.getByRole('button', { name: 'Restart camera/yard' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
    await page.getByText('camera/yard is restarting').waitFor();
    expect(server.node.asked).toEqual(['restart camera/yard']);
  });

  inBrowser('asks for a token once there is one, then makes an invite and a backup', async () => {
    const server = await serve();
    const token = await server.token('read', 'act', 'admin');
    const { page, go } = await visit(server);
    await go('settings');
    await page.getByLabel('Token', { exact: true }).fill(`${token}x`);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').getByText('unknown').waitFor();
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Create invite' }).click();
    await expect
      .poll(() => page.getByLabel('Command for the new board', { exact: true }).inputValue())
      .toContain('parlmesh network join pminvite_');
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.getByText('Backup written').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
  });

  inBrowser('lets a peer in again that is shut out, after asking', async () => {
    const server = await serve();
    const { id } = server.node.peers()[0]!;
    server.node.mesh.shutOut = { id, since: Date.now(), why: 'bravo does harm: 30 forged frames' };
    const token = await server.token('read', 'admin');
    const { page, go } = await visit(server);
    await go('mesh');
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('bravo does harm: 30 forged frames').waitFor();
    await page.getByRole('button', { name: 'Let bravo in again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Let it in' }).click();
    await page.getByText('bravo does harm').waitFor({ state: 'detached' });
    expect(server.node.asked).toEqual([`readmit ${id} by test`]);
  });

  inBrowser('says until when members are certified, and who has the newest key', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('settings');
    await page.getByText(/valid until .*, renewed by itself/).waitFor();
    await page.getByRole('row', { name: /bravo valid/ }).waitFor();
    await server.node.rotateKey();
    await page.reload();
    await page
      .getByText(/Key 1 is being handed out: 1.member of 5 have it, bravo, charlie, delta, echo not yet/)
      .waitFor();
    await page.getByRole('row', { name: /bravo valid, waits for the new key/ }).waitFor();
  });

  inBrowser('says calmly that the connection is lost, and comes back by itself', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('overview');
    await page.locator('.map-node', { hasText: 'charlie' }).waitFor();
    await server.server.stop();
    await page.getByText(/Connection lost, showing the state of \d\d:\d\d/).waitFor();
    await page.locator('.map-node', { hasText: 'charlie' }).waitFor();
    const again = await startServer({ config: { port: server.port }, more: { publicDir: folder() } });
    await page.locator('.banner').waitFor({ state: 'detached' });
    again.node.record({ severity: 'info', kind: 'node.started', subject: 'node', message: 'Here again' });
    await page.locator('.event', { hasText: 'Here again' }).waitFor();
  });

  inBrowser('says the next step where nothing is yet', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('mesh');
    await page.locator('.map-node', { hasText: 'charlie' }).waitFor();
    for (const topic of ['peers', 'links', 'routes', 'cameras'] as const) server.node.tell({ topic, value: [] });
    await expect
      .poll(() => page.getByLabel('Command that joins a network', { exact: true }).inputValue())
      .toBe('parlmesh network join TOKEN');
    await page.getByRole('link', { name: 'cameras' }).click();
    await expect
      .poll(() => page.getByLabel('Configuration of two cameras', { exact: true }).inputValue())
      .toContain('source: folder:');
  });

  inBrowser('fits a phone without scrolling sideways', async () => {
    const server = await serve();
    const { page, go } = await visit(server, { viewport: { width: 360, height: 740 } });
    for (const view of VIEWS) {
      await go(view);
      await page.locator('main :is(section, article, table, form)').first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(360);
    }
  });

  inBrowser('remembers the reader’s choice of colours', async () => {
    const server = await serve();
    const { page, go } = await visit(server, { colorScheme: 'light' });
    await go('overview');
    const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: 'Switch to dark colours' }).click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('button', { name: 'Switch to light colours' }).waitFor();
    expect(await ground()).toBe(dark);
  });
});

describe('the built page', () => {
  it('is small, and every text file has a compressed sibling', async () => {
    const files = (await readdir(folder(), { recursive: true, withFileTypes: true })).filter((f) => f.isFile());
    const names = files.map(({ parentPath, name }) => join(parentPath, name));
    const sources = names.filter((name) => !name.endsWith('.gz'));
    const sizes = await Promise.all(sources.map(async (name) => (await readFile(`${name}.gz`)).byteLength));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_COMPRESSED_BYTES);
  });

  it('has no inline script or style, which the content security policy would refuse', async () => {
    const html = await readFile(join(folder(), 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*\ssrc=)|https?:/);
  });
});
