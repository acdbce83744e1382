import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTION_NAMES, specOf } from '../../../agents/mapek/action-catalogue.ts';
import { LADDERS, PRIORITIES } from '../../../agents/mapek/ladder.ts';
import { ruleOf } from '../../../agents/mapek/rules/all.ts';
import { FAULTS } from '../../../agents/mapek/symptom.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/self-healing.md'), 'utf8');
const rows = (heading: string): string[] => {
  const from = page.indexOf(`\n## ${heading}\n`);
  return page
    .slice(from, page.indexOf('\n## ', from + 4))
    .split('\n')
    .filter((line) => line.startsWith('| `'));
};

const seconds = (ms: number): string => (ms >= 120_000 ? `${ms / 60_000} min` : `${ms / 1000} s`);

describe('docs/self-healing.md', () => {
  it('has the table of faults and ladders as the code has them', () => {
    const expected = FAULTS.map((fault) => {
      const ladder = LADDERS[fault].map((action) => `\`${action}\`${specOf(action).asksFirst ? '*' : ''}`).join(', ');
      const { cause, steadyFor } = ruleOf(fault);
      return `| \`${fault}\` | ${cause.replace(/\{(name|seen)\}/, '…')} | ${PRIORITIES[fault]} | ${seconds(steadyFor)} | ${ladder} |`;
    });
    expect(rows('Faults and what is done').join('\n')).toBe(expected.join('\n'));
  });

  it('has the table of actions as the code has them', () => {
    const expected = ACTION_NAMES.filter((name) => name !== 'operator.ask').map((name) => {
      const { inWords, cost, blastRadius, holds, deadline, verifyWithin } = specOf(name);
      const held = holds.map((one) => one.replace('{subject}', '…').replace(/^subject$/, 'its subject')).join(', ');
      const words = inWords.replace('{name}', '…');
      return `| \`${name}\` | ${words} | ${cost} | ${blastRadius} | ${held} | ${seconds(deadline)} | ${seconds(verifyWithin)} |`;
    });
    expect(rows('Actions').join('\n')).toBe(expected.join('\n'));
  });
});
