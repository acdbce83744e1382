// `parlmesh routes explain` and `routes plan`: why a route is as it is, and how the whole network bears its traffic.

import type { PlanView, RouteExplanationView, RouteView } from '../../view/route-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { fixed, percent, plural } from '../format.ts';
import { facts, table } from '../table.ts';
import { plain, type Terminal } from '../terminal.ts';

/** JSON has all. */
const PLAN_ROWS = 10;

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
  routes
    .command('plan')
    .summary('busiest links, single points of failure, better costs')
    .description(
      'Computes all shortest paths of the network as this node knows it: which links carry most, which nodes and links cut others off when they fail, and which link costs would spread the load. Advice; nothing is changed.',
    )
    .common()
    .example('routes plan', 'what must not fail?')
    .example("routes plan -o json | jq '.cutNodes'", 'for a script')
    .action(async (options: CommonOptions) => {
      cli.show(options, await cli.client(options).get<PlanView>('routes/plan'), (plan) => planned(plan, cli.terminal));
    });
}

function explained({ route, alternatives, change }: RouteExplanationView, terminal: Terminal): string {
  const equal = (route.equalCost ?? []).filter(({ id }) => id !== route.nextHop).map(({ name }) => name);
  const head = facts([
    ['route', route.pathNames.join(' > ')],
    ['cost', fixed(route.cost, 1)],
    ['why', route.reason],
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

function planned(plan: PlanView, terminal: Terminal): string {
  const size = `${plural(plan.nodes, 'node')}, ${plural(plan.links, 'link')}`;
  const traffic = plan.traffic === 'uniform' ? 'the same traffic between all' : 'measured traffic';
  const { maximum, improved, changes } = plan.weights;
  const cuts = [
    ...plan.cutNodes.map(({ nodeName, cutsOff }) => ({ what: nodeName, cutsOff })),
    ...plan.cutLinks.map(({ aName, bName, cutsOff }) => ({ what: `link ${aName} - ${bName}`, cutsOff })),
  ];
  return [
    `${size}; ${traffic}.`,
    plan.busiest.length === 0
      ? 'There are no links.'
      : table(terminal, plan.busiest.slice(0, PLAN_ROWS), [
          { title: 'busiest link', value: ({ aName, bName }) => `${aName} - ${bName}` },
          { title: 'share', align: 'right', value: ({ share }) => percent(share) },
          { title: 'load', align: 'right', value: ({ load }) => fixed(load, 0) },
        ]),
    cuts.length === 0
      ? 'No single node or link cuts others off.'
      : table(terminal, cuts.slice(0, 2 * PLAN_ROWS), [
          { title: 'must not fail', value: ({ what }) => what },
          { title: 'cuts off', align: 'right', value: ({ cutsOff }) => plural(cutsOff, 'node') },
        ]),
    changes.length === 0
      ? 'No better link costs were found.'
      : [
          `Other costs would lower the highest load of a link from ${fixed(maximum, 0)} to ${fixed(improved, 0)}:`,
          table(terminal, changes.slice(0, 2 * PLAN_ROWS), [
            { title: 'link', value: ({ aName, bName }) => `${aName} > ${bName}` },
            { title: 'cost', align: 'right', value: ({ cost }) => fixed(cost, 1) },
            { title: 'better', align: 'right', value: ({ better }) => fixed(better, 1) },
          ]),
        ].join('\n'),
  ].join('\n\n');
}
