// The large map and the pages of cameras in a real browser: zoom, heatmaps, export; search, clips, areas drawn by hand and
// by keys.

import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { inBrowser, site } from './visit.ts';

const { serve, visit } = site();

const middleOf = async (element: Locator): Promise<{ x: number; y: number }> => {
  const box = (await element.boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

/** Puts fingers down, moves them from place to place, and takes them off. */
async function fingers(page: Page, places: { x: number; y: number }[][]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  for (const [index, touchPoints] of places.entries()) {
    await session.send('Input.dispatchTouchEvent', { type: index === 0 ? 'touchStart' : 'touchMove', touchPoints });
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

/** Of a picture that was loaded; 0 before. */
const widthOf = (page: Page, selector: string) => () =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.naturalWidth`);

describe('the large map', () => {
  inBrowser('comes closer by button, wheel and keys, keeps the focus in view, and goes back', async () => {
    const server = await serve();
    const { page, go, complaints } = await visit(server);
    await go('mesh');
    const alpha = page.locator('.map-node', { hasText: 'alpha' }).locator('.disc');
    const delta = page.locator('.map-node', { hasText: 'delta' });
    await alpha.waitFor();
    const apart = async (): Promise<number> => {
      const [a, b] = [await middleOf(alpha), await middleOf(delta.locator('.disc'))];
      return Math.round(Math.hypot(a.x - b.x, a.y - b.y));
    };
    const before = await apart();
    await page.getByRole('button', { name: 'Zoom in' }).click();
    expect(await apart()).toBeCloseTo(before * 1.5, -1);
    await page.mouse.move(...(Object.values(await middleOf(page.locator('.map-canvas'))) as [number, number]));
    const scrolled = () => page.evaluate('scrollY');
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -60);
    await page.keyboard.up('Control');
    await expect.poll(apart).toBeGreaterThan(before * 2);
    expect(await scrolled()).toBe(0);
    // Delta is beyond the edge now: with the focus it comes into view.
    await delta.focus();
    const canvas = (await page.locator('.map-canvas').boundingBox())!;
    await expect.poll(async () => (await middleOf(delta.locator('.disc'))).x).toBeLessThan(canvas.x + canvas.width);
    const close = await apart();
    await page.keyboard.press('-');
    await expect.poll(apart).toBeLessThan(close);
    await page.keyboard.press('0');
    await expect.poll(apart).toBe(before);
    expect(complaints).toEqual([]);
  });

  inBrowser('comes closer by two fingers, and is moved by one', async () => {
    const server = await serve();
    const { page, go } = await visit(server, { viewport: { width: 390, height: 844 }, hasTouch: true });
    await go('mesh');
    const alpha = page.locator('.map-node', { hasText: 'alpha' }).locator('.disc');
    await alpha.waitFor();
    await page.locator('.map-canvas').scrollIntoViewIfNeeded();
    const { x, y } = await middleOf(page.locator('.map-canvas'));
    const spread = (half: number) => [
      { x: x - half, y },
      { x: x + half, y },
    ];
    const before = await middleOf(alpha);
    await fingers(page, [30, 40, 50, 60].map(spread));
    await expect.poll(async () => (await middleOf(alpha)).x - x).toBeCloseTo(2 * (before.x - x), -1);
    const close = await middleOf(alpha);
    await fingers(
      page,
      [0, 10, 20, 30].map((step) => [{ x: x + step, y: y + step }]),
    );
    await expect.poll(async () => Math.round((await middleOf(alpha)).x - close.x)).toBe(30);
  });

  inBrowser('shows traffic by width and word, anomaly by size and word, and all routes of another node', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('mesh');
    const [show, from] = [page.locator('.map-tools select').first(), page.locator('.map-tools select').nth(1)];
    await show.selectOption('traffic');
    await page.locator('.link-label', { hasText: '13.5 kB/s' }).waitFor();
    const width = (step: string) =>
      page.evaluate(`parseFloat(getComputedStyle(document.querySelector('${step} .wire')).strokeWidth)`);
    expect(await width('.map-canvas .heat-0')).toBeLessThan(Number(await width('.map-canvas .heat-4')));
    await page.locator('.key', { hasText: 'up to 1.3 kB/s' }).waitFor();
    await show.selectOption('anomaly');
    await page.getByRole('button', { name: /echo.*anomaly 0\.72/ }).waitFor();
    expect(await page.locator('.map-node', { hasText: 'delta' }).textContent()).toContain('0.10');
    await show.selectOption('routes');
    await from.selectOption({ label: 'all from bravo' });
    await expect.poll(() => page.locator('polyline.course-route').count()).toBe(2);
    expect(await page.locator('polyline.course-backup').count()).toBe(1);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
  });

  inBrowser('is saved as it is shown, in the colours of the page', async () => {
    const server = await serve();
    const { page, go } = await visit(server, { colorScheme: 'dark' });
    await go('mesh');
    await page.locator('.map-tools select').first().selectOption('cost');
    expect(await page.getByRole('link', { name: 'SVG' }).getAttribute('download')).toBe('mesh-cost.svg');
    const address = await page.getByRole('link', { name: 'PNG' }).getAttribute('href');
    expect(address).toBe('/api/v3/mesh/map.png?show=cost&theme=dark');
    expect((await server.call(address ?? '')).headers['content-type']).toBe('image/png');
  });
});

describe('the pages of cameras', () => {
  inBrowser('find what was seen by camera, object and text, and play its clip', async () => {
    const server = await serve();
    const { page, go, complaints } = await visit(server);
    await go('cameras');
    const tiles = page.locator('.observations li');
    await expect.poll(() => tiles.count()).toBe(8);
    await page.getByRole('img', { name: /When: .*door 6/ }).waitFor();
    const filter = page.getByRole('form', { name: 'Search observations' });
    await filter.getByLabel('Object').fill('car');
    await page.getByRole('heading', { name: 'Observations found' }).waitFor();
    await expect.poll(() => tiles.count()).toBe(1);
    await filter.getByLabel('Object').fill('');
    await filter.getByLabel('Text').fill('doo');
    await expect.poll(() => tiles.count()).toBe(6);
    await page.getByRole('button', { name: 'Play the clip of person on door' }).click();
    await expect.poll(widthOf(page, '.observations img[src$="/clip"]')).toBe(320);
    server.node.record({
      ...{ severity: 'info', kind: 'zone.read', subject: 'camera/door' },
      ...{ message: 'Camera door: zone meter says 1234 kWh', data: { zone: 'meter', value: 1234 } },
    });
    await filter.getByLabel('Text').fill('1234');
    await page.getByRole('list', { name: 'What was read in zones' }).getByText('says 1234 kWh').waitFor();
    await filter.getByLabel('Text').fill('giraffe');
    await page.getByText('Nothing matches.').waitFor();
    expect(complaints).toEqual([]);
  });

  inBrowser('show where things were seen, over the picture and in words', async () => {
    const server = await serve();
    const { page, go } = await visit(server);
    await go('cameras');
    const north = page.getByRole('article', { name: 'Camera north' });
    await north.getByRole('button', { name: 'Activity' }).click();
    await north.getByText(/Most was seen at the lower left: 70.% of 341.sightings/).waitFor();
    await expect.poll(widthOf(page, 'img.activity')).toBe(320);
  });

  inBrowser('let areas be drawn by hand, and be moved by keys alone', async () => {
    const server = await serve();
    const { page, origin, complaints } = await visit(server);
    await page.goto(`${origin}/#/cameras/north`);
    const canvas = page.locator('.area-canvas');
    await page.getByRole('button', { name: 'New mask' }).click();
    await page.evaluate("document.querySelector('.area-canvas').scrollIntoView({ block: 'center' })");
    const { x, y, width, height } = (await canvas.boundingBox())!;
    for (const [dx, dy] of [
      [0.1, 0.1],
      [0.4, 0.1],
      [0.4, 0.4],
    ] as const)
      await page.mouse.click(x + width * dx, y + height * dy);
    await page.getByRole('button', { name: 'First corner: close the area' }).click();
    await page.getByRole('button', { name: 'mask 1', exact: true }).waitFor();
    // A zone by keys: a rectangle, its first corner one step to the right and five down.
    await page.getByRole('button', { name: 'New zone' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Use a rectangle' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Name').fill('path');
    await page.getByText('Two zones are called path.').waitFor();
    await page.getByLabel('Name').fill('gate');
    await page.getByRole('button', { name: /^Corner 1 of zone gate/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByRole('button', { name: /^Add a corner after corner 1 of zone gate/ }).focus();
    await page.keyboard.press('Enter');
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(violations.map(({ id, nodes }) => `${id} ${nodes.map(({ target }) => target)}`)).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. The camera goes by it now.').waitFor();
    const saved = server.node.areas.get('north');
    expect(saved?.zones?.map(({ name }) => name)).toEqual(['path', 'gate']);
    expect(saved?.zones?.[1]?.points.slice(0, 2)).toEqual([
      [0.31, 0.35],
      [0.505, 0.325],
    ]);
    expect(saved?.masks?.[0]?.map((point) => point.map((share) => Math.round(share * 10) / 10))).toEqual([
      [0.1, 0.1],
      [0.4, 0.1],
      [0.4, 0.4],
    ]);
    await page.getByRole('button', { name: 'Back to the configuration’s' }).click();
    await expect.poll(() => server.node.areas.has('north')).toBe(false);
    expect(complaints).toEqual([]);
  });

  inBrowser('let a corner be pulled by a finger on a phone', async () => {
    const server = await serve();
    const { page, origin } = await visit(server, { viewport: { width: 390, height: 844 }, hasTouch: true });
    await page.goto(`${origin}/#/cameras/north`);
    await page.getByRole('button', { name: 'zone path' }).click();
    const handle = page.getByRole('button', { name: /^Corner 1 of zone path/ });
    await handle.scrollIntoViewIfNeeded();
    const from = await middleOf(handle);
    await fingers(
      page,
      [0, 10, 20, 30, 40].map((step) => [{ x: from.x + step, y: from.y - step }]),
    );
    const to = await middleOf(handle);
    expect(Math.hypot(to.x - from.x - 40, to.y - from.y + 40)).toBeLessThan(4);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().disableRules(['color-contrast']).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
});
