// A daemon that ends itself to be started anew: when it may, that it cannot loop, and a real one that does.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proposedSymptom } from '../../../agents/mapek/proposals.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { type SelfHandsParts, selfHands } from '../../../daemon/mapek/actions/self.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { wasStartedBySystemd } from '../../../daemon/systemd.ts';
import type { IncidentDetailView } from '../../../daemon/view/incident-schema.ts';
import type { HardwareView } from '../../../daemon/view/schema.ts';
import { machine, stat } from '../hardware/machine.ts';
import { newStore } from '../store/new-store.ts';
import { realNodes, story, WITHIN } from './told-by-nodes.ts';

const HOUR = 3_600_000;
const never = new AbortController().signal;
const symptom = proposedSymptom('memory-leak', 'node', 'it grows', 0);

describe('Restarting itself', () => {
  let folder: string;
  let store: Store;
  let clock: VirtualClock;
  let restarts: number;
  const reading = (processBytes: number, totalBytes = 8e9) =>
    ({ memory: { totalBytes, availableBytes: 1e8, processBytes } }) as HardwareView;
  const handOf = (own: Partial<SelfHandsParts> = {}) =>
    selfHands({
      ...{ config: { restartSelf: true }, store, clock, hardware: () => reading(5e8), restart: () => void restarts++ },
      ...own,
    })['process.restart-self']!;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parlmesh-self-'));
    clock = new VirtualClock();
    restarts = 0;
    store = newStore(folder);
    await store.start(never);
  });
  afterEach(async () => {
    await store.stop();
    rmSync(folder, { recursive: true });
  });

  it('is done only where it is wanted, systemd starts the daemon again, and the daemon has the memory', () => {
    const may = (own: Partial<SelfHandsParts>) => handOf(own).precondition(symptom);
    expect(may({})).toBe(true);
    expect(may({ config: { restartSelf: false } })).toBe('mapek.restartSelf is off');
    expect(may({ restart: undefined })).toMatch(/^systemd did not start this daemon/);
    expect(may({ hardware: () => undefined })).toMatch(/not have much memory/);
    expect(may({ hardware: () => reading(3.9e8) })).toMatch(/not have much memory/);
    expect(may({ hardware: () => reading(2.6e8, 5.12e8) })).toBe(true);
    expect(handOf().precondition({ ...symptom, subject: 'agent/a' })).toMatch(/not the daemon/);
  });

  it('is not done again within six hours, by the store of the process before, whichever way the clock was set', async () => {
    await handOf().carryOut(symptom, 'a test', never);
    clock.advance(0);
    expect(restarts).toBe(1);
    await store.stop();
    store = newStore(folder);
    await store.start(never);
    const again = handOf();
    expect(again.precondition(symptom)).toBe('it was done within the last 6 hours');
    await expect(again.carryOut(symptom, 'approved', never)).rejects.toMatchObject({ code: 'REPAIR_IMPOSSIBLE' });
    clock.advance(6 * HOUR - 1);
    expect(again.precondition(symptom)).not.toBe(true);
    clock.advance(1);
    expect(again.precondition(symptom)).toBe(true);
    await store.putState('mapek.restarted-self', { at: clock.wall() + HOUR });
    expect(again.precondition(symptom)).not.toBe(true);
    await store.putState('mapek.restarted-self', 'what is not understood');
    expect(again.precondition(symptom)).not.toBe(true);
    expect(restarts).toBe(1);
  });

  it('is not done when it cannot be remembered, or was given up meanwhile', async () => {
    const full = { state: () => undefined, putState: () => Promise.reject(new Error('the disk is full')) };
    await expect(handOf({ store: full }).carryOut(symptom, 'a test', never)).rejects.toThrow('the disk is full');
    const given = AbortSignal.abort(new Error('given up'));
    await expect(handOf().carryOut(symptom, 'a test', given)).rejects.toThrow('given up');
    clock.advance(1);
    expect(restarts).toBe(0);
  });

  it('is for a service of systemd, not for what a terminal started', () => {
    expect(wasStartedBySystemd({ INVOCATION_ID: 'a', NOTIFY_SOCKET: '/run/systemd/notify' })).toBe(true);
    // A desktop's terminal has the first from the session it is in.
    expect(wasStartedBySystemd({ INVOCATION_ID: 'a' })).toBe(false);
    expect(wasStartedBySystemd({ NOTIFY_SOCKET: '/run/systemd/notify' })).toBe(false);
  });
});

describe('a real node that runs out of memory', () => {
  const { scratch, start } = realNodes();

  it('ends in order with the code for systemd when that is approved, and does not offer it again', async () => {
    using board = machine({
      'proc/stat': stat(10, 90),
      // So little that what the daemon has is half of it.
      'proc/meminfo': 'MemTotal: 120000 kB\nMemAvailable: 2000 kB\n',
    });
    const settings = {
      ...{ PARLMESH_HARDWARE_ROOT: board.root, PARLMESH_HARDWARE_INTERVAL: '1' },
      ...{ PARLMESH_MAPEK_MODE: 'advise', PARLMESH_MAPEK_RESTART_SELF: 'true' },
      ...{ INVOCATION_ID: 'a', NOTIFY_SOCKET: join(scratch, 'nobody-hears') },
    };
    const offered = async (node: Awaited<ReturnType<typeof start>>) => {
      const asked = await story(node, 'node', ({ fault, state }) => fault === 'memory-leak' && state === 'asked');
      const { question } = await node.get<IncidentDetailView>(`incidents/${asked.id}`);
      return { id: asked.id, actions: question!.offers.map(({ action }) => action) };
    };
    const dataDir = join(scratch, 'leaks');
    const node = await start('leaks', dataDir, settings);
    const { id, actions } = await offered(node);
    expect(actions).toContain('process.restart-self');
    await node.post(`incidents/${id}/answer`, { kind: 'approve', action: 'process.restart-self' });
    expect(await node.exited).toBe(4);

    const again = await start('leaks', dataDir, settings);
    await expect
      .poll(async () => (await again.get<IncidentDetailView>(`incidents/${id}`)).incident.state, WITHIN)
      .toBe('interrupted');
    const { incident } = await again.get<IncidentDetailView>(`incidents/${id}`);
    expect(incident.steps[0]).toMatchObject({
      ...{ action: 'process.restart-self', by: 'the command line' },
      said: 'The daemon ends in order, for systemd to start it again',
    });
    expect((await offered(again)).actions).not.toContain('process.restart-self');
  }, 180_000);
});
