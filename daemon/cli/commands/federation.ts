// `parlmesh federation`: who coordinates, rounds and models, and what leaves this board.

import { ParlmeshError } from '../../../core/errors.ts';
import type { FederationLedgerView, FederationView, ModelsView, RoundsView } from '../../view/federation-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { fixed } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';
import { historyTable, modelsTable, privacyInWords, roundInWords, statusInWords } from './federation-in-words.ts';

const LEARNER = 'parl-policy';
/** The coordinator is asked, over the mesh. */
const LONG = 30_000;

type LearnerOptions = CommonOptions & { learner: string };
type ListOptions = LearnerOptions & { limit?: number };

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

  learnerOption(federation.command('renew'))
    .option('--yes', 'you know that it may give away as much again')
    .summary('begin a new period of the privacy budget on this board')
    .description('What was given away stays known as ε ever; the budget is whole again. It stands in the audit log.')
    .common()
    .example('federation renew --yes', 'the budget is spent, and this board is to take part again')
    .action(async ({ learner, yes, ...options }: LearnerOptions & { yes?: boolean }) => {
      const client = cli.client(options);
      if (!yes) {
        const { privacy } = await client.get<FederationView>('federation', {}, LONG);
        const { budget, epsilonEver } = privacy.find((one) => one.learner === learner) ?? {};
        const given = epsilonEver === undefined ? 'what nothing bounds' : `ε ${fixed(epsilonEver, 2)}`;
        throw new ParlmeshError(
          'FEDERATION_NOT_CONFIRMED',
          `${learner} of this board has given away ${given} in all; with a new period it may give away ${budget === undefined ? 'any amount' : `ε ${budget}`} more`,
          { hint: `parlmesh federation renew --learner ${learner} --yes` },
        );
      }
      await client.post(`federation/accounts/${encodeURIComponent(learner)}`);
      cli.show(options, { renewed: learner }, () => `A new period of the budget of ${plain(learner)} has begun.`);
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
