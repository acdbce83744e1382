// `parlmesh token`: who may use the HTTP API from elsewhere.

import { InvalidArgumentError } from 'commander';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, durationOption } from '../command.ts';
import { ago } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';

const SCOPES = ['read', 'act', 'admin'];

interface Token {
  id: string;
  name: string;
  scopes: string[];
  createdAt: number;
  expiresAt?: number;
  lastUsedAt?: number;
}

export function registerToken(program: CliCommand, cli: Cli): void {
  const token = program
    .command('token')
    .summary('who may use the page and the API')
    .description('Until the first token exists, the page and the API are served to this machine alone.')
    .example('token list', 'who has access?');

  token
    .command('create')
    .argument('<name>', 'what it is for')
    .summary('make a token and print it, this once')
    .description('Prints the token. It is stored hashed and cannot be shown again.')
    .option(
      '--scopes <list>',
      'read (see), act (restart, trigger), admin (everything), comma-separated',
      scopesOption,
      ['read'],
    )
    .option('--expires <duration>', 'how long it works (default: until it is revoked)', durationOption)
    .common()
    .example('token create grafana', 'may read')
    .example('token create me --scopes read,act,admin --expires 90d', 'may do everything for 90 days')
    .action(async (name: string, options: CommonOptions & { scopes: string[]; expires?: number }) => {
      const made = await cli.client(options).post<Token & { token: string }>('tokens', {
        name,
        scopes: options.scopes,
        ...(options.expires !== undefined && { expiresInSeconds: Math.round(options.expires) }),
      });
      cli.show(options, made, ({ token: text }) => {
        cli.terminal.note('Keep it: it is not shown again.');
        return plain(text);
      });
    });

  token
    .command('list')
    .summary('the tokens that there are')
    .description('Lists the tokens, without their secrets.')
    .common()
    .example('token list', 'who has access, and which token is never used?')
    .action(async (options: CommonOptions) => {
      const rows = await cli.client(options).list<Token>('tokens');
      const now = Date.now();
      cli.show(options, rows, () =>
        rows.length === 0
          ? 'There are no tokens: the page and the API are served to this machine alone.'
          : table(cli.terminal, rows, [
              { title: 'id', value: (each) => each.id },
              { title: 'name', value: (each) => each.name },
              { title: 'scopes', value: (each) => each.scopes.join(',') },
              { title: 'age', align: 'right', value: (each) => ago(each.createdAt, now) },
              { title: 'used', align: 'right', value: (each) => ago(each.lastUsedAt, now) || 'never' },
              { title: 'expires in', align: 'right', value: (each) => expiry(each, now) },
            ]),
      );
    });

  token
    .command('revoke')
    .argument('<id>', 'as `parlmesh token list` shows it')
    .summary('make a token worthless')
    .description('Revokes a token at once, with its sessions. After the last one, only this machine is served again.')
    .common()
    .example('token revoke k3v7ho2mwq', 'it was lost')
    .action(async (id: string, options: CommonOptions) => {
      await cli.client(options).delete(`tokens/${encodeURIComponent(id)}`);
      cli.show(options, { revoked: id }, () => `Token ${id} is revoked.`);
    });
}

function expiry({ expiresAt }: Token, now: number): string {
  if (expiresAt === undefined) return 'never';
  return expiresAt <= now ? 'expired' : ago(now, expiresAt);
}

function scopesOption(text: string): string[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.find((scope) => !SCOPES.includes(scope));
  if (unknown === undefined) return scopes;
  throw new InvalidArgumentError(`"${unknown}" is no scope; there are ${SCOPES.join(', ')}.`);
}
