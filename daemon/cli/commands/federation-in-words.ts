// What `parlmesh federation` shows, in words and tables.

import type {
  FederationLedgerView,
  FederationView,
  ModelsView,
  PrivacyView,
  RoundsView,
} from '../../view/federation-schema.ts';
import type { Cli } from '../cli.ts';
import { ago, bytes, duration, fixed, percent, plural, timestamp } from '../format.ts';
import { facts, table } from '../table.ts';

type Round = RoundsView[number];
type Aggregation = NonNullable<FederationView['coordination']>['status']['learners'][number]['aggregation'];

export function statusInWords(cli: Cli, view: FederationView): string {
  if (!view.enabled) return 'This node takes no part: federation.enabled is false.';
  const { coordinator, coordination, unknown, duties, held, shipping, privacy } = view;
  const named = coordinator && `${coordinator.name}${coordinator.self ? ' (this node)' : ''}, term ${coordinator.term}`;
  const paused = coordination?.status.paused;
  const lines = [
    facts([
      ['coordinator', named ?? 'none'],
      ['rounds', paused && `paused by ${paused.by}: ${paused.reason}`],
      ['unknown', unknown],
      [
        'held back',
        held.length === 0 ? undefined : `${plural(held.length, 'thing')} wait for you: parlmesh federation privacy`,
      ],
      [
        'experience',
        shipping &&
          `${shipping.state}${shipping.cause ? ` (${shipping.cause})` : ''}, ${plural(shipping.lagRows, 'row')} to send`,
      ],
    ]),
  ];
  for (const { name, title, sentence, trouble, candidates, examples, aggregation } of coordination?.status.learners ??
    []) {
    const rollout = coordination?.rollouts.find(({ learner }) => learner === name);
    const rolling = rollout?.rolling;
    lines.push(
      '',
      facts([
        [title, sentence],
        ['trouble', trouble],
        ['could take part', `${plural(candidates, 'node')} with ${plural(examples, 'new example')}`],
        ['aggregated by', ruleInWords(aggregation)],
        ['serves', rollout?.settled],
        [
          'roll-out',
          rolling &&
            `${rolling.version} at ${rolling.stage} for ${duration(rolling.held)}, ${plural(rolling.samples, 'piece')} of work`,
        ],
      ]),
    );
  }
  lines.push(
    '',
    table(cli.terminal, duties, [
      { title: 'this board', value: ({ title }) => title },
      { title: 'does', value: ({ kind, round }) => (round === undefined ? kind : `${kind}, round ${round}`) },
      { title: 'could bring', align: 'right', value: ({ examples }) => String(examples) },
      { title: 'model', value: ({ version = '' }) => version },
      {
        title: 'why',
        value: ({ learner, cause }) => cause ?? privacy.find((one) => one.learner === learner)?.refused ?? '',
      },
    ]),
  );
  return lines.join('\n');
}

function ruleInWords({ rule, clip, mostNorm, liars }: Aggregation): string {
  return [
    rule === 'default' ? 'the robust default' : rule,
    ...(liars === undefined ? [] : [`${percent(liars)} may lie`]),
    clip === 0 ? 'norms as they are' : `norms up to ${clip} times the median`,
    ...(mostNorm === undefined ? [] : [`at most ${mostNorm}`]),
  ].join(', ');
}

export function roundInWords(cli: Cli, round: Round): string {
  const { number, state, arrived, wanted, quorum, endsInSeconds, sentence, candidate, refused, nodes } = round;
  const head = facts([
    ['round', `${number} of ${round.learner}, ${state}`],
    ['updates', `${arrived}${wanted === undefined ? '' : ` of ${wanted}, ${quorum} must come`}, ${bytes(round.bytes)}`],
    ['ends in', endsInSeconds === undefined ? undefined : duration(endsInSeconds)],
    ['outcome', sentence],
    ['candidate', candidate],
  ]);
  const members = table(cli.terminal, nodes, [
    { title: 'node', value: ({ node }) => node.name },
    { title: 'state', value: ({ state: standing }) => standing },
    { title: 'took', align: 'right', value: ({ seconds }) => (seconds === undefined ? '' : duration(seconds)) },
    { title: 'expected', align: 'right', value: ({ expectedSeconds }) => duration(expectedSeconds) },
    { title: 'examples', align: 'right', value: ({ examples }) => String(examples) },
    { title: 'counts', align: 'right', value: ({ share }) => (share === undefined ? '' : percent(share)) },
    {
      title: 'why',
      value: ({ why, doubt }) => why ?? (doubt === undefined ? '' : `${doubt.reason}: ${doubt.evidence}`),
    },
  ]);
  const turnedDown = table(cli.terminal, refused, [
    { title: 'refused', value: ({ node }) => node.name },
    { title: 'reason', value: ({ reason }) => reason },
    { title: 'times', align: 'right', value: ({ count }) => String(count) },
    { title: 'cause', value: ({ cause }) => cause },
  ]);
  return [head, ...(nodes.length > 0 ? ['', members] : []), ...(refused.length > 0 ? ['', turnedDown] : [])].join('\n');
}

export function historyTable(cli: Cli, rounds: RoundsView): string {
  return table(cli.terminal, rounds, [
    { title: 'round', align: 'right', value: ({ number }) => String(number) },
    { title: 'began', value: ({ startedAt }) => timestamp(startedAt) },
    {
      title: 'took',
      align: 'right',
      value: ({ startedAt, endedAt }) => (endedAt === undefined ? '' : duration((endedAt - startedAt) / 1000)),
    },
    {
      title: 'updates',
      align: 'right',
      value: ({ arrived, wanted }) => (wanted === undefined ? String(arrived) : `${arrived}/${wanted}`),
    },
    { title: 'examples', align: 'right', value: ({ examples }) => String(examples) },
    {
      title: 'refused',
      align: 'right',
      value: ({ refused }) => (refused.length === 0 ? '' : String(refused.reduce((sum, { count }) => sum + count, 0))),
    },
    { title: 'state', value: ({ state, outcome }) => outcome ?? state },
    { title: 'candidate', value: ({ candidate = '' }) => candidate },
    { title: 'what came of it', value: ({ sentence = '' }) => sentence },
  ]);
}

export function modelsTable(cli: Cli, models: ModelsView): string {
  return table(cli.terminal, models, [
    { title: 'model', value: ({ version }) => version },
    {
      title: 'from',
      value: ({ parent = '', merged }) =>
        merged === undefined ? parent : `${parent} and ${merged.with}, split at ${merged.split}`,
    },
    { title: 'round', align: 'right', value: ({ round }) => (round === undefined ? '' : String(round)) },
    { title: 'made', value: ({ madeAt }) => (madeAt === undefined ? 'with the package' : timestamp(madeAt)) },
    { title: 'nodes', align: 'right', value: ({ nodes }) => String(nodes) },
    { title: 'examples', align: 'right', value: ({ examples }) => String(examples) },
    { title: 'gain', align: 'right', value: ({ rollout }) => fixed(rollout?.gain?.value, 3) },
    { title: 'fate', value: ({ role, rollout }) => (role === 'serves' ? 'serves' : (rollout?.fate ?? '')) },
    { title: 'why', value: ({ rollout }) => rollout?.reason ?? '' },
  ]);
}

export function privacyInWords(
  cli: Cli,
  privacy: readonly PrivacyView[],
  held: FederationView['held'],
  entries: FederationLedgerView['entries'],
): string {
  const now = Date.now();
  const epsilon = (value: number | undefined): string => (value === undefined ? 'none proven' : fixed(value, 2));
  const accounts = privacy.map((one) =>
    facts([
      [
        one.title,
        `updates ${one.consent.updates}, experience ${one.consent.experience}, metrics ${one.consent.metrics}`,
      ],
      ['clip, noise', `${one.clip}, ${one.noise === 0 ? 'no noise' : `${one.noise} clips`}`],
      ['ε now, after one more', `${epsilon(one.epsilonBefore)}, ${epsilon(one.epsilonAfter)}`],
      ['rounds left', one.roundsLeft === undefined ? undefined : String(one.roundsLeft)],
      ['took part', plural(one.participations, 'time')],
      ['stays out', one.refused],
    ]),
  );
  const waiting = table(cli.terminal, held, [
    { title: 'waits for you', value: ({ id }) => id },
    { title: 'what', value: ({ learner, kind }) => `${kind} of ${learner}` },
    { title: 'to', value: ({ to }) => to.name },
    { title: 'size', align: 'right', value: (one) => bytes(one.bytes) },
    { title: 'since', value: ({ heldAt }) => ago(heldAt, now) },
    { title: 'state', value: ({ state }) => state },
  ]);
  const left = table(cli.terminal, entries, [
    { title: 'left', value: ({ at }) => timestamp(at) },
    { title: 'what', value: ({ learner, kind }) => `${kind} of ${learner}` },
    { title: 'to', value: ({ to }) => to.name },
    { title: 'round', align: 'right', value: ({ round }) => String(round) },
    { title: 'size', align: 'right', value: (one) => bytes(one.bytes) },
    { title: 'ε after', align: 'right', value: (one) => epsilon(one.epsilon) },
  ]);
  return [
    ...accounts,
    ...(held.length > 0 ? ['', waiting] : []),
    '',
    entries.length > 0 ? left : 'Nothing has left this board.',
  ].join('\n');
}
