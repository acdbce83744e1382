// `parlmesh audit`: the record of who was allowed to change what, and whether it is as it was written.

import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditVerdict } from '../../../agents/oracle/audit-chain.ts';
import type { AuditRow } from '../../../agents/oracle/audit-storage.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { ApiClient } from '../client.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { timestamp } from '../format.ts';
import { plain, type Terminal } from '../terminal.ts';

const USUAL = 20;
const MOST = 1000;
/** The whole log is read from the card. */
const LONG = 600_000;
const LOOK_AGAIN = 1_000;

interface TailOptions extends CommonOptions {
  limit?: number;
  follow?: true;
  kind?: string;
}

export function registerAudit(program: CliCommand, cli: Cli): void {
  const audit = program
    .command('audit')
    .summary('who was allowed to change what')
    .description('The audit log: every decision of the oracle, each chained to the one before.')
    .example('audit tail', 'what was decided lately?');

  audit
    .command('verify')
    .summary('is the log as it was written?')
    .description(
      'Reads the whole log and names the first row that was changed, is missing or lies elsewhere. With a running daemon ' +
        'it is also compared with what other nodes remember of it. Works on the files when no daemon runs.',
    )
    .common()
    .example('audit verify', 'exit code 0 when it is')
    .action(async (options: CommonOptions) => {
      const verdict = await cli.daemonOr(
        options,
        (client) => client.get<AuditVerdict & { witnesses: number }>('audit/verify', {}, LONG),
        async (dataDir) => (await cli.offline()).verifyAudit(dataDir),
      );
      if (!verdict.ok) cli.exitCode = 1;
      cli.show(options, verdict, inWords);
    });

  audit
    .command('tail')
    .summary('the newest decisions')
    .description('Shows the newest rows of the audit log, oldest first.')
    .option('-n, --limit <count>', `most rows to show (default: ${USUAL})`, integerOption(1, MOST))
    .option('-f, --follow', 'go on with what is decided')
    .option('--kind <kind>', 'only these: allowed, denied, approved, frozen, …')
    .common()
    .example('audit tail -n 50 --kind denied', 'what was refused lately?')
    .example('audit tail -f -o json', 'follow as JSON, one row a line')
    .action(async (options: TailOptions) => {
      const client = cli.client(options);
      const limit = options.limit ?? USUAL;
      const rows = (await client.list<AuditRow>('audit', { limit, kind: options.kind })).reverse();
      if (options.follow !== true) {
        cli.show(options, rows, () =>
          rows.length === 0 ? 'No such decisions yet.' : rows.map((row) => line(row, cli.terminal)).join('\n'),
        );
        return;
      }
      const print = (row: AuditRow): void =>
        cli.terminal.print(options.output === 'json' ? JSON.stringify(row) : line(row, cli.terminal));
      rows.forEach(print);
      await follow(cli, client, options.kind, rows.at(-1)?.sequence ?? 0, print);
    });
}

async function follow(
  cli: Cli,
  client: ApiClient,
  kind: string | undefined,
  last: number,
  print: (row: AuditRow) => void,
): Promise<void> {
  let after = last;
  let failed = false;
  while (!cli.signal.aborted) {
    await sleep(LOOK_AGAIN, undefined, { signal: cli.signal }).catch(() => {});
    try {
      const rows = await client.list<AuditRow>('audit', { after, kind, limit: MOST });
      failed = false;
      for (const row of rows) print(row);
      after = rows.at(-1)?.sequence ?? after;
    } catch (error) {
      if (!failed) cli.terminal.note(`${messageOf(error)}; trying again until it is back …`);
      failed = true;
    }
  }
}

function inWords({ ok, rows, unsigned, from, last, fault, witnesses }: AuditVerdict & { witnesses: number }): string {
  if (!ok) return `The audit log is not as it was written: ${plain(fault?.message ?? 'unknown')}.`;
  if (last === undefined) return 'The audit log is empty.';
  const beginning = from === undefined || from === 1 ? '' : ` Older rows than ${from} went as store.auditDays says.`;
  const tail = unsigned === 0 ? '' : ` The newest ${unsigned} are chained, but not signed yet.`;
  const compared = witnesses === 0 ? ' No checkpoint of it is kept elsewhere.' : '';
  return `The audit log is as it was written: ${rows} ${rows === 1 ? 'row' : 'rows'}, the last of ${timestamp(last.at)}.${beginning}${tail}${compared}`;
}

function line({ sequence, at, kind, actor, subject, detail }: AuditRow, terminal: Terminal): string {
  const isBad = kind === 'denied' || kind === 'frozen' || kind === 'halted' || kind === 'approval-refused';
  const what = isBad ? terminal.style(kind, 'red') : kind;
  const [name = actor, node = ''] = actor.split('@');
  return [
    terminal.style(`${sequence} ${timestamp(at)}`, 'dim'),
    what,
    `${plain(name)}${node === '' ? '' : `@…${plain(node.slice(-6))}`}`,
    plain(actionIn(detail)),
    plain(subject),
  ].join('  ');
}

function actionIn(detail: string): string {
  try {
    const { action, reason, count } = JSON.parse(detail) as { action?: string; reason?: string; count?: number };
    const times = count === undefined ? '' : ` (${count} times)`;
    return [action === undefined ? '' : `${action}${times}`, reason ?? ''].filter((part) => part !== '').join(': ');
  } catch {
    return '';
  }
}
