// `parlmesh network`: who belongs together.

import { InvalidArgumentError } from 'commander';
import { ParlmeshError } from '../../../core/errors.ts';
import { NETWORK_NAME } from '../../../mesh/membership/network.ts';
import type { KeyRotationView, MemberView, NetworkView } from '../../view/network-schema.ts';
import type { NodeView, PeerView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { NO_DAEMON } from '../client.ts';
import { type CliCommand, minuteOrMoreOption } from '../command.ts';
import { ago, duration, shortId, tally } from '../format.ts';
import type { LocalNetwork } from '../offline.ts';
import { facts, table } from '../table.ts';
import { plain } from '../terminal.ts';

const HOUR_SECONDS = 3600;
/** The inviter may be slow, and is asked over the network. */
const JOIN_WITHIN = 90_000;

/** Without `peers`, no daemon runs. */
interface Membership extends LocalNetwork {
  key: NetworkView['key'];
  problem?: NetworkView['problem'];
  peers?: PeerView[];
}

export function registerNetwork(program: CliCommand, cli: Cli): void {
  const network = program
    .command('network')
    .summary('create, show and join networks')
    .description('A network is a set of nodes that trust one authority. Strangers are refused.')
    .example('network show', 'which network is this?');
  create(network, cli);
  invite(network, cli);
  join(network, cli);
  show(network, cli);
  members(network, cli);
  remove(network, cli);
  rotateKey(network, cli);
}

function create(network: CliCommand, cli: Cli): void {
  network
    .command('create')
    .argument('<network>', 'a name for the network', networkName)
    .summary('make a new network with this node as its first')
    .description(
      'Makes a new network whose authority this node holds. The daemon must not run. A first start makes a network by ' +
        'itself; this is for choosing its name, or for leaving another network (--replace).',
    )
    .option('--name <node>', 'name of this node (default: the configured one, else the host name)')
    .option('--replace', 'leave the network that this node belongs to now')
    .common()
    .example('network create home', 'make the network "home"')
    .action(async (name: string, options: CommonOptions & { name?: string; replace?: true }) => {
      await refuseWhileRunning(cli, options, 'A network is created before the daemon starts');
      const made = await (await cli.offline()).createNetwork({
        dataDir: await cli.dataDir(options),
        name,
        ...(options.name !== undefined && { nodeName: options.name }),
        replace: options.replace === true,
      });
      cli.show(options, made, ({ network: { id, name: shown } }) =>
        [
          `Network ${shown} (${shortId(id)}) was created. This node holds its authority.`,
          'parlmesh run starts the node; parlmesh network invite lets others in.',
        ].join('\n'),
      );
    });
}

function invite(network: CliCommand, cli: Cli): void {
  network
    .command('invite')
    .summary('print a token that lets one node in')
    .description('Prints a token that works once and expires. On the other board: parlmesh network join TOKEN.')
    .option('--name <node>', 'name of the invited node')
    .option('--expires <duration>', 'how long it works (default: 1h)', minuteOrMoreOption, HOUR_SECONDS)
    .common()
    .example('network invite', 'a token that works for an hour')
    .example('network invite --name barn --expires 7d', 'a token for the board in the barn, for a week')
    .action(async (options: CommonOptions & { name?: string; expires: number }) => {
      const made = await cli.client(options).post<{ token: string; expiresAt: number }>('network/invites', {
        expiresInSeconds: Math.round(options.expires),
        ...(options.name !== undefined && { name: options.name }),
      });
      cli.show(options, made, ({ token }) => {
        cli.terminal.note(
          `The token works once, for ${duration(options.expires)}. On the other board: parlmesh network join TOKEN`,
        );
        return plain(token);
      });
    });
}

function join(network: CliCommand, cli: Cli): void {
  network
    .command('join')
    .argument('<token>', 'what `parlmesh network invite` printed')
    .summary('move this node into another network')
    .description('Enrols this node with the one that invited it; whether a daemon runs here or not.')
    .option('--name <node>', 'name of this node, where no daemon runs (default: the host name)')
    .common()
    .example('network join TOKEN', 'join the network that the token is for')
    .action(async (token: string, options: CommonOptions & { name?: string }) => {
      const joined = await cli.daemonOr(
        options,
        (client) => client.post<{ network: { id: string; name: string } }>('network/join', { token }, JOIN_WITHIN),
        async (dataDir) =>
          (await cli.offline()).joinNetwork({
            dataDir,
            token,
            ...(options.name !== undefined && { nodeName: options.name }),
          }),
      );
      cli.show(
        options,
        joined,
        ({ network: { id, name } }) => `This node belongs to network ${name} (${shortId(id)}).`,
      );
    });
}

function show(network: CliCommand, cli: Cli): void {
  network
    .command('show')
    .summary('the network that this node belongs to')
    .description('Shows the network of this node; whether a daemon runs here or not.')
    .common()
    .example('network show', 'which network is this, and may this node invite others?')
    .action(async (options: CommonOptions) => {
      const shown = await cli.daemonOr<Membership>(
        options,
        async (client) => {
          const { id, name } = await client.get<NodeView>('node');
          const { holdsAuthority, certificate, key, problem, ...of } = await client.get<NetworkView>('network');
          const peers = await client.list<PeerView>('peers');
          const told = { network: { id: of.id, name: of.name }, node: { id, name }, holdsAuthority, certificate, key };
          return { ...told, ...(problem !== undefined && { problem }), peers };
        },
        (dataDir) => showOffline(cli, dataDir),
      );
      cli.show(options, shown, ({ network: { id, name }, node, holdsAuthority, certificate, key, problem, peers }) =>
        facts([
          ['network', name],
          ['id', id],
          ['this node', `${node.name} (${node.id})`],
          ['authority', holdsAuthority ? 'here: this node may invite others' : 'on another node'],
          ['certificate', expiry(certificate.expiresAt, Date.now())],
          ['network key', keyState(key)],
          ...(problem === undefined ? [] : [['problem', `${problem.cause}. ${problem.hint}`] as const]),
          ['peers', peers === undefined ? 'no daemon is running' : tally(peers.map((peer) => peer.state))],
        ]),
      );
    });
}

function expiry(expiresAt: number, now: number): string {
  return expiresAt > now
    ? `expires in ${ago(now, expiresAt)}; renewed by itself`
    : `expired ${ago(expiresAt, now)} ago`;
}

function keyState({ number, rotation }: NetworkView['key']): string {
  if (rotation === undefined) return `number ${number}`;
  const { holders, missing, completedAt, until } = rotation;
  const without = missing.map(({ name }) => name).join(', ');
  if (completedAt === undefined) {
    const all = holders.length + missing.length;
    return `number ${number}: ${holders.length} of ${all} nodes have it, the one before it works for ${ago(Date.now(), until)} yet for: ${without}`;
  }
  return missing.length === 0 ? `number ${number}: all nodes have it` : `number ${number}; without it: ${without}`;
}

async function showOffline(cli: Cli, dataDir: string): Promise<Membership> {
  const local = await (await cli.offline()).showNetwork(dataDir);
  if (local !== undefined) return local;
  throw new ParlmeshError('CLI_NO_NETWORK', `There is no network in ${dataDir} yet`, {
    hint: 'parlmesh run makes one at its first start; parlmesh network join TOKEN joins one',
  });
}

function members(network: CliCommand, cli: Cli): void {
  network
    .command('members')
    .summary('the nodes that were admitted')
    .description('Lists the nodes that the authority has admitted, with the age of their certificates.')
    .common()
    .example('network members', 'who may take part?')
    .action(async (options: CommonOptions) => {
      const rows = await cli.client(options).list<MemberView>('network/members');
      const now = Date.now();
      cli.show(options, rows, () =>
        rows.length === 0
          ? 'No other node was admitted by this one.'
          : table(cli.terminal, rows, [
              { title: 'name', value: (member) => member.name },
              { title: 'admitted', align: 'right', value: (member) => ago(member.issuedAt, now) },
              { title: 'expires in', align: 'right', value: (member) => ago(now, member.expiresAt) },
              {
                title: 'state',
                value: (member) => (member.revoked ? 'revoked' : member.expiresAt <= now ? 'expired' : 'valid'),
                style: ({ revoked }) => (revoked ? 'red' : undefined),
              },
              { title: 'id', value: (member) => shortId(member.id), style: () => 'dim' },
            ]),
      );
    });
}

function remove(network: CliCommand, cli: Cli): void {
  network
    .command('remove')
    .argument('<node>', 'its name, or the beginning or end of its id')
    .summary('remove a node from the network for good')
    .description(
      'Takes its membership from a node: every other node refuses it within seconds. Then the network key is changed, so ' +
        'that it soon does not get as far as being refused; see `network rotate-key`. Works on the node that holds the ' +
        'authority. The removed node can come back only with a new identity and a new invite.',
    )
    .option('--keep-key', 'do not change the network key, e.g. where several nodes are removed one after the other')
    .common()
    .example('network remove barn', 'the board in the barn was stolen')
    .action(async (wanted: string, options: CommonOptions & { keepKey?: true }) => {
      const client = cli.client(options);
      const { network: of } = await client.get<NodeView>('node');
      if (!of.holdsAuthority) {
        throw new ParlmeshError('NETWORK_NO_AUTHORITY', `This node does not hold the authority of network ${of.name}`, {
          hint: 'Run it on the node where the network was created',
        });
      }
      const { id, name } = memberCalled(wanted, await client.list<MemberView>('network/members'));
      await client.delete(`network/members/${encodeURIComponent(id)}`);
      const rotation =
        options.keepKey === true ? undefined : await client.post<KeyRotationView>('network/key-rotations', {});
      cli.show(options, { removed: id, name, ...(rotation !== undefined && { rotation }) }, () =>
        [
          `Node ${name} (${shortId(id)}) was removed from network ${of.name}.`,
          ...(rotation === undefined ? [] : [rotated(rotation)]),
        ].join('\n'),
      );
    });
}

function rotateKey(network: CliCommand, cli: Cli): void {
  network
    .command('rotate-key')
    .summary('change the key that every connection of the network needs')
    .description(
      'Makes a new network key. All members fetch it over the mesh while everything goes on: no connection ends. The key ' +
        'before it works until all have the new one, or for mesh.keyOverlapDays for members that are away; who comes back ' +
        'later needs a new invite. Works on the node that holds the authority.',
    )
    .common()
    .example('network rotate-key', 'a board with the key may have fallen into wrong hands')
    .action(async (options: CommonOptions) => {
      const rotation = await cli.client(options).post<KeyRotationView>('network/key-rotations', {});
      cli.show(options, rotation, rotated);
    });
}

function rotated({ number, missing, until }: KeyRotationView): string {
  if (missing.length === 0) return `Network key ${number} is in use; all nodes have it.`;
  return `Network key ${number} was made; ${missing.length} ${missing.length === 1 ? 'node is' : 'nodes are'} fetching it (${ago(Date.now(), until)} at most): parlmesh network show`;
}

function networkName(text: string): string {
  if (NETWORK_NAME.test(text)) return text;
  throw new InvalidArgumentError(
    'Use 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
  );
}

/** A node that was removed before counts only where nothing else fits: another may have its name now. */
function memberCalled(wanted: string, all: readonly MemberView[]): MemberView {
  const part = wanted.replace(/^…/, '');
  const isPart = (id: string): boolean => part.length >= 4 && (id.startsWith(part) || id.endsWith(part));
  const fits = all.filter(({ id, name }) => name === wanted || isPart(id));
  const present = fits.filter(({ revoked }) => !revoked);
  const [member, another] = present.length > 0 ? present : fits;
  if (member === undefined) {
    throw new ParlmeshError('CLI_MEMBER_UNKNOWN', `No node of this network is called "${wanted}"`, {
      hint: 'parlmesh network members lists them',
    });
  }
  if (another !== undefined) {
    const which = (present.length > 0 ? present : fits).map(({ name, id }) => `${name} ${id}`).join(', ');
    throw new ParlmeshError('CLI_MEMBER_AMBIGUOUS', `"${wanted}" fits several nodes: ${which}`, {
      hint: 'Give more of the id',
    });
  }
  return member;
}

/** For what can only be done on the files of a node that is stopped. */
export async function refuseWhileRunning(cli: Cli, options: CommonOptions, why: string): Promise<void> {
  try {
    await cli.client(options).get<NodeView>('node');
  } catch (error) {
    if (error instanceof ParlmeshError && error.code === NO_DAEMON) return;
    throw error;
  }
  throw new ParlmeshError('CLI_DAEMON_RUNS', `${why}, and one is running`, {
    hint: 'Stop it first (as a service: systemctl stop parlmesh)',
  });
}
