// `parlmesh incidents`: what went wrong, what the node did about it, and answers to what it asks.

import { writeFile } from 'node:fs/promises';
import { Option } from 'commander';
import { ParlmeshError } from '../../../core/errors.ts';
import type { IncidentDetailView, IncidentView } from '../../view/incident-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { ago, duration, percent, timestamp } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';

interface ListOptions extends CommonOptions {
  open?: true;
  limit?: number;
}

interface ShowOptions extends CommonOptions {
  postMortem?: string;
}

export function registerIncidents(program: CliCommand, cli: Cli): void {
  const incidents = program
    .command('incidents')
    .summary('what went wrong, and what the node did about it')
    .description('Incidents are stories: what was seen, concluded, done, verified and learned. docs/self-healing.md')
    .example('incidents list --open', 'what is being repaired now?');

  incidents
    .command('list')
    .summary('incidents, those that are not over first')
    .description('Newest first. The newest 500 are kept.')
    .option('--open', 'only those that are not over')
    .option('-n, --limit <count>', 'so many at most', integerOption(1, 500))
    .common()
    .example('incidents list', 'what happened lately?')
    .action(async ({ open, limit, ...options }: ListOptions) => {
      const query = { open: open === undefined ? undefined : 'true', limit };
      const found = await cli.client(options).list<IncidentView>('incidents', query);
      cli.show(options, found, (rows) => (rows.length === 0 ? 'There was no incident.' : listInWords(cli, rows)));
    });

  incidents
    .command('show')
    .argument('<id>', 'as `parlmesh incidents list` shows it, or its beginning')
    .addOption(new Option('--post-mortem <file>', 'write the story to a file as a report in Markdown'))
    .summary('the story of one incident')
    .description('What was seen, concluded, done, verified and learned, and what people are asked.')
    .common()
    .example('incidents show mh2k4x1', 'what was it, and what did the node do?')
    .example('incidents show mh2k4x1 --post-mortem report.md', 'a report for others')
    .action(async (id: string, { postMortem, ...options }: ShowOptions) => {
      const detail = await cli.client(options).get<IncidentDetailView>(`incidents/${encodeURIComponent(id)}`);
      if (postMortem === undefined) {
        cli.show(options, detail, (shown) => storyInWords(shown, Date.now()));
        return;
      }
      const { postMortemMarkdown } = await import('../../../agents/mapek/post-mortem.ts');
      await writeFile(postMortem, postMortemMarkdown(detail.incident));
      cli.show(options, { file: postMortem }, ({ file }) => `Written to ${plain(file)}.`);
    });

  incidents
    .command('answer')
    .argument('<id>', 'the incident, or the beginning of its id')
    .argument('<choice>', '`refuse`, the name of an action, or its number from 1 as `incidents show` lists it')
    .summary('approve what the node offers to do, or refuse')
    .description('An answer counts once. What is refused is left to you: the node does not ask again for an hour.')
    .common()
    .example('incidents answer mh2k4x1 1', 'do the first thing that is offered')
    .example('incidents answer mh2k4x1 refuse', 'leave it to me')
    .action(async (id: string, choice: string, options: CommonOptions) => {
      const client = cli.client(options);
      const path = `incidents/${encodeURIComponent(id)}`;
      const { question } = await client.get<IncidentDetailView>(path);
      const offered = question?.offers ?? [];
      const action = offered[Number(choice) - 1]?.action ?? offered.find((offer) => offer.action === choice)?.action;
      if (choice !== 'refuse' && action === undefined) {
        throw new ParlmeshError('OFFER_UNKNOWN', `"${choice}" is not offered`, {
          hint: `offered is: ${offered.map((offer) => offer.action).join(', ') || 'nothing'}; or refuse`,
        });
      }
      const body = action === undefined ? { kind: 'refuse' } : { kind: 'approve', action };
      const incident = await client.post<IncidentView>(`${path}/answer`, body);
      cli.show(options, incident, () =>
        action === undefined ? 'Refused: it is left to you.' : `Approved: ${plain(action)} follows.`,
      );
    });
}

function listInWords(cli: Cli, rows: readonly IncidentView[]): string {
  const now = Date.now();
  return table(cli.terminal, rows, [
    { title: 'id', value: ({ id }) => id },
    {
      title: 'state',
      value: ({ state }) => state,
      style: ({ state }) =>
        state === 'asked' || state === 'escalated' ? 'red' : state === 'recovered' ? undefined : 'yellow',
    },
    { title: 'fault', value: ({ fault }) => fault },
    { title: 'of', value: ({ subject }) => subject },
    { title: 'began', value: ({ beganAt }) => ago(beganAt, now) },
    {
      title: 'recovered in',
      align: 'right',
      value: ({ seenAt, recoveredAt }) => (recoveredAt === undefined ? '' : duration((recoveredAt - seenAt) / 1000)),
    },
    { title: 'done', value: ({ steps }) => steps.map(({ action, outcome }) => `${action} (${outcome})`).join(', ') },
  ]);
}

/** The story in the order in which it happened. */
export function storyInWords({ incident, question }: IncidentDetailView, now: number): string {
  const { fault, subject, state, cause, confidence, evidence, explains, steps, outcome, learned, beganAt } = incident;
  const lines = [
    `${plain(fault)} of ${plain(subject)}: ${state} (began ${ago(beganAt, now)}, ${timestamp(beganAt)})`,
    ...evidence.map((sentence) => `  seen       ${plain(sentence)}`),
    `  concluded  ${plain(cause)} (${percent(confidence)} sure)`,
    ...(explains.length === 0 ? [] : [`             it explains ${explains.map(plain).join(', ')}`]),
    ...steps.flatMap(({ inWords, by, reason, said, outcome: of, undone }) => [
      `  done       ${plain(inWords)}, by ${plain(by)}: ${of}${undone === undefined ? '' : undone ? ', taken back' : ', not taken back'}`,
      `             why: ${plain(reason)}`,
      ...(said === '' ? [] : [`             ${plain(said)}`]),
    ]),
    ...(outcome === undefined ? [] : [`  ended      ${plain(outcome)}`]),
    ...(learned === undefined ? [] : [`  learned    ${plain(learned)}`]),
  ];
  if (question === undefined) return lines.join('\n');
  return [
    ...lines,
    `  asked      ${plain(question.reason)}`,
    ...question.offers.map(({ action, inWords }, index) => `             ${index + 1}. ${plain(inWords)} (${action})`),
    `             parlmesh incidents answer ${plain(incident.id)} ${question.offers.length > 0 ? '1|' : ''}refuse`,
  ].join('\n');
}
