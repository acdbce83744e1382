// `parlmesh routes plan`: how the whole network bears its traffic, and costs that would spread it, put into force or taken
// back.

import { Option } from 'commander';
import type { PlanView } from '../../view/route-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { bytes, fixed, percent, plural } from '../format.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** JSON has all. */
const ROWS = 10;

export function registerPlan(routes: CliCommand, cli: Cli): void {
  routes
    .command('plan')
    .summary('busiest links, single points of failure, better costs')
    .description(
      'Computes all shortest paths of the network as this node knows it: which links carry most of the traffic that the nodes measured, which nodes and links cut others off when they fail, and which link costs would spread the load. Nothing is changed unless --apply says so, on the node with the authority: the costs then change step by step, and go back by themselves when the busiest link or the loss gets worse.',
    )
    .option('--apply', 'put the better costs into force, where mesh.plan.apply lets it')
    .addOption(new Option('--undo', 'take back what is in force').conflicts('apply'))
    .common()
    .example('routes plan', 'what must not fail?')
    .example('routes plan --apply', 'spread the load')
    .example("routes plan -o json | jq '.cutNodes'", 'for a script')
    .action(async (options: CommonOptions & { apply?: boolean; undo?: boolean }) => {
      const client = cli.client(options);
      const asked = (): Promise<PlanView> => {
        if (options.apply) return client.post('routes/plan/apply');
        return options.undo ? client.post('routes/plan/undo') : client.get('routes/plan');
      };
      cli.show(options, await asked(), (plan) => planned(plan, cli.terminal));
    });
}

function planned(plan: PlanView, terminal: Terminal): string {
  const size = `${plural(plan.nodes, 'node')}, ${plural(plan.links, 'link')}`;
  const cuts = [
    ...plan.cutNodes.map(({ nodeName, cutsOff }) => ({ what: nodeName, cutsOff })),
    ...plan.cutLinks.map(({ aName, bName, cutsOff }) => ({ what: `link ${aName} - ${bName}`, cutsOff })),
  ];
  const load = (carried: number): string => (plan.traffic === 'uniform' ? fixed(carried, 0) : rate(carried));
  return [
    `${size}; ${trafficInWords(plan)}.`,
    ...steeringInWords(plan),
    plan.busiest.length === 0
      ? 'There are no links.'
      : table(terminal, plan.busiest.slice(0, ROWS), [
          { title: 'busiest link', value: ({ aName, bName }) => `${aName} - ${bName}` },
          { title: 'share', align: 'right', value: ({ share }) => percent(share) },
          { title: 'load', align: 'right', value: (link) => load(link.load) },
          { title: 'planned', align: 'right', value: (link) => load(link.planned) },
          { title: 'measured', align: 'right', value: ({ measured }) => rate(measured) },
        ]),
    cuts.length === 0
      ? 'No single node or link cuts others off.'
      : table(terminal, cuts.slice(0, 2 * ROWS), [
          { title: 'must not fail', value: ({ what }) => what },
          { title: 'cuts off', align: 'right', value: ({ cutsOff }) => plural(cutsOff, 'node') },
        ]),
    betterCosts(plan, terminal),
  ].join('\n\n');
}

function trafficInWords({ traffic, measuredTotal }: PlanView): string {
  return traffic === 'measured'
    ? `measured traffic, ${rate(measuredTotal)} in all`
    : `the same traffic between all, as only ${rate(measuredTotal)} were measured`;
}

function steeringInWords({ steering }: PlanView): string[] {
  if (steering === undefined || steering.kind === 'idle') return [];
  const costs = plural(steering.links, 'cost');
  return steering.kind === 'holding'
    ? [`A plan is in force: ${costs}.`]
    : [`A plan comes into force: step ${steering.step} of ${steering.steps}, ${costs}.`];
}

function betterCosts({ weights, traffic, capacities }: PlanView, terminal: Terminal): string {
  const { maximum, improved, changes, moved, meanCost } = weights;
  if (changes.length === 0) return 'No better link costs were found.';
  const shown = (use: number): string => {
    if (capacities === 'known') return percent(use);
    return traffic === 'uniform' ? fixed(use, 0) : rate(use);
  };
  return [
    `Other costs would lower the highest load of a link from ${shown(maximum)} to ${shown(improved)}. They move ${plural(moved.pairs, 'route')} with ${percent(moved.share)} of the traffic; a path then costs ${fixed(meanCost.after, 1)} instead of ${fixed(meanCost.before, 1)} ms on average:`,
    table(terminal, changes.slice(0, 2 * ROWS), [
      { title: 'link', value: ({ aName, bName }) => `${aName} > ${bName}` },
      { title: 'cost', align: 'right', value: ({ cost }) => fixed(cost, 1) },
      { title: 'better', align: 'right', value: ({ better }) => fixed(better, 1) },
    ]),
  ].join('\n');
}

const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`;
