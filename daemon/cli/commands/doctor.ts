// `parlmesh doctor`: what is wrong, why, and what to do.

import { ParlmeshError } from '../../../core/errors.ts';
import type { HealingView, IncidentDetailView, IncidentView } from '../../view/incident-schema.ts';
import type { EventView, StoreView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { NO_DAEMON } from '../client.ts';
import type { CliCommand } from '../command.ts';
import { diagnose, type Finding } from '../diagnosis.ts';
import { ago, plural } from '../format.ts';
import { plain } from '../terminal.ts';
import { line } from './events.ts';
import { storyInWords } from './incidents.ts';
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
      if (report.findings.length > 0 || report.incidents.length > 0) cli.exitCode = 1;
      cli.show(options, report, (shown) => render(cli, shown));
    });
}

/** What is wrong, and what the node itself found, does about it and asks. */
interface Report {
  sentence: string;
  findings: Finding[];
  incidents: IncidentDetailView[];
}

const MOST_STORIES = 10;

async function examine(cli: Cli, options: CommonOptions): Promise<Report> {
  const client = cli.client(options);
  try {
    const [status, store, events, open] = await Promise.all([
      readStatus(client),
      client.get<StoreView>('store'),
      client.list<EventView>('events', { limit: 1000 }),
      client.list<IncidentView>('incidents', { open: 'true', limit: MOST_STORIES }),
    ]);
    const questions = open.length === 0 ? [] : (await client.get<HealingView>('healing')).questions;
    const incidents = open.map((incident): IncidentDetailView => {
      const question = questions.find((one) => one.incident === incident.id);
      return { incident, ...(question !== undefined && { question }) };
    });
    const findings = diagnose({ ...status, store, events }, Date.now());
    return { sentence: status.node.health.sentence, findings, incidents };
  } catch (error) {
    if (!(error instanceof ParlmeshError && error.code === NO_DAEMON)) throw error;
    return { sentence: error.message, findings: await whyNoDaemon(cli, error), incidents: [] };
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

function render({ terminal }: Cli, { sentence, findings, incidents }: Report): string {
  const now = Date.now();
  const stories = incidents.flatMap((detail) => ['', storyInWords(detail, now)]);
  const told =
    stories.length === 0 ? [] : ['', terminal.style('What the node itself does about it:', 'bold'), ...stories];
  if (findings.length === 0) {
    return [terminal.style(plain(sentence), 'bold'), ...(told.length === 0 ? ['Nothing is wrong.'] : told)].join('\n');
  }
  const lines = [terminal.style(`${plural(findings.length, 'problem')} found.`, 'bold')];
  for (const { severity, problem, since, next, journal } of findings) {
    const mark = terminal.style(severity, severity === 'error' ? 'red' : 'yellow');
    lines.push('', `${mark}: ${plain(problem)}${since === undefined ? '' : ` (since ${ago(since, now)})`}`);
    lines.push(`  next: ${plain(next)}`);
    for (const event of journal) lines.push(`  ${line(event, terminal)}`);
  }
  return [...lines, ...told].join('\n');
}
