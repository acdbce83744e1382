// `parlmesh federation`: who coordinates, rounds and models, and what leaves this board.

import type {
  FederationLedgerView,
  FederationView,
  ModelsView,
  PrivacyView,
  RoundsView,
} from '../../view/federation-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { ago, bytes, duration, fixed, percent, plural, timestamp } from '../format.ts';
import { facts, table } from '../table.ts';
import { plain } from '../terminal.ts';

const LEARNER = 'parl-policy';
/** The coordinator is asked, over the mesh. */
const LONG = 30_000;

type LearnerOptions = CommonOptions & { learner: string };
type ListOptions = LearnerOptions & { limit?: number };
type Round = RoundsView[number];
type Aggregation = NonNullable<FederationView['coordination']>['status']['learners'][number]['aggregation'];

export function registerFederation(program: CliCommand, cli: Cli): void {
  const federation = program
    .command('federation')
    .summary('learning together: rounds, models, what leaves this board')
    .description(
      'What one board learns, every board knows: rounds run by a coordinator make better models of all updates.',
    )
    .example('federation status', 'does learning go on, and what does this board do for it?')
    .example('federation history', 'what came of the last rounds?');
  registerReading(federation, cli);
  registerDeciding(federation, cli);
}

function registerReading(federation: CliCommand, cli: Cli): void {
  federation
    .command('status')
    .summary('who coordinates, what goes on, what this board does')
    .description(
      'Shows the coordinator, each learner with its round and roll-out, and what this board brings and gives away.',
    )
    .common()
    .example('federation status', 'exit code 1 when no node coordinates')
    .action(async (options: CommonOptions) => {
      const view = await cli.client(options).get<FederationView>('federation', {}, LONG);
      if (view.enabled && view.coordinator === undefined) cli.exitCode = 1;
      cli.show(options, view, (shown) => statusInWords(cli, shown));
    });

  learnerOption(federation.command('round'))
    .summary('the round that runs or ran last')
    .description('Who was asked, who has delivered, how long it took, what was refused or counted less and why.')
    .common()
    .example('federation round', 'who is still awaited?')
    .action(async (options: LearnerOptions) => {
      const [round] = await roundsOf(cli, { ...options, limit: 1 });
      cli.show(options, round ?? null, () =>
        round === undefined ? 'There was no round yet.' : roundInWords(cli, round),
      );
    });

  learnerOption(federation.command('history'))
    .option('--limit <count>', 'so many at most', integerOption(1, 200))
    .summary('rounds that are over')
    .description('Newest first: how many took part, what was refused, and what came of it.')
    .common()
    .example('federation history --limit 50', 'the last fifty rounds')
    .action(async (options: ListOptions) => {
      const rounds = await roundsOf(cli, options);
      cli.show(options, rounds, (shown) => (shown.length === 0 ? 'There was no round yet.' : historyTable(cli, shown)));
    });

  learnerOption(federation.command('models'))
    .option('--limit <count>', 'so many at most', integerOption(1, 200))
    .summary('models, where they come from and what became of them')
    .description('The lineage of a learner: each model with its round, nodes, gain on held-back work, and its fate.')
    .common()
    .example('federation models', 'which model serves, and what did it replace?')
    .action(async ({ learner, limit = 20, ...options }: ListOptions) => {
      const models = await cli.client(options).get<ModelsView>('federation/models', { learner, limit }, LONG);
      cli.show(options, models, (shown) => (shown.length === 0 ? 'No model was made yet.' : modelsTable(cli, shown)));
    });

  federation
    .command('coordinator')
    .summary('which node runs the rounds, and who could')
    .description('The seat goes to the node nearest to all that is likely to stay; a configured name goes before it.')
    .common()
    .example('federation coordinator', 'who would take over?')
    .action(async (options: CommonOptions) => {
      const { coordinator, candidates } = await cli.client(options).get<FederationView>('federation', {}, LONG);
      cli.show(options, { coordinator, candidates }, () =>
        [
          coordinator === undefined
            ? 'No node coordinates.'
            : `${plain(coordinator.name)}${coordinator.self ? ' (this node)' : ''} coordinates, term ${coordinator.term}`,
          ...(candidates.length === 0 ? ['No other node was heard of.'] : ['']),
          table(cli.terminal, candidates, [
            { title: 'node', value: ({ node }) => node.name },
            { title: 'cost', align: 'right', value: ({ cost }) => fixed(cost, 4) },
            { title: 'may', value: ({ candidate }) => (candidate ? 'yes' : 'no') },
            { title: 'there', value: ({ present }) => (present ? 'yes' : 'no') },
          ]),
        ].join('\n'),
      );
    });

  federation
    .command('privacy')
    .summary('what leaves this board, and what it gave away')
    .description('Consent, clipping, noise and ε of each learner; what waits for your word; the last things that left.')
    .common()
    .example('federation privacy', 'how much of the budget is left?')
    .action(async (options: CommonOptions) => {
      const client = cli.client(options);
      const { privacy, held } = await client.get<FederationView>('federation', {}, LONG);
      const { entries } = await client.get<FederationLedgerView>('federation/ledger');
      cli.show(options, { privacy, held, ledger: entries }, () => privacyInWords(cli, privacy, held, entries));
    });
}

function registerDeciding(federation: CliCommand, cli: Cli): void {
  learnerOption(federation.command('run'))
    .summary('begin a round now')
    .description('On the node that coordinates: `parlmesh federation coordinator` names it.')
    .common()
    .example('federation run', 'do not wait for the next one')
    .action(async ({ learner, ...options }: LearnerOptions) => {
      await cli.client(options).post('federation/rounds', { learner });
      cli.show(options, { begun: learner }, () => `A round of ${plain(learner)} has begun: parlmesh federation round`);
    });

  learnerOption(federation.command('cancel'))
    .summary('end the round that runs')
    .description('Nothing of it counts. On the node that coordinates.')
    .common()
    .example('federation cancel', 'the boards are needed for something else')
    .action(async ({ learner, ...options }: LearnerOptions) => {
      await cli.client(options).delete(`federation/rounds/${encodeURIComponent(learner)}`);
      cli.show(options, { cancelled: learner }, () => `The round of ${plain(learner)} is cancelled.`);
    });

  federation
    .command('pause')
    .argument('<reason>', 'for those who wonder')
    .summary('let no new round begin')
    .description(
      'One that runs ends as usual. On the node that coordinates; it outlives restarts, and counts for whoever coordinates next.',
    )
    .common()
    .example('federation pause "harvest until Friday"', 'boards only do their work')
    .action(async (reason: string, options: CommonOptions) => {
      await cli.client(options).post('federation/pause', { reason });
      cli.show(options, { paused: true }, () => 'No new round begins. To go on: parlmesh federation resume');
    });

  federation
    .command('resume')
    .summary('let rounds begin again')
    .description('On the node that coordinates.')
    .common()
    .example('federation resume', 'the boards have time again')
    .action(async (options: CommonOptions) => {
      await cli.client(options).post('federation/resume');
      cli.show(options, { paused: false }, () => 'Rounds go on.');
    });

  learnerOption(federation.command('consent'))
    .argument('<kind>', 'updates, experience or metrics')
    .argument('<choice>', 'allow, ask, deny; or default for what the configuration says')
    .summary('say what may leave this board')
    .description('Counts from now on and outlives restarts; it goes before the configuration.')
    .common()
    .example('federation consent experience deny', 'decisions stay here, updates go')
    .action(async (kind: string, choice: string, { learner, ...options }: LearnerOptions) => {
      const body = { learner, kind, ...(choice !== 'default' && { choice }) };
      await cli.client(options).put('federation/consent', body);
      cli.show(options, body, () => `${plain(kind)} of ${plain(learner)}: ${plain(choice)}`);
    });

  for (const [verb, approve] of [
    ['approve', true],
    ['refuse', false],
  ] as const) {
    federation
      .command(verb)
      .argument('<id>', 'as `parlmesh federation privacy` shows it')
      .summary(approve ? 'let something leave that waits for you' : 'keep something here that waits for you')
      .description(approve ? 'It is sent if its round still wants it.' : 'The round goes on without it.')
      .common()
      .example(`federation ${verb} 0123456789ab`, approve ? 'it may go' : 'it stays')
      .action(async (id: string, options: CommonOptions) => {
        await cli.client(options).post(`federation/held/${encodeURIComponent(id)}`, { approve });
        cli.show(options, { id, approve }, () => `${plain(id)} ${approve ? 'may leave' : 'stays here'}.`);
      });
  }
}

const learnerOption = (command: CliCommand): CliCommand => command.option('--learner <name>', 'which learner', LEARNER);

function roundsOf(cli: Cli, { learner, limit = 20, ...options }: ListOptions): Promise<RoundsView> {
  return cli.client(options).get<RoundsView>('federation/rounds', { learner, limit }, LONG);
}

function statusInWords(cli: Cli, view: FederationView): string {
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

function roundInWords(cli: Cli, round: Round): string {
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

function historyTable(cli: Cli, rounds: RoundsView): string {
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

function modelsTable(cli: Cli, models: ModelsView): string {
  return table(cli.terminal, models, [
    { title: 'model', value: ({ version }) => version },
    { title: 'from', value: ({ parent = '' }) => parent },
    { title: 'round', align: 'right', value: ({ round }) => (round === undefined ? '' : String(round)) },
    { title: 'made', value: ({ madeAt }) => (madeAt === undefined ? 'with the package' : timestamp(madeAt)) },
    { title: 'nodes', align: 'right', value: ({ nodes }) => String(nodes) },
    { title: 'examples', align: 'right', value: ({ examples }) => String(examples) },
    { title: 'gain', align: 'right', value: ({ rollout }) => fixed(rollout?.gain?.value, 3) },
    { title: 'fate', value: ({ role, rollout }) => (role === 'serves' ? 'serves' : (rollout?.fate ?? '')) },
    { title: 'why', value: ({ rollout }) => rollout?.reason ?? '' },
  ]);
}

function privacyInWords(
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
