// `parlmesh anomaly list|explain|acknowledge`: what is unusual on a node that runs.

import { ParlmeshError } from '../../../core/errors.ts';
import type { AnomaliesView, RaisedAnomaly } from '../../view/anomaly-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, durationOption } from '../command.ts';
import { ago, percent, timestamp } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';

interface ListOptions extends CommonOptions {
  all?: true;
}

interface AcknowledgeOptions extends CommonOptions {
  for: number;
  reason: string;
  wholeSubject?: true;
  withdraw?: true;
}

const DAY_SECONDS = 86_400;

export function registerLiveAnomalies(anomaly: CliCommand, cli: Cli): void {
  const view = (options: CommonOptions): Promise<AnomaliesView> => cli.client(options).get<AnomaliesView>('anomalies');

  anomaly
    .command('list')
    .summary('what is unusual on the node now?')
    .description(
      'What is unusual, and nodes that are unlike their like. A score is a likelihood from 0 (normal) to 1. Nothing is unusual of a series while it is learned: its first 100 values.',
    )
    .option('-a, --all', 'every series that is watched')
    .common()
    .example('anomaly list', 'is anything unusual?')
    .example('anomaly list --all', 'what is watched, and how is it?')
    .action(async ({ all, ...options }: ListOptions) => {
      const found = await view(options);
      cli.show(options, found, (shown) => listInWords(cli, shown, all === true));
    });

  anomaly
    .command('explain')
    .argument('<id>', 'as `parlmesh anomaly list` shows it, or its beginning')
    .summary('why is it unusual?')
    .description('Which value, what is usual at this hour, how rare it is, since when, and what changed with it.')
    .common()
    .example('anomaly explain 3f9a', 'what is it, and what changed with it?')
    .action(async (id: string, options: CommonOptions) => {
      const { raised, fleet } = await view(options);
      const found = only(id, [...raised, ...fleet.filter(({ sentence }) => sentence !== undefined)]);
      cli.show(options, found, () => ('metric' in found ? inWords(found) : plain(found.sentence ?? '')));
    });

  anomaly
    .command('acknowledge')
    .argument('<id>', 'as `parlmesh anomaly list` shows it, or its beginning')
    .summary('tell nobody of it for a while')
    .description(
      'It is recorded all the same, but counts in no score, and neither people nor the self-healing are told until then.',
    )
    .option('--for <time>', 'until when, e.g. 2h or 7d', durationOption, DAY_SECONDS)
    .option('--reason <text>', 'why, for others', '')
    .option('--whole-subject', 'whatever else is unusual about its camera, link, agent or node too')
    .option('--withdraw', 'tell of it again')
    .common()
    .example('anomaly acknowledge 3f9a --for 7d --reason "the roof is being rebuilt"', 'it is known')
    .example('anomaly acknowledge 3f9a --withdraw', 'it is to be told again')
    .action(async (id: string, { for: seconds, reason, wholeSubject, withdraw, ...options }: AcknowledgeOptions) => {
      const path = `anomalies/${encodeURIComponent(id)}/acknowledge`;
      const client = cli.client(options);
      const after =
        withdraw === true
          ? await client.delete<AnomaliesView>(path)
          : await client.post<AnomaliesView>(path, {
              reason,
              hours: seconds / 3600,
              wholeSubject: wholeSubject === true,
            });
      cli.show(options, after, () => (withdraw === true ? 'It is told again.' : 'Nobody is told of it until then.'));
    });
}

function only<T extends { id: string }>(id: string, all: readonly T[]): T {
  const found = all.filter((one) => one.id.startsWith(id));
  if (found.length === 1) return found[0]!;
  throw new ParlmeshError('ANOMALY_UNKNOWN', `Nothing that is unusual now has the id "${id.slice(0, 64)}"`, {
    hint: 'parlmesh anomaly list shows what is unusual; parlmesh events --kind anomaly. what was',
  });
}

function listInWords(cli: Cli, { enabled, score, raised, series, fleet }: AnomaliesView, all: boolean): string {
  if (!enabled) return 'Nothing is watched: anomalies.enabled is false.';
  const now = Date.now();
  const unlike = fleet.filter(({ sentence }) => sentence !== undefined);
  const learning = series.filter(({ state }) => state === 'learning').length;
  const lines = [
    `${raised.length === 0 ? 'Nothing is unusual' : `${raised.length} unusual`} of ${series.length} series` +
      `${learning === 0 ? '' : ` (${learning} are being learned)`}; score of the node ${percent(score)}`,
    ...unlike.map(({ id, sentence }) => `${id}  ${plain(sentence ?? '')}`),
  ];
  if (raised.length > 0) lines.push(raisedTable(cli, raised, now));
  if (!all) return lines.join('\n');
  return [
    ...lines,
    table(cli.terminal, series, [
      { title: 'id', value: ({ id }) => id },
      { title: 'of', value: ({ subject }) => subject },
      { title: 'metric', value: ({ metric }) => metric },
      { title: 'state', value: ({ state, muted }) => (muted === undefined ? state : `${state} (${muted})`) },
      { title: 'value', align: 'right', value: ({ value }) => (value === undefined ? '' : short(value)) },
      { title: 'score', align: 'right', value: (one) => percent(one.score) },
    ]),
  ].join('\n');
}

function raisedTable(cli: Cli, raised: readonly RaisedAnomaly[], now: number): string {
  return table(cli.terminal, raised, [
    { title: 'id', value: ({ id }) => id },
    { title: 'of', value: ({ subject }) => subject },
    { title: 'metric', value: ({ metric }) => metric },
    { title: 'value', align: 'right', value: ({ value }) => short(value) },
    {
      title: 'usually',
      value: ({ usual }) => (usual === undefined ? '' : `${short(usual.low)} to ${short(usual.high)}`),
    },
    { title: 'since', value: ({ since }) => ago(since, now) },
    { title: 'told', value: ({ muted }) => (muted === undefined ? '' : `nobody (${muted})`) },
  ]);
}

function inWords({ sentence, reasons, together, since, muted }: RaisedAnomaly): string {
  return [
    plain(sentence),
    `  since    ${timestamp(since)}`,
    ...reasons.map((one) => `  because  ${plain(one.sentence)} (${percent(one.share)} of the surprise)`),
    ...together.map((one) => `  with it  ${plain(one.metric)} of ${plain(one.subject)}, ${timestamp(one.at)}`),
    ...(muted === undefined ? [] : [`  told     nobody: ${muted}`]),
  ].join('\n');
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
