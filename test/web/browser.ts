// A headless Chromium, and the built page for it to open. Both are made once for a test file.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';

const EXECUTABLE = process.env.PARLMESH_CHROMIUM ?? '/usr/bin/chromium';
export const hasBrowser = existsSync(EXECUTABLE);
export const NO_BROWSER = `no Chromium at ${EXECUTABLE}; PARLMESH_CHROMIUM names another`;

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Builds the page into a folder of its own, which goes with the test file. */
export function builtPage(): { folder: () => string } {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parlmesh-page-'));
    await build({ root: join(import.meta.dirname, '../../web'), logLevel: 'error', build: { outDir: folder } });
  });
  afterAll(() => rm(folder, { recursive: true }));
  return { folder: () => folder };
}

export function runningBrowser(): { get: () => Browser } {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (hasBrowser) browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
  });
  afterAll(() => browser?.close());
  return {
    get: () => {
      if (browser === undefined) throw new Error(NO_BROWSER);
      return browser;
    },
  };
}
