// `parlmesh status`: the node at a glance.

import { ParlmeshError } from '../../../core/errors.ts';
import type { AgentView, CameraView, HardwareView, LinkView, NodeView, PeerView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { ApiClient } from '../client.ts';
import type { CliCommand } from '../command.ts';
import { ago, bytes, duration, percent, shortId, tally } from '../format.ts';
import { facts } from '../table.ts';
import { plain, type Terminal } from '../terminal.ts';

export interface StatusReport {
  node: NodeView;
  /** Absent until the board was read. */
  hardware?: HardwareView;
  peers: PeerView[];
  links: LinkView[];
  agents: AgentView[];
  cameras: CameraView[];
}

export function registerStatus(program: CliCommand, cli: Cli): void {
  program
    .command('status')
    .summary('the node at a glance')
    .description('Shows whether the node and its network are well, and what runs on it.')
    .common()
    .example('status', 'is everything well?')
    .example('status -o json | jq -r .node.health.state', 'the same for a script: starting, well or degraded')
    .action(async (options: CommonOptions) => {
      cli.show(options, await readStatus(cli.client(options)), (report) => render(report, cli.terminal));
    });
}

/** The first request finds the socket; the rest go there at once. */
export async function readStatus(client: ApiClient): Promise<StatusReport> {
  const node = await client.get<NodeView>('node');
  const [hardware, peers, links, agents, cameras] = await Promise.all([
    client.get<HardwareView>('hardware').catch(notReadYet),
    client.list<PeerView>('peers'),
    client.list<LinkView>('links'),
    client.list<AgentView>('agents'),
    client.list<CameraView>('cameras'),
  ]);
  return { node, ...(hardware !== undefined && { hardware }), peers, links, agents, cameras };
}

function notReadYet(error: unknown): undefined {
  if (!(error instanceof ParlmeshError && error.code === 'HTTP_UNAVAILABLE')) throw error;
}

function render({ node, hardware, peers, links, agents, cameras }: StatusReport, terminal: Terminal): string {
  const { health, network, profile, addresses } = node;
  const colour = health.state === 'well' ? 'green' : health.state === 'degraded' ? 'red' : 'yellow';
  const lines = [terminal.style(plain(health.sentence), 'bold', colour)];
  for (const { subject, cause } of health.problems) lines.push(`  ${plain(subject)}: ${plain(cause)}`);
  lines.push(
    '',
    facts([
      ['node', `${node.name} (${shortId(node.id)}), parlmesh ${node.version}, up ${duration(node.uptimeSeconds)}`],
      [
        'network',
        `${network.name} (${shortId(network.id)})${network.holdsAuthority ? ', this node may invite others' : ''}`,
      ],
      ['peers', tally(peers.map((peer) => peer.state))],
      ['links', tally(links.map((link) => link.state))],
      ['agents', tally(agents.map((agent) => agent.state))],
      ['cameras', tally(cameras.map((camera) => camera.state))],
      ['services', tally(node.services.map((service) => service.state))],
      ['profile', `${profile.title} (${profile.name})`],
      ['board', hardware && board(hardware)],
      ['page', addresses.page.join(' ')],
      ['broker', addresses.broker],
    ]),
  );
  if (health.state === 'degraded') lines.push('', 'parlmesh doctor explains what is wrong and what to do.');
  return lines.join('\n');
}

const RESTS = {
  resting: 'rests by its duty cycle',
  low: 'rests: its battery is low',
  critical: 'rests: its battery is nearly empty',
};

function board({ at, cpu, memory, disk, battery, power, temperatureCelsius }: HardwareView): string {
  return [
    `load ${percent(cpu.load)}`,
    ...(temperatureCelsius === undefined ? [] : [`${temperatureCelsius.toFixed(0)} °C`]),
    `memory ${bytes(memory.availableBytes)} of ${bytes(memory.totalBytes)} free`,
    `disk ${bytes(disk.availableBytes)} of ${bytes(disk.totalBytes)} free`,
    ...(battery === undefined
      ? []
      : [`battery ${percent(battery.charge)}${battery.discharging ? ', discharging' : ''}`]),
    ...(power === undefined || power.state === 'awake' ? [] : [RESTS[power.state]]),
    `read ${ago(at, Date.now())} ago`,
  ].join(', ');
}
