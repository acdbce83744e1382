// `parlmesh agents`: the supervised workers of the node.

import type { AgentView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { ago } from '../format.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const RESTART_WITHIN = 30_000;

export function registerAgents(program: CliCommand, cli: Cli): void {
  const agents = program
    .command('agents')
    .summary('the supervised workers of the node')
    .description(
      'Lists the agents of this node with their state, restarts and what they may do. A frozen one works on, but nothing that it asks for is done: `parlmesh oracle status` says why.',
    )
    .common()
    .example('agents', 'do all agents work?')
    .example('agents -o json', 'everything that is known of them')
    .action(async (options: CommonOptions) => {
      cli.show(options, await cli.client(options).list<AgentView>('agents'), (rows) => render(rows, cli.terminal));
    });
  agents
    .command('restart')
    .argument('<id>', 'the agent, as `parlmesh agents` shows it')
    .summary('restart an agent now')
    .description('Restarts an agent whatever its state, and forgets its failures.')
    .common()
    .example('agents restart camera/north', 'restart the agent of camera north')
    .action(async (id: string, options: CommonOptions) => {
      await cli.client(options).post(`agents/${encodeURIComponent(id)}/restart`, undefined, RESTART_WITHIN);
      cli.show(options, { restarted: id }, () => `Agent ${id} was restarted.`);
    });
}

function render(rows: AgentView[], terminal: Terminal): string {
  if (rows.length === 0) return 'No agents run on this node.';
  const now = Date.now();
  return table(terminal, rows, [
    { title: 'id', value: (agent) => agent.id },
    { title: 'kind', value: (agent) => agent.kind },
    {
      title: 'state',
      value: ({ state, frozen }) => (frozen === undefined ? state : `${state}, frozen`),
      style: ({ state, frozen }) =>
        state === 'degraded' || frozen !== undefined ? 'red' : state === 'restarting' ? 'yellow' : undefined,
    },
    { title: 'since', align: 'right', value: (agent) => ago(agent.since, now) },
    { title: 'restarts', align: 'right', value: (agent) => String(agent.restarts) },
    {
      title: 'mailbox',
      align: 'right',
      value: ({ mailbox }) =>
        `${mailbox.waiting}/${mailbox.most}${mailbox.dropped > 0 ? ` (${mailbox.dropped} dropped)` : ''}`,
    },
    { title: 'may do', value: (agent) => agent.capabilities.join(' ') },
    {
      title: 'last error',
      value: ({ frozen, lastError }) => (frozen === undefined ? (lastError ?? '') : `frozen: ${frozen.reason}`),
    },
  ]);
}
