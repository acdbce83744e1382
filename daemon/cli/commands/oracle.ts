// `parlmesh oracle`: who is frozen and why, rights on other nodes, and what an operator decides.

import type { Capability } from '../../../agents/capabilities.ts';
import type { OracleStatus } from '../../../agents/oracle/status.ts';
import type { HeldGrant } from '../../security/oracle-desk.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption, minuteOrMoreOption } from '../command.ts';
import { ago, timestamp } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';

/** Other nodes have their time to answer. */
const LONG = 120_000;

interface GrantOptions extends CommonOptions {
  agent?: string;
  mostNodes?: number;
  share?: number;
  approvals?: number;
  expires?: number;
}

export function registerOracle(program: CliCommand, cli: Cli): void {
  const oracle = program
    .command('oracle')
    .summary('who is frozen, and who may change what')
    .description('The oracle refuses what nobody has the right to, and freezes who tries to take the network over.')
    .example('oracle status', 'is anybody frozen, is anything halted?');

  oracle
    .command('status')
    .summary('who is frozen, what was refused')
    .description('Shows who is frozen and why, whether changes are halted, and what was refused lately.')
    .common()
    .example('oracle status', 'exit code 1 when somebody is frozen or changes are halted')
    .action(async (options: CommonOptions) => {
      const status = await cli.client(options).get<OracleStatus>('oracle');
      if (status.frozen.length > 0 || status.halt !== undefined) cli.exitCode = 1;
      cli.show(options, status, (shown) => inWords(shown).join('\n'));
    });

  oracle
    .command('freeze')
    .argument('<actor>', 'agent/ID, client/NAME/ID or job/ID, with @NODE for another node; *@NODE for all on a node')
    .argument('<reason>', 'for those who wonder')
    .summary('let nothing of an actor through')
    .description('Freezes on this node at once. An actor of this node is frozen everywhere; of another, it is a vote.')
    .common()
    .example('oracle freeze agent/upgrader "does what it should not"', 'stop an agent of this node')
    .action(async (actor: string, reason: string, options: CommonOptions) => {
      await cli.client(options).post('oracle/freeze', { actor, reason });
      cli.show(options, { frozen: actor }, () => `${plain(actor)} is frozen.`);
    });

  oracle
    .command('unfreeze')
    .argument('<actor>', 'as `parlmesh oracle status` names it')
    .summary('let a frozen actor act again')
    .description('On the node with the network’s authority it counts everywhere; elsewhere here, and as a vote.')
    .common()
    .example('oracle unfreeze agent/upgrader@12D3KooW…', 'it was looked into')
    .action(async (actor: string, options: CommonOptions) => {
      const done = await cli.client(options).post<{ reach: string }>('oracle/unfreeze', { actor });
      cli.show(options, done, ({ reach }) => `${plain(actor)} may act again ${where(reach)}.`);
    });

  oracle
    .command('halt')
    .argument('<reason>', 'for those who wonder')
    .summary('halt changes of policies and configuration')
    .description('Routing, monitoring and jobs go on. `parlmesh oracle lift` ends it.')
    .common()
    .example('oracle halt "looking into a break-in"', 'nothing changes until it is lifted')
    .action(async (reason: string, options: CommonOptions) => {
      const done = await cli.client(options).post<{ reach: string }>('oracle/halt', { reason });
      cli.show(options, done, ({ reach }) => `Changes are halted ${where(reach)}.`);
    });

  oracle
    .command('lift')
    .summary('lift the halt')
    .description('On the node with the network’s authority it counts everywhere; elsewhere it is a vote.')
    .common()
    .example('oracle lift', 'all is well again')
    .action(async (options: CommonOptions) => {
      const done = await cli.client(options).post<{ reach: string }>('oracle/lift');
      cli.show(options, done, ({ reach }) =>
        reach === 'network'
          ? 'The halt is lifted everywhere.'
          : 'This node says that the halt may end; see oracle status.',
      );
    });

  oracle
    .command('grant')
    .argument('<node>', 'name or id of the node that is to hold the right')
    .argument('<actions...>', 'such as agent.restart or policy.*')
    .summary('give a node or an agent a right on others')
    .description(
      'Given by the node with the network’s authority it counts on all nodes; by another, on that one alone.',
    )
    .option('--agent <id>', 'only for this agent of the node')
    .option('--most-nodes <count>', 'most nodes it may touch within a day (default: 1)', integerOption(1, 100_000))
    .option('--share <percent>', 'largest share of the network it may touch (default: 100)', integerOption(1, 100))
    .option('--approvals <count>', 'nodes that must approve each time (default: 0)', integerOption(0, 8))
    .option('--expires <duration>', 'how long it counts (default: 30d)', minuteOrMoreOption)
    .common()
    .example('oracle grant bravo agent.restart --most-nodes 2', 'bravo may restart agents of two other nodes a day')
    .action(async (node: string, actions: string[], options: GrantOptions) => {
      const made = await cli.client(options).post<{ id: string; expiresAt: number }>('oracle/tokens', {
        node,
        ...(options.agent !== undefined && { agent: options.agent }),
        ...(options.expires !== undefined && { expiresInSeconds: Math.round(options.expires) }),
        capabilities: actions.map((action) => capabilityOf(action, options)),
      });
      cli.show(options, made, ({ id, expiresAt }) => `Right ${id}, until ${timestamp(expiresAt)}.`);
    });

  oracle
    .command('rights')
    .summary('rights that this node holds on others')
    .description('Lists the rights that were given to this node and its agents.')
    .common()
    .example('oracle rights', 'what may this node do to others?')
    .action(async (options: CommonOptions) => {
      const rows = await cli.client(options).list<HeldGrant>('oracle/tokens');
      const now = Date.now();
      cli.show(options, rows, () =>
        rows.length === 0
          ? 'This node holds no rights on others.'
          : table(cli.terminal, rows, [
              { title: 'id', value: ({ id }) => id },
              { title: 'agent', value: ({ agent }) => agent ?? 'any' },
              { title: 'may', value: ({ capabilities }) => capabilities.join(', ') },
              { title: 'on', value: ({ root }) => root },
              { title: 'expires in', align: 'right', value: ({ expiresAt }) => ago(now, expiresAt) },
            ]),
      );
    });

  oracle
    .command('revoke')
    .argument('<id>', 'as `parlmesh oracle grant` printed it')
    .summary('take a right back')
    .description('On the node that gave it. The word goes to every node.')
    .common()
    .example('oracle revoke 0f3c9a…', 'it is not needed any more')
    .action(async (id: string, options: CommonOptions) => {
      await cli.client(options).delete(`oracle/tokens/${encodeURIComponent(id)}`);
      cli.show(options, { revoked: id }, () => `Right ${plain(id)} is revoked.`);
    });

  oracle
    .command('order')
    .argument('<action>', 'agent.restart or config.reload')
    .argument('<nodes...>', 'names or ids')
    .requiredOption('--subject <what>', 'the agent, or node')
    .summary('have other nodes do something')
    .description('Needs a right on those nodes; wide ones need the approval of others.')
    .common()
    .example('oracle order agent.restart bravo --subject links', 'restart an agent of another node')
    .action(async (action: string, nodes: string[], options: CommonOptions & { subject: string }) => {
      const { subject } = options;
      const outcomes = await cli
        .client(options)
        .post<{ node: string; done: boolean; cause?: string }[]>('oracle/orders', { action, nodes, subject }, LONG);
      if (outcomes.some(({ done }) => !done)) cli.exitCode = 1;
      cli.show(options, outcomes, () =>
        outcomes.map(({ node, done, cause = '' }) => `${plain(node)}  ${done ? 'done' : plain(cause)}`).join('\n'),
      );
    });
}

function capabilityOf(action: string, options: GrantOptions): Capability {
  const mostNodes = options.mostNodes ?? 1;
  return {
    action,
    scope: 'network',
    mostNodes,
    largestShare: (options.share ?? 100) / 100,
    approvals: options.approvals ?? 0,
  };
}

const where = (reach: string): string =>
  reach === 'network' ? 'in the whole network' : 'on this node; the others are told so as a vote';

function inWords({ frozen, halt, denials, scores }: OracleStatus): string[] {
  const lines: string[] = [];
  if (halt !== undefined) {
    lines.push(`Changes are halted since ${timestamp(halt.at)} (${halt.by}): ${plain(halt.reason)}.`);
  }
  for (const { actor, reason, at, by } of frozen) {
    lines.push(`${plain(actor)} is frozen since ${timestamp(at)} (${by}): ${plain(reason)}.`);
  }
  if (lines.length === 0) lines.push('Nobody is frozen and nothing is halted.');
  const near = scores.filter(({ score }) => score >= 0.5);
  for (const { actor, score } of near) lines.push(`${plain(actor)} is at ${Math.round(score * 100)} % of its limit.`);
  if (denials.length > 0) lines.push('', 'Refused lately:');
  for (const { at, actor, action, reason } of denials.slice(0, 10)) {
    lines.push(`  ${timestamp(at)}  ${plain(actor)}  ${plain(action)}: ${plain(reason)}`);
  }
  return lines;
}
