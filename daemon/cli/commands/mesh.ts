// `parlmesh peers`, `links` and `routes`: the mesh as this node sees it.

import type { RouteView } from '../../view/route-schema.ts';
import type { LinkView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { ago, fixed, milliseconds, percent, shortId } from '../format.ts';
import { type Column, table } from '../table.ts';
import { registerPeers } from './peers.ts';
import { registerPlan } from './plan.ts';
import { registerRouteLog } from './route-log.ts';
import { registerRouteQuestions } from './routes.ts';

export function registerMesh(program: CliCommand, cli: Cli): void {
  registerPeers(program, cli);
  listing<LinkView>(program, cli, {
    name: 'links',
    summary: 'measured direct links',
    description:
      'Lists the direct links of this node: whether they are up, how fast, how lossy, what they cost, how often they failed, whether they are a last resort for that (damped), whether routes go around them because the self-healing wants it (avoided), and what probes them (udp, or stream where UDP gets no answer).',
    examples: [
      ['links', 'how good are the links?'],
      ["links -o json | jq 'map(select(.loss > 0.05))'", 'those that lose more than 5 %'],
    ],
    empty: 'This node has no direct links. `parlmesh peers` shows whom it knows.',
    columns: (now) => [
      { title: 'peer', value: (link) => link.peerName },
      {
        title: 'state',
        value: (link) => link.state,
        style: ({ state }) => (state === 'down' ? 'red' : state === 'suspect' ? 'yellow' : undefined),
      },
      { title: 'since', align: 'right', value: (link) => ago(link.since, now) },
      { title: 'round trip', align: 'right', value: (link) => milliseconds(link.roundTripSeconds) },
      { title: 'jitter', align: 'right', value: (link) => milliseconds(link.jitterSeconds) },
      { title: 'loss', align: 'right', value: (link) => percent(link.loss) },
      { title: 'cost', align: 'right', value: (link) => fixed(link.cost, 1) },
      { title: 'flaps', align: 'right', value: ({ flaps = 0 }) => (flaps === 0 ? '' : String(flaps)) },
      { title: 'damped', value: ({ damped }) => (damped ? 'yes' : ''), style: () => 'yellow' },
      { title: 'avoided', value: ({ avoided }) => (avoided ? 'yes' : ''), style: () => 'yellow' },
      { title: 'probe', value: ({ probe = '', pace }) => (pace === 'eased' ? `${probe}, eased` : probe) },
      { title: 'kernel', value: (link) => link.interface ?? '' },
      { title: 'via', value: (link) => link.transport },
      { title: 'id', value: (link) => shortId(link.peer), style: () => 'dim' },
      { title: 'cause', value: (link) => link.cause ?? '' },
    ],
  });
  const routes = listing<RouteView>(program, cli, {
    name: 'routes',
    summary: 'where each destination is sent, and why',
    description:
      'Lists the routes of this node: the next hop and the whole path to each node, the cost, the next hop that takes over at once when the link to the first fails, and the reason.',
    examples: [
      ['routes', 'which way does everything go?'],
      ["routes -o json | jq '.[] | {to: .destinationName, over: .pathNames}'", 'the paths for a script'],
    ],
    empty: 'There are no routes: no other node can be reached now.',
    columns: (now) => [
      { title: 'destination', value: (route) => route.destinationName },
      { title: 'next hop', value: (route) => route.nextHopName },
      { title: 'cost', align: 'right', value: (route) => fixed(route.cost, 1) },
      { title: 'since', align: 'right', value: (route) => ago(route.since, now) },
      { title: 'path', value: (route) => route.pathNames.join(' > ') },
      { title: 'backup', value: (route) => route.backup?.nextHopName ?? 'none' },
      { title: 'reason', value: (route) => route.reason },
    ],
  });
  registerRouteQuestions(routes, cli);
  registerPlan(routes, cli);
  registerRouteLog(routes, cli);
}

interface Listing<Row> {
  name: string;
  summary: string;
  description: string;
  examples: [line: string, meaning: string][];
  /** What to say when there is nothing. */
  empty: string;
  columns(now: number): Column<Row>[];
}

/** A command that shows a list of the API as a table. */
function listing<Row>(program: CliCommand, cli: Cli, { name, ...list }: Listing<Row>): CliCommand {
  const command = program.command(name).summary(list.summary).description(list.description).common();
  for (const [line, meaning] of list.examples) command.example(line, meaning);
  command.action(async (options: CommonOptions) => {
    const rows = await cli.client(options).list<Row>(name);
    cli.show(options, rows, () =>
      rows.length === 0 ? list.empty : table(cli.terminal, rows, list.columns(Date.now())),
    );
  });
  return command;
}
