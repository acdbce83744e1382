// `parlmesh peers`: the other nodes of the network; of one of them, everything that this node goes by.

import { ParlmeshError } from '../../../core/errors.ts';
import { DEFAULT_AREA } from '../../../mesh/gossip/topics.ts';
import type { RouteView } from '../../view/route-schema.ts';
import type { LinkView, PeerView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { ago, fixed, milliseconds, percent, plural, shortId } from '../format.ts';
import { facts, table } from '../table.ts';
import { plain, type Style, type Terminal } from '../terminal.ts';
import { backupInWords } from './routes.ts';

interface PeerReport {
  peer: PeerView;
  link?: LinkView;
  route?: RouteView;
}

export function registerPeers(program: CliCommand, cli: Cli): void {
  const command = program
    .command('peers')
    .argument('[node]', 'name or id of one of them: everything about it')
    .summary('the other nodes of the network; who is there, and why')
    .description(
      'Lists the nodes that this one knows of: alive, suspect, gone, stopped in order, or in the network and not met yet; and why. With NODE it shows who suspects it, which ways to it were tried and what came of each, its link and its route.',
    )
    .common()
    .example('peers', 'who is there?')
    .example('peers barn', 'why is barn suspect?')
    .example('peers readmit barn', 'take from barn again, which this node shut out')
    .example('peers -o json | jq -r \'.[] | select(.state == "gone") | .name\'', 'the names of those that are gone')
    .action(async (node: string | undefined, options: CommonOptions) => {
      const client = cli.client(options);
      const peers = await client.list<PeerView>('peers');
      if (node === undefined) {
        cli.show(options, peers, () => listed(peers, cli.terminal));
        return;
      }
      const peer = find(peers, node);
      const [links, routes] = await Promise.all([client.list<LinkView>('links'), client.list<RouteView>('routes')]);
      const link = links.find((one) => one.peer === peer.id);
      const route = routes.find(({ destination }) => destination === peer.id);
      const report: PeerReport = { peer, ...(link && { link }), ...(route && { route }) };
      cli.show(options, report, () => explained(report, cli.terminal));
    });
  readmit(command, cli);
}

function readmit(peers: CliCommand, cli: Cli): void {
  peers
    .command('readmit')
    .argument('<node>', 'name or id of a node that is shut out')
    .summary('let a node in again that this one has shut out')
    .description(
      'Takes from a node again that the self-healing has shut out because it did harm; `peers` says since when, and why. It is sought at once. Where it still does harm, it is shut out again.',
    )
    .common()
    .example('peers readmit barn', 'barn was set up anew')
    .action(async (node: string, options: CommonOptions) => {
      const client = cli.client(options);
      const { id, name } = find(await client.list<PeerView>('peers'), node);
      await client.post(`peers/${encodeURIComponent(id)}/readmit`);
      cli.show(options, { readmitted: id, name }, () => `${plain(name)} (${shortId(id)}) is let in again.`);
    });
}

/** By name, by id, or by an end of it as it is shown. */
function find(peers: readonly PeerView[], text: string): PeerView {
  const end = text.replace(/^…/, '');
  const found = peers.filter(({ id, name }) => name === text || id === text || (end.length >= 6 && id.endsWith(end)));
  const [peer] = found;
  if (peer === undefined) {
    throw new ParlmeshError('PEER_UNKNOWN', `This node knows of no node "${text}"`, {
      hint: 'parlmesh peers lists those that it knows',
    });
  }
  if (found.length > 1) {
    throw new ParlmeshError('PEER_AMBIGUOUS', `${plural(found.length, 'node')} are called "${text}"`, {
      hint: `Give the id: ${found.map(({ id }) => id).join(', ')}`,
    });
  }
  return peer;
}

const SHUT_OUT = 'shut out';
const STYLES: Partial<Record<string, Style>> = {
  gone: 'red',
  [SHUT_OUT]: 'red',
  suspect: 'yellow',
  stopped: 'dim',
  in: 'dim',
};

function listed(peers: readonly PeerView[], terminal: Terminal): string {
  if (peers.length === 0) return 'This node knows no others yet. `parlmesh network invite` lets one in.';
  const now = Date.now();
  const hasAreas = peers.some(({ area = DEFAULT_AREA }) => area !== DEFAULT_AREA);
  return table(terminal, peers, [
    { title: 'name', value: (peer) => peer.name },
    ...(hasAreas ? [{ title: 'area', value: ({ area }: PeerView) => area ?? '' }] : []),
    { title: 'state', value: stateOf, style: (peer) => STYLES[stateOf(peer)] },
    { title: 'since', align: 'right', value: ({ shutOut, since }) => ago(shutOut?.since ?? since, now) },
    {
      title: 'member',
      value: ({ presence }) => presence?.state ?? '',
      style: ({ presence }) => presence && STYLES[presence.state],
    },
    { title: 'seen', align: 'right', value: (peer) => ago(peer.lastSeenAt, now) },
    { title: 'via', value: (peer) => peer.transports.join(',') },
    { title: 'load', align: 'right', value: (peer) => percent(peer.load) },
    { title: 'anomaly', align: 'right', value: (peer) => fixed(peer.score, 2) },
    { title: 'profile', value: (peer) => peer.profile ?? '' },
    { title: 'version', value: (peer) => peer.version ?? '' },
    { title: 'id', value: (peer) => shortId(peer.id), style: () => 'dim' },
    { title: 'passes on', value: ({ withholds }) => (withholds ? 'nothing' : ''), style: () => 'red' },
    { title: 'why', value: ({ shutOut, presence }) => shutOut?.why ?? presence?.why ?? '' },
    { title: 'last error', value: (peer) => peer.lastError ?? '' },
  ]);
}

const stateOf = ({ state, shutOut }: PeerView): string => (shutOut === undefined ? state : SHUT_OUT);

function explained({ peer, link, route }: PeerReport, terminal: Terminal): string {
  const now = Date.now();
  const { presence } = peer;
  const head = facts([
    ['node', `${peer.name} (${peer.id})`],
    ['state', `${peer.state} for ${ago(peer.since, now)}`],
    ['shut out', peer.shutOut && `for ${ago(peer.shutOut.since, now)}, because ${peer.shutOut.why}`],
    ['member', presence && `${presence.state} for ${ago(presence.since, now)}`],
    ['why', presence?.why],
    ['area', peer.area === DEFAULT_AREA ? undefined : peer.area],
    ['withholds', peer.withholds && 'it does not pass on frames for others; other ways are preferred'],
    ['suspected by', presence?.suspectedBy.map(({ name, since }) => `${name} (for ${ago(since, now)})`).join(', ')],
    ['this node then', presence && doubtInWords(presence.localDoubt)],
    ['last seen', peer.lastSeenAt === undefined ? undefined : `${ago(peer.lastSeenAt, now)} ago`],
    ['last error', peer.lastError],
    ['link', link && linkInWords(link)],
    ['route', route ? `${route.pathNames.join(' > ')} (cost ${fixed(route.cost, 1)}): ${route.reason}` : 'none'],
    ['backup', route && backupInWords(route)],
    ['addresses', peer.addresses.join(' ')],
    ['version', peer.version],
  ]);
  if (presence === undefined || presence.tried.length === 0) return head;
  const tried = table(terminal, presence.tried, [
    { title: 'way tried', value: ({ way, via, viaName = via }) => (way === 'indirect' ? `through ${viaName}` : way) },
    { title: 'outcome', value: ({ outcome }) => outcome },
    { title: 'ago', align: 'right', value: ({ at }) => ago(at, now) },
  ]);
  return `${head}\n\n${tried}`;
}

function doubtInWords(doubt: number): string {
  return doubt === 0 ? 'punctual' : `late itself: doubt ${doubt} of 3, it waited ${1 + doubt / 2} times as long`;
}

function linkInWords(link: LinkView): string {
  const { state, cause, probe, roundTripSeconds, loss, cost, flaps = 0, damped, avoided } = link;
  return [
    state === 'up' || cause === undefined ? state : `${state}: ${cause}`,
    probe && `probed by ${probe}`,
    link.interface !== undefined && `the kernel watches ${link.interface}`,
    roundTripSeconds !== undefined && `round trip ${milliseconds(roundTripSeconds)}`,
    `loss ${percent(loss)}`,
    `cost ${fixed(cost, 1)}`,
    flaps > 0 && `failed ${plural(flaps, 'time')}`,
    damped && 'damped',
    avoided && 'avoided',
  ]
    .filter(Boolean)
    .join(', ');
}
