// `parlmesh doctor`: what is wrong, why, and what to do.

import { ParlmeshError } from '../../../core/errors.ts';
import type { EventView, StoreView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { NO_DAEMON } from '../client.ts';
import type { CliCommand } from '../command.ts';
import { diagnose, type Finding } from '../diagnosis.ts';
import { ago, plural } from '../format.ts';
import { plain } from '../terminal.ts';
import { line } from './events.ts';
import { readStatus } from './status.ts';

export function registerDoctor(program: CliCommand, cli: Cli): void {
  program
    .command('doctor')
    .summary('what is wrong, why, and what to do')
    .description('Explains present problems with cause, next step and journal. Exit code 1 when something is wrong.')
    .common()
    .example('doctor', 'what is wrong here?')
    .example("doctor -o json | jq -r '.findings[].problem'", 'the problems for a script')
    .action(async (options: CommonOptions) => {
      const report = await examine(cli, options);
      if (report.findings.length > 0) cli.exitCode = 1;
      cli.show(options, report, ({ sentence, findings }) => render(cli, sentence, findings));
    });
}

async function examine(cli: Cli, options: CommonOptions): Promise<{ sentence: string; findings: Finding[] }> {
  const client = cli.client(options);
  try {
    const [status, store, events] = await Promise.all([
      readStatus(client),
      client.get<StoreView>('store'),
      client.list<EventView>('events', { limit: 1000 }),
    ]);
    return { sentence: status.node.health.sentence, findings: diagnose({ ...status, store, events }, Date.now()) };
  } catch (error) {
    if (!(error instanceof ParlmeshError && error.code === NO_DAEMON)) throw error;
    return { sentence: error.message, findings: await whyNoDaemon(cli, error) };
  }
}

async function whyNoDaemon(cli: Cli, { message, hint }: ParlmeshError): Promise<Finding[]> {
  const { checkConfig } = await import('../../config/load.ts');
  const { describeProblem } = await import('../../config/problem.ts');
  const check = checkConfig({ env: cli.env, flags: {} });
  const wrong = check.ok ? [] : check.problems;
  const none: Finding = { severity: 'error', subject: 'node', problem: message, next: hint ?? '', journal: [] };
  return [
    none,
    ...wrong.map(
      (problem): Finding => ({
        severity: 'error',
        subject: 'node',
        problem: `The configuration is wrong: ${describeProblem(problem)}`,
        next: 'The daemon does not start before it is right: `parlmesh config check`',
        journal: [],
      }),
    ),
  ];
}

function render({ terminal }: Cli, sentence: string, findings: Finding[]): string {
  if (findings.length === 0) return `${terminal.style(plain(sentence), 'bold')}\nNothing is wrong.`;
  const now = Date.now();
  const lines = [terminal.style(`${plural(findings.length, 'problem')} found.`, 'bold')];
  for (const { severity, problem, since, next, journal } of findings) {
    const mark = terminal.style(severity, severity === 'error' ? 'red' : 'yellow');
    lines.push('', `${mark}: ${plain(problem)}${since === undefined ? '' : ` (since ${ago(since, now)})`}`);
    lines.push(`  next: ${plain(next)}`);
    for (const event of journal) lines.push(`  ${line(event, terminal)}`);
  }
  return lines.join('\n');
}
