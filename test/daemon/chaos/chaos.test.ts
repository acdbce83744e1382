import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { seededRandom } from '../../../core/random.ts';
import { Chaos } from '../../../daemon/chaos/chaos.ts';
import type { Injection, InjectionKind, Undo } from '../../../daemon/chaos/injection.ts';
import { Traces } from '../../../daemon/chaos/traces.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'parlmesh-chaos-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
});

/** Switches lamps off, and on again. */
function lamps(undo?: (on: Set<string>, lamp: string) => Undo) {
  const on = new Set(['left', 'right']);
  const lamp = (more: Partial<Injection> = {}): InjectionKind => ({
    ...{ name: 'lamp-off', fault: 'service-failed', does: 'switches a lamp off', lasts: 10_000 },
    targets: () => ['left', 'right'],
    at: (target, lasts) => ({
      ...{ fault: 'service-failed', subject: `service/${target}`, target, lasts },
      harms: () => !on.has(target),
      inject: async () => {
        on.delete(target);
        return undo?.(on, target) ?? (() => void on.add(target));
      },
      ...more,
    }),
  });
  return { on, lamp };
}

function chaosOf(kinds: InjectionKind[], { enabled = true, granted = false } = {}) {
  const clock = new VirtualClock();
  const journal: JournalEntry[] = [];
  const takenBack: string[] = [];
  const traces = new Traces(dataDir);
  const chaos = new Chaos({
    ...{ config: { enabled, mostSeconds: 30 }, kinds, traces, clock, random: seededRandom(1) },
    isGranted: () => granted,
    takePolicyBack: async (version) => void takenBack.push(version),
    journal: { record: (entry) => journal.push(entry) },
  });
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { chaos, clock, journal, takenBack, traces, advance, told: () => journal.map(({ kind }) => kind) };
}

const never = new AbortController().signal;
const by = 'socket';

describe('an injected fault', () => {
  it('is undone by itself when its time is over, and both stand in the journal', async () => {
    const { on, lamp } = lamps();
    const { chaos, advance, told, journal } = chaosOf([lamp()]);
    const injected = await chaos.inject('lamp-off', { target: 'left', lasts: 5_000, by });
    expect(injected).toMatchObject({ fault: 'service-failed', subject: 'service/left' });
    expect(injected.endsAt - injected.startedAt).toBe(5_000);
    expect([...on]).toEqual(['right']);
    await advance(4_999);
    expect([...on]).toEqual(['right']);
    await advance(1);
    expect([...on].sort()).toEqual(['left', 'right']);
    expect(told()).toEqual(['chaos.injected', 'chaos.ended']);
    expect(journal[0]?.message).toBe('lamp-off is injected for 5 s (by socket)');
    expect(chaos.view().past).toMatchObject([{ id: injected.id, endedAt: injected.endsAt }]);
  });

  it('lasts no longer than the configuration allows', async () => {
    const { lamp } = lamps();
    const { chaos } = chaosOf([lamp()]);
    const { startedAt, endsAt } = await chaos.inject('lamp-off', { lasts: 3_600_000, by });
    expect(endsAt - startedAt).toBe(30_000);
  });

  it('ends with the node', async () => {
    const { on, lamp } = lamps();
    const { chaos, told } = chaosOf([lamp()]);
    await chaos.inject('lamp-off', { target: 'left', by });
    await chaos.inject('lamp-off', { target: 'right', by });
    await chaos.stop();
    expect(on.size).toBe(2);
    expect(told()).toEqual(['chaos.injected', 'chaos.injected', 'chaos.ended', 'chaos.ended']);
  });

  it('is found gone when something repaired it, at the time when it was', async () => {
    const { on, lamp } = lamps();
    const { chaos, advance } = chaosOf([lamp()]);
    const { startedAt } = await chaos.inject('lamp-off', { target: 'left', by });
    await advance(700);
    on.add('left');
    await advance(100);
    expect((chaos.view().running[0]?.goneAt ?? 0) - startedAt).toBeLessThanOrEqual(720);
    expect((chaos.view().running[0]?.goneAt ?? 0) - startedAt).toBeGreaterThanOrEqual(700);
  });

  it('cannot be injected twice at one place, nor more than eight at once', async () => {
    const { lamp } = lamps();
    const nine = Array.from({ length: 9 }, (_, index) => ({ ...lamp(), name: `lamp-${index}` }));
    const { chaos } = chaosOf(nine);
    await chaos.inject('lamp-0', { target: 'left', by });
    await expect(chaos.inject('lamp-0', { target: 'left', by })).rejects.toMatchObject({ code: 'CHAOS_BUSY' });
    for (let index = 1; index < 8; index++) await chaos.inject(`lamp-${index}`, { target: 'left', by });
    await expect(chaos.inject('lamp-8', { by })).rejects.toMatchObject({ code: 'CHAOS_BUSY' });
  });

  it('that cannot be done leaves nothing, and says so', async () => {
    const { lamp } = lamps();
    const broken = lamp({ inject: () => Promise.reject(new Error('no hands')), traces: [{ kind: 'file', path: 'x' }] });
    const { chaos, told } = chaosOf([broken]);
    await expect(chaos.inject('lamp-off', { by })).rejects.toMatchObject({
      code: 'CHAOS_FAILED',
      message: 'lamp-off could not be injected: no hands',
    });
    expect(chaos.view().running).toEqual([]);
    expect(existsSync(join(dataDir, 'chaos.json'))).toBe(false);
    expect(told()).toEqual(['chaos.injected', 'chaos.failed']);
  });

  it('whose undoing hangs is given up after ten seconds, told, and left to the next start', async () => {
    const { lamp } = lamps(() => () => new Promise<void>(() => {}));
    const { chaos, advance, told } = chaosOf([lamp({ traces: [{ kind: 'file', path: 'filler' }] })]);
    await chaos.inject('lamp-off', { lasts: 1_000, by });
    await advance(1_000);
    expect(chaos.view().running).toHaveLength(1);
    await advance(10_000);
    expect(chaos.view().past).toMatchObject([{ notUndone: 'that takes longer than 10 s' }]);
    expect(told().at(-1)).toBe('chaos.failed');
    expect(existsSync(join(dataDir, 'chaos.json'))).toBe(true);
  });

  it('must be known, and have a place', async () => {
    const { lamp } = lamps();
    const { chaos } = chaosOf([
      lamp(),
      { ...lamp(), name: 'dark', targets: () => [], why: () => 'it is dark already' },
    ]);
    await expect(chaos.inject('lamp', { by })).rejects.toMatchObject({ code: 'CHAOS_UNKNOWN' });
    await expect(chaos.inject('lamp-off', { target: 'middle', by })).rejects.toMatchObject({
      code: 'CHAOS_NO_TARGET',
      hint: 'There are: left, right',
    });
    await expect(chaos.inject('dark', { by })).rejects.toMatchObject({
      message: 'dark cannot be injected here: it is dark already',
    });
  });
});

describe('on a node that is in no demo or test network', () => {
  it('nothing is injected', async () => {
    const { on, lamp } = lamps();
    const { chaos, told } = chaosOf([lamp()], { enabled: false });
    expect(chaos.view()).toMatchObject({ allowed: false });
    await expect(chaos.inject('lamp-off', { by })).rejects.toMatchObject({ code: 'CHAOS_REFUSED' });
    expect(() => chaos.schedule({ every: 1_000, during: 5_000, seed: 1 }, by)).toThrow(/demo and test networks only/);
    expect([on.size, told()]).toEqual([2, []]);
  });

  it('a token that names chaos.inject allows it', async () => {
    const { on, lamp } = lamps();
    const { chaos } = chaosOf([lamp()], { enabled: false, granted: true });
    await chaos.inject('lamp-off', { by });
    expect(on.size).toBe(1);
  });
});

describe('a node that ended in the midst of a fault', () => {
  it('takes away at its next start what was left of it', async () => {
    const { lamp } = lamps();
    const traces = [
      { kind: 'file', path: 'filler' } as const,
      { kind: 'policy', version: '0123456789abcdef' } as const,
    ];
    const first = chaosOf([lamp({ traces })]);
    await first.chaos.inject('lamp-off', { target: 'left', by });
    writeFileSync(join(dataDir, 'filler'), 'full');

    const second = chaosOf([lamp()]);
    await second.chaos.start(never);
    expect(existsSync(join(dataDir, 'filler'))).toBe(false);
    expect(existsSync(join(dataDir, 'chaos.json'))).toBe(false);
    expect(second.takenBack).toEqual(['0123456789abcdef']);
    expect(second.journal.map(({ kind, message }) => [kind, message])).toEqual([
      ['chaos.cleaned', 'The node ended while lamp-off was injected at left; what was left of it is taken away'],
    ]);
  });

  it('never deletes what lies outside of its folder, whatever the file says', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'parlmesh-outside-'));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, 'dear'), '');
    const entry = (path: string) => ({ id: 'a', fault: 'disk-full', target: 'disk', traces: [{ kind: 'file', path }] });
    const paths = [join(outside, 'dear'), `../${outside.split('/').at(-1)}/dear`];
    writeFileSync(join(dataDir, 'chaos.json'), JSON.stringify(paths.map(entry)));
    const { chaos } = chaosOf([]);
    await chaos.start(never);
    expect(existsSync(join(outside, 'dear'))).toBe(true);
  });

  it('starts over a file that is no list of traces', async () => {
    writeFileSync(join(dataDir, 'chaos.json'), '{"broken');
    const { chaos, told } = chaosOf([]);
    await chaos.start(never);
    expect(told()).toEqual([]);
  });
});

describe('a run of random faults', () => {
  it('injects one after the other, the same for a seed, and ends', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const { on, lamp } = lamps();
      const kinds = ['a', 'b', 'c'].map((name): InjectionKind => ({ ...lamp(), name }));
      const { chaos, advance } = chaosOf(kinds);
      chaos.schedule({ every: 1_000, during: 6_500, seed }, by);
      expect(() => chaos.schedule({ every: 1_000, during: 1_000, seed }, by)).toThrow(/goes on already/);
      for (let second = 0; second < 10; second++) await advance(1_000);
      expect(chaos.view().schedule).toBeUndefined();
      expect(on.size).toBe(2);
      return chaos
        .view()
        .past.map(({ name, target }) => `${name} ${target}`)
        .reverse();
    };
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(first).toHaveLength(7);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    const names = first.map((draw) => draw[0]);
    expect([new Set(names.slice(0, 3)).size, new Set(names.slice(3, 6)).size]).toEqual([3, 3]);
  });
});
