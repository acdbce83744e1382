// `parlmesh store`: check, back up and restore the database.

import path from 'node:path';
import type { StoreView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { ago, bytes, timestamp } from '../format.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';
import { refuseWhileRunning } from './network.ts';

/** A full check reads the whole file from the card. */
const LONG = 600_000;

export function registerStore(program: CliCommand, cli: Cli): void {
  const store = program
    .command('store')
    .summary('check, back up and restore the database')
    .description('The store is one SQLite file in the data folder. All but `restore` work while the daemon runs.')
    .example('store check', 'is the database sound?');

  store
    .command('check')
    .summary('is the database sound?')
    .description('Reads the whole database and names what is damaged.')
    .common()
    .example('store check', 'exit code 0 when it is sound')
    .action(async (options: CommonOptions) => {
      const check = await cli.daemonOr(
        options,
        (client) => client.post<{ ok: boolean; problems: string[] }>('store/check', undefined, LONG),
        async (dataDir) => (await cli.offline()).checkStore(dataDir),
      );
      if (!check.ok) cli.exitCode = 1;
      cli.show(options, check, ({ ok, problems }) =>
        ok
          ? 'The store is sound.'
          : [
              'The store is damaged:',
              ...problems.map(plain),
              'parlmesh store restore puts a backup in its place.',
            ].join('\n'),
      );
    });

  store
    .command('backup')
    .summary('write a backup now')
    .description('Writes a checked copy into the `backups` folder beside the database. Old ones make room.')
    .common()
    .example('store backup', 'before something daring')
    .action(async (options: CommonOptions) => {
      const made = await cli.daemonOr(
        options,
        (client) => client.post<{ file: string; bytes: number }>('store/backup', undefined, LONG),
        async (dataDir) => (await cli.offline()).backupStore(dataDir),
      );
      cli.show(options, made, ({ file, bytes: size }) => `${file} (${bytes(size)})`);
    });

  store
    .command('backups')
    .summary('the backups that there are')
    .description('Lists the backups of this node, newest first.')
    .common()
    .example('store backups', 'what can be restored?')
    .action(async (options: CommonOptions) => {
      const rows = await (await cli.offline()).listBackups(await folderOfStore(cli, options));
      const now = Date.now();
      cli.show(options, rows, () =>
        rows.length === 0
          ? 'There are no backups yet.'
          : table(cli.terminal, rows, [
              { title: 'made', value: ({ at }) => timestamp(at) },
              { title: 'age', align: 'right', value: ({ at }) => ago(at, now) },
              { title: 'size', align: 'right', value: (backup) => bytes(backup.bytes) },
              { title: 'file', value: ({ file }) => file },
            ]),
      );
    });

  store
    .command('restore')
    .argument('[backup]', 'file to restore (default: the newest backup)')
    .summary('put a backup in the place of the database')
    .description('The daemon must not run. The present database is set aside, not deleted.')
    .common()
    .example('store restore', 'go back to the newest backup')
    .action(async (backup: string | undefined, options: CommonOptions) => {
      await refuseWhileRunning(cli, options, 'A backup is restored while no daemon uses the store');
      const done = await (await cli.offline()).restoreStore(await cli.dataDir(options), backup);
      cli.show(options, done, ({ restored, setAside }) =>
        [
          `Restored ${restored}.`,
          ...(setAside === undefined ? [] : [`The file before it is kept as ${setAside}.`]),
        ].join('\n'),
      );
    });
}

/** The running daemon knows best where its store is. */
export function folderOfStore(cli: Cli, options: CommonOptions): Promise<string> {
  return cli.daemonOr(
    options,
    async (client) => path.dirname((await client.get<StoreView>('store')).path),
    async (dataDir) => dataDir,
  );
}
