// `parlmesh events`: the journal of the node, once or as it grows.

import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../../../core/errors.ts';
import type { IncidentDetailView } from '../../view/incident-schema.ts';
import type { EventView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { ApiClient } from '../client.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { parseDuration, timestamp } from '../format.ts';
import { serverSentEvents } from '../server-sent-events.ts';
import { plain, type Terminal } from '../terminal.ts';

const SEVERITIES = ['info', 'warning', 'error'] as const;
const MOST = 1000;
const USUAL = 20;
/** The daemon gives a sign of life every 15 s. */
const SILENCE = 45_000;
const RETRY = { first: 500, most: 10_000 };

interface EventsOptions extends CommonOptions {
  follow?: true;
  severity?: (typeof SEVERITIES)[number];
  kind?: string;
  incident?: string;
  /** Milliseconds since 1970. */
  since?: number;
  limit?: number;
}

export function registerEvents(program: CliCommand, cli: Cli): void {
  program
    .command('events')
    .summary('what happened, and what happens')
    .description('Shows the journal of the node, oldest first. With --follow it goes on until it is interrupted.')
    .option('-f, --follow', 'go on with what happens; comes back by itself when the daemon restarts')
    .addOption(new Option('--severity <level>', 'only this severe or more').choices(SEVERITIES))
    .option('--kind <prefix>', 'only kinds that begin so, e.g. camera.')
    .option(
      '--incident <id>',
      'only what belongs to an incident: its own entries, and those about its subject while it lasted',
    )
    .option('--since <time>', 'only what is newer: a duration (2h) or a time (2026-11-24T12:00)', sinceOption)
    .option(
      '-n, --limit <count>',
      `most events to show (default: ${USUAL}, with --since ${MOST})`,
      integerOption(1, MOST),
    )
    .common()
    .example('events', 'what happened lately?')
    .example('events -f --severity warning', 'follow what goes wrong')
    .example('events --since 2h --kind camera.', 'what the cameras told in the last two hours')
    .example('events --incident mh2k4x1', 'one incident, entry by entry')
    .example('events -f -o json', 'follow as JSON, one event a line')
    .action(async (options: EventsOptions) => {
      const client = cli.client(options);
      const past = await readEvents(client, options);
      if (options.incident !== undefined || options.follow !== true) {
        const shown = options.incident === undefined ? past : await ofIncident(client, options.incident, past);
        cli.show(options, shown, (events) =>
          events.length === 0 ? 'No such events.' : events.map((event) => line(event, cli.terminal)).join('\n'),
        );
        return;
      }
      const print = (event: EventView): void =>
        cli.terminal.print(options.output === 'json' ? JSON.stringify(event) : line(event, cli.terminal));
      past.forEach(print);
      await follow(cli, client, options, past.at(-1)?.id, print);
    });
}

/** Entries that name the incident, and those about what it is about, or explains, from a minute before it until it closed. */
async function ofIncident(client: ApiClient, id: string, events: readonly EventView[]): Promise<EventView[]> {
  const { incident } = await client.get<IncidentDetailView>(`incidents/${encodeURIComponent(id)}`);
  const about = new Set([incident.subject, ...incident.explains]);
  const until = incident.closedAt ?? Number.POSITIVE_INFINITY;
  return events.filter(({ at, subject, data }) => {
    if (data?.incident === incident.id) return true;
    return about.has(subject) && at >= incident.beganAt - 60_000 && at <= until && data?.incident === undefined;
  });
}

/** Oldest first. */
async function readEvents(client: ApiClient, options: EventsOptions): Promise<EventView[]> {
  const isWide = options.since !== undefined || options.incident !== undefined;
  const limit = options.limit ?? (isWide ? MOST : USUAL);
  // The API selects one severity; "this or more" is the union.
  const severities =
    options.severity === undefined ? [undefined] : SEVERITIES.slice(SEVERITIES.indexOf(options.severity));
  const lists = await Promise.all(
    severities.map((severity) => client.list<EventView>('events', { severity, kind: options.kind, limit })),
  );
  return lists
    .flat()
    .filter((event) => event.at >= (options.since ?? Number.NEGATIVE_INFINITY))
    .sort((a, b) => a.id - b.id)
    .slice(-limit);
}

/** Prints events as they come, over restarts of the daemon, until the command is to end. */
async function follow(
  cli: Cli,
  client: ApiClient,
  options: EventsOptions,
  last: number | undefined,
  print: (event: EventView) => void,
): Promise<void> {
  let after = last;
  let failures = 0;
  while (!cli.signal.aborted) {
    try {
      for await (const event of openStream(client, after, cli.signal)) {
        failures = 0;
        after = event.id;
        if (wanted(event, options)) print(event);
      }
      if (!cli.signal.aborted) cli.terminal.note('The daemon ended the stream; waiting for it to come back …');
    } catch (error) {
      if (cli.signal.aborted) return;
      if (failures++ === 0) cli.terminal.note(`${messageOf(error)}; trying again until it is back …`);
    }
    const wait = Math.min(RETRY.most, RETRY.first * 2 ** failures) * (0.5 + Math.random() / 2);
    await sleep(wait, undefined, { signal: cli.signal }).catch(() => {});
  }
}

async function* openStream(
  client: ApiClient,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<EventView> {
  const response = await client.open('stream', { topics: 'event', after }, signal);
  response.setTimeout(SILENCE, () => response.destroy(new Error('the daemon fell silent')));
  for await (const { event, data } of serverSentEvents(response)) {
    if (event === 'event') yield JSON.parse(data) as EventView;
  }
}

function wanted(event: EventView, { severity = 'info', kind = '' }: EventsOptions): boolean {
  return SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(severity) && event.kind.startsWith(kind);
}

/** One event in one line. */
export function line(event: EventView, terminal: Terminal): string {
  const severity = event.severity.padEnd(7);
  const styled =
    event.severity === 'info' ? severity : terminal.style(severity, event.severity === 'error' ? 'red' : 'yellow');
  return `${terminal.style(timestamp(event.at), 'dim')}  ${styled}  ${plain(event.kind)}  ${plain(event.message)}`;
}

function sinceOption(text: string): number {
  const seconds = parseDuration(text);
  const at = seconds === undefined ? Date.parse(text) : Date.now() - seconds * 1000;
  if (Number.isNaN(at)) throw new InvalidArgumentError('Expected a duration like 2h or a time like 2026-11-24T12:00.');
  return at;
}
