// A visit of the built page in the browser, over the real HTTP server.

import type { BrowserContextOptions, Page } from 'playwright-core';
import { it, onTestFinished } from 'vitest';
import type { ViewName } from '../../web/src/view-names.ts';
import { type Started, startServer } from '../daemon/http/harness.ts';
import { builtPage, hasBrowser, NO_BROWSER, runningBrowser } from './browser.ts';

export interface Visit {
  page: Page;
  origin: string;
  /** Console errors, exceptions and requests to elsewhere, as they happened. */
  complaints: string[];
  go(view: ViewName): Promise<void>;
}

/** Builds the page and starts a browser for the test file that calls it. */
export function site() {
  const built = builtPage();
  const browser = runningBrowser();
  if (!hasBrowser) console.warn(`Tests of the page in a browser are skipped: ${NO_BROWSER}`);

  const serve = (): Promise<Started> =>
    startServer({ config: { rateLimit: 100_000 }, more: { publicDir: built.folder() } });

  const visit = async (server: Started, options: BrowserContextOptions = {}): Promise<Visit> => {
    const context = await browser.get().newContext({ viewport: { width: 1280, height: 900 }, ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const origin = `http://127.0.0.1:${server.port}`;
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin) {
        complaints.push(`request to ${request.url()}`);
      }
    });
    const go = async (view: ViewName) => {
      await page.goto(`${origin}/#/${view}`);
      await page.locator('nav [aria-current=page]', { hasText: view }).waitFor();
      await page.locator('h1').first().waitFor({ state: 'attached' });
    };
    return { page, origin, complaints, go };
  };
  return { folder: built.folder, serve, visit };
}

export const inBrowser = it.skipIf(!hasBrowser);
