import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Analyzer, type Finding } from '../../../agents/mapek/analyzer.ts';
import { CoOccurrence, wilsonLowerBound } from '../../../agents/mapek/co-occurrence.ts';
import { correlate } from '../../../agents/mapek/correlate.ts';
import { DependencyGraph } from '../../../agents/mapek/dependency-graph.ts';
import { FAULTS, symptomKey } from '../../../agents/mapek/symptom.ts';
import { Rig } from './rig.ts';

const agents = Array.from({ length: 12 }, (_, n) => `agent/a${n}`);

describe('One cause', () => {
  it('explains twelve silent agents behind a broker that is down: one symptom, one repair', async () => {
    const rig = await new Rig().start();
    for (const agent of agents) rig.loop.depends(agent, ['service/mqtt']);
    for (const agent of agents) rig.wrong('agent-hung', agent);
    rig.wrong('broker-down');
    await rig.pass(3_000);
    expect(rig.loop.incidents()).toHaveLength(1);
    expect(rig.incident('broker-down')).toMatchObject({ subject: 'service/mqtt', state: 'repairing' });
    expect(rig.incident('broker-down').explains.toSorted()).toEqual(agents.toSorted());
    expect(rig.actions).toEqual(['mqtt.reconnect']);
  });

  it('is found where nobody names it: all that need the broker are silent', async () => {
    const rig = await new Rig().start();
    for (const agent of agents) rig.loop.depends(agent, ['service/mqtt']);
    for (const agent of agents) rig.wrong('agent-hung', agent);
    await rig.pass(1_000);
    expect(rig.actions).toEqual(['mqtt.reconnect']);
    expect(rig.incident('broker-down').evidence[0]).toMatch(/^12 of 12 that need service\/mqtt are in trouble/);
    for (const agent of agents) rig.well('agent-hung', agent);
    await rig.pass(62_000, 1_000);
    expect(rig.incident('broker-down')).toMatchObject({
      state: 'recovered',
      outcome: 'Gone after: connect to the broker anew',
    });
  });

  it('is not invented where the broker is known to be well', async () => {
    const rig = await new Rig().start();
    for (const agent of agents) rig.loop.depends(agent, ['service/mqtt']);
    rig.well('broker-down');
    for (const agent of agents) rig.wrong('agent-hung', agent);
    await rig.pass(1_000);
    expect(rig.actions).toEqual(agents.map(() => 'agent.restart'));
  });

  it('gives what it explained its own turn when that stays wrong after it', async () => {
    const rig = await new Rig().start();
    rig.loop.depends('agent/a0', ['service/mqtt']);
    rig.cures.set('broker-down@service/mqtt', { action: 'mqtt.reconnect' });
    rig.wrong('broker-down');
    rig.wrong('agent-hung', 'agent/a0');
    await rig.pass(5_000);
    expect(rig.actions).toEqual(['mqtt.reconnect']);
    await rig.pass(10_000);
    expect(rig.actions).toEqual(['mqtt.reconnect', 'agent.restart']);
  });

  it('is looked for at once when something that needs it is suspected, and closely while it is repaired', async () => {
    const rig = await new Rig().start();
    rig.loop.depends('agent/a0', ['service/mqtt']);
    expect(rig.loop.lookEvery('service/mqtt', 5_000)).toBe(5_000);
    rig.wrong('agent-hung', 'agent/a0');
    expect(rig.looks).toEqual([['agent/a0', 'service/mqtt']]);
    expect(rig.loop.lookEvery('service/mqtt', 5_000)).toBe(1_250);
    await rig.pass(500);
    expect(rig.loop.lookEvery('agent/a0', 5_000)).toBe(250);
    expect(rig.loop.lookEvery('camera/c', 5_000)).toBe(5_000);
  });

  it('that is noticed later takes the incidents that were begun for what follows from it', async () => {
    const rig = new Rig({ script: { 'agent.restart': { carryOut: () => new Promise(() => {}) } } });
    await rig.start();
    rig.loop.depends('agent/a0', ['service/mqtt']);
    rig.wrong('agent-hung', 'agent/a0');
    await rig.pass(1_000);
    rig.wrong('broker-down');
    // What was begun ends at its deadline of 30 s.
    await rig.pass(31_000);
    expect(rig.actions.slice(0, 2)).toEqual(['agent.restart', 'mqtt.reconnect']);
    const [cause, effect] = [rig.incident('broker-down'), rig.incident('agent-hung')];
    expect(effect).toMatchObject({ state: 'explained', explainedBy: cause.id });
  });
});

describe('The analysis', () => {
  it('says nothing of a journal full of what it does not know', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.string(), fc.double(), fc.string()), { maxLength: 40 }),
        (words) => {
          const analyzer = new Analyzer();
          for (const [subject, word, at, from] of words) {
            const base = { subject, at, from };
            analyzer.observe({ ...base, kind: 'state', state: word }, 0, 0);
            analyzer.observe({ ...base, kind: 'event', event: word, severity: 'error', message: word }, 0, 0);
            analyzer.observe({ ...base, kind: 'score', metric: word, score: at, why: word }, 0, 0);
          }
          expect(analyzer.tick(60_000, 60_000)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('tells an end only of what it raised, once each, whatever comes in which order', () => {
    const word = fc.record({
      n: fc.integer({ min: 0, max: 5 }),
      state: fc.constantFrom('degraded', 'ready', 'hung', 'restarting'),
      wait: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 80 }), (words) => {
        const analyzer = new Analyzer();
        for (let n = 0; n < 6; n++) analyzer.graph.set(`agent/a${n}`, n < 3 ? ['service/mqtt'] : [`agent/a${n - 1}`]);
        const raised = new Set<string>();
        const faded = new Set<string>();
        const check = (findings: readonly Finding[]): void => {
          for (const finding of findings) {
            if (finding.kind === 'raised') {
              expect(raised.has(symptomKey(finding.symptom))).toBe(false);
              raised.add(symptomKey(finding.symptom));
              faded.delete(symptomKey(finding.symptom));
            } else if (finding.kind === 'over' && finding.how === 'well' && faded.delete(finding.key)) {
              expect(raised.has(finding.key)).toBe(false);
            } else if (finding.kind === 'over' || finding.kind === 'explained') {
              expect(raised.delete(finding.key)).toBe(true);
              if (finding.kind === 'over' && finding.how === 'faded') faded.add(finding.key);
            }
          }
        };
        let now = 0;
        for (const { n, state, wait } of words) {
          check(analyzer.observe({ kind: 'state', subject: `agent/a${n}`, state, at: now }, now, now));
          now += wait;
          check(analyzer.tick(now, now));
        }
        check(analyzer.tick(now + 10_000_000, now + 10_000_000));
        check(analyzer.tick(now + 10_010_000, now + 10_010_000));
        expect(raised.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('explains each symptom by a cause that is not explained itself, and never all of them', () => {
    const subjects = ['node', 'agent/a', 'agent/b', 'service/mqtt', 'link/x', 'peer/x', 'camera/c'];
    const edge = fc.tuple(fc.constantFrom(...subjects), fc.array(fc.constantFrom(...subjects), { maxLength: 3 }));
    const symptom = fc.tuple(
      fc.constantFrom(...FAULTS),
      fc.constantFrom(...subjects),
      fc.integer({ min: 0, max: 60_000 }),
    );
    fc.assert(
      fc.property(fc.array(edge), fc.array(symptom, { minLength: 1, maxLength: 20 }), (edges, symptoms) => {
        const graph = new DependencyGraph();
        for (const [subject, needs] of edges) graph.set(subject, needs);
        const present = new Map(
          symptoms.map(([fault, subject, since]) => {
            const key = symptomKey({ fault, subject });
            return [key, { key, fault, subject, since }];
          }),
        );
        const explained = correlate([...present.values()], graph, new CoOccurrence());
        for (const cause of explained.values()) expect(explained.has(cause)).toBe(false);
        expect(explained.size).toBeLessThan(present.size);
      }),
    );
  });

  it('learns what usually goes before what, and only that way round', () => {
    const learned = new CoOccurrence();
    for (let n = 0; n < 20; n++) {
      const at = n * 100_000;
      learned.began('under-voltage@node', 'under-voltage', at);
      learned.began('disk-full@node', 'disk-full', at + 5_000);
      if (n % 2 === 0) learned.began('cpu-hot@node', 'cpu-hot', at + 50_000);
    }
    expect(learned.explains('under-voltage', 'disk-full')).toBe(true);
    expect(learned.explains('disk-full', 'under-voltage')).toBe(false);
    expect(learned.explains('under-voltage', 'cpu-hot')).toBe(false);
    // 20 of 20: (1 + z²/40 - z √(z²/1600)) / (1 + z²/20) with z = 1.2816.
    expect(wilsonLowerBound(1, 20)).toBeCloseTo(0.9241, 3);
  });
});
