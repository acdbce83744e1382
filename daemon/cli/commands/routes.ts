// `parlmesh routes explain`: why a route is as it is.

import type { RouteExplanationView, RouteView } from '../../view/route-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { fixed } from '../format.ts';
import { facts, table } from '../table.ts';
import { plain, type Terminal } from '../terminal.ts';

export function registerRouteQuestions(routes: CliCommand, cli: Cli): void {
  routes
    .command('explain')
    .argument('<node>', 'name or id of the destination')
    .summary('why this path, and what would change it')
    .description(
      'Shows the route to a node with its reason and backup, the paths through other neighbours, and the smallest change of one link that would move the route.',
    )
    .common()
    .example('routes explain barn', 'why does it go that way?')
    .action(async (node: string, options: CommonOptions) => {
      const explanation = await cli
        .client(options)
        .get<RouteExplanationView>(`routes/${encodeURIComponent(node)}/explain`);
      cli.show(options, explanation, (shown) => explained(shown, cli.terminal));
    });
}

function explained({ route, alternatives, change }: RouteExplanationView, terminal: Terminal): string {
  const equal = (route.equalCost ?? []).filter(({ id }) => id !== route.nextHop).map(({ name }) => name);
  const head = facts([
    ['route', route.pathNames.join(' > ')],
    ['cost', fixed(route.cost, 1)],
    ['why', route.reason],
    ['leaves the area at', route.exit?.borderName],
    ['same cost over', equal.join(', ')],
    ['backup', backupInWords(route)],
  ]);
  const others =
    alternatives.length === 0
      ? 'There is no path through another neighbour.'
      : table(terminal, alternatives, [
          { title: 'alternative', value: ({ pathNames }) => pathNames.join(' > ') },
          { title: 'cost', align: 'right', value: ({ cost }) => fixed(cost, 1) },
          { title: 'more', align: 'right', value: ({ cost }) => fixed(cost - route.cost, 1) },
        ]);
  return [head, others, change === undefined ? 'No change of one cost would move it.' : plain(change.sentence)].join(
    '\n\n',
  );
}

export function backupInWords({ backup, nextHopName }: RouteView): string {
  if (backup === undefined) return 'none: the network has no way around the first link';
  const holds = backup.protects === 'node' ? `also when ${nextHopName} dies` : `when the link to ${nextHopName} fails`;
  return `${backup.pathNames.join(' > ')} (cost ${fixed(backup.cost, 1)}), ${holds}`;
}
