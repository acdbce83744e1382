// `parlmesh routes log`: every change of a route, with what was, what is, and why.

import type { RouteChangeView } from '../../view/route-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { fixed, milliseconds, timestamp } from '../format.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const MOST = 500;
const USUAL = 30;

type Path = RouteChangeView['after'];

export function registerRouteLog(routes: CliCommand, cli: Cli): void {
  routes
    .command('log')
    .argument('[node]', 'only changes of the route to this node; name or id')
    .summary('how routes changed, and why')
    .description(
      'Lists the changes of routes since the node started, oldest first: the path and its cost before and after, the reason, how long after the first word of the cause the route followed, and which backup frames took until then. The newest 500 are remembered; `events --kind route.` goes further back.',
    )
    .option('-n, --limit <count>', 'most changes to show', integerOption(1, MOST), USUAL)
    .common()
    .example('routes log', 'what changed lately?')
    .example('routes log barn', 'which ways did barn have?')
    .action(async (node: string | undefined, options: CommonOptions & { limit: number }) => {
      const changes = await cli
        .client(options)
        .list<RouteChangeView>('routes/log', { limit: options.limit, ...(node !== undefined && { node }) });
      cli.show(options, changes, () =>
        changes.length === 0 ? 'No route has changed.' : listed(changes, cli.terminal),
      );
    });
}

function listed(changes: readonly RouteChangeView[], terminal: Terminal): string {
  return table(terminal, changes.toReversed(), [
    { title: 'time', value: ({ at }) => timestamp(at), style: () => 'dim' },
    { title: 'destination', value: ({ destinationName }) => destinationName },
    { title: 'was', value: ({ before }) => path(before) },
    { title: 'cost', align: 'right', value: ({ before }) => fixed(before?.cost, 1) },
    { title: 'is', value: ({ after }) => path(after), style: ({ kind }) => (kind === 'lost' ? 'red' : undefined) },
    { title: 'cost', align: 'right', value: ({ after }) => fixed(after?.cost, 1) },
    { title: 'after', align: 'right', value: ({ afterSeconds }) => milliseconds(afterSeconds) },
    { title: 'backup', value: ({ backup }) => (backup === undefined ? '' : `over ${backup.nextHopName}`) },
    { title: 'why', value: ({ reason }) => reason },
  ]);
}

const path = (taken: Path): string => taken?.pathNames.join(' > ') ?? 'none';
