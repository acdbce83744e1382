// Real nodes of one test file, each a process of its own, and what they tell of their incidents.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { LocalNode } from '../../../daemon/cli/local-node.ts';
import type { IncidentView } from '../../../daemon/view/incident-schema.ts';

/** What is waited for in whole processes, on machines that may be busy. */
export const WITHIN = { timeout: 25_000, interval: 50 };

/** They end, and their folder goes, after the tests of the file. */
export function realNodes() {
  const scratch = mkdtempSync(join(tmpdir(), 'parlmesh-healing-'));
  const nodes: LocalNode[] = [];
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(scratch, { recursive: true, force: true });
  });
  const start = async (name: string, dataDir: string, settings: Record<string, string>): Promise<LocalNode> => {
    // What is in the work tree, not what was built of it before.
    const node = new LocalNode({ name, dataDir, settings: { PARLMESH_SOURCES: '1', ...settings } });
    nodes.push(node);
    node.start();
    await node.ready(150_000);
    return node;
  };
  return { scratch, nodes, start };
}

export const incidentsOf = (node: LocalNode, subject: string): Promise<IncidentView[]> =>
  node.get<IncidentView[]>(`incidents?subject=${encodeURIComponent(subject)}`);

/** The newest story about a subject, once it is as wanted. */
export async function story(
  node: LocalNode,
  subject: string,
  isThere: (one: IncidentView) => boolean,
  within = WITHIN,
): Promise<IncidentView> {
  let found: IncidentView | undefined;
  await expect
    .poll(async () => {
      found = (await incidentsOf(node, subject)).find(isThere);
      return found !== undefined;
    }, within)
    .toBe(true)
    .catch(async (error: unknown) => {
      throw new Error(
        `${String(error)}\n${JSON.stringify(await incidentsOf(node, subject), undefined, 1)}\n${node.output}`,
      );
    });
  return found!;
}
