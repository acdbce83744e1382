// `parlmesh profile`: the settings that suit a kind of board.

import type { NamedProfile } from '../../hardware/profile.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { facts, table } from '../table.ts';

export function registerProfile(program: CliCommand, cli: Cli): void {
  const profile = program
    .command('profile')
    .summary('the settings that suit a kind of board')
    .description('A profile holds what suits a kind of board: threads, detector, frames per second, caches, radios.')
    .example('profile detect', 'which profile is used here?');

  profile
    .command('list')
    .summary('the profiles that there are')
    .description('Lists all profiles.')
    .common()
    .example('profile list', 'which boards are known?')
    .action(async (options: CommonOptions) => {
      const { listProfiles } = await import('../../hardware/profiles.ts');
      cli.show(options, listProfiles(), (rows) =>
        table(cli.terminal, rows, [
          { title: 'name', value: (each) => each.name },
          { title: 'board', value: (each) => each.title },
          { title: 'threads', align: 'right', value: (each) => String(each.inferenceThreads) },
          { title: 'detector', value: (each) => each.detector },
          { title: 'frames/s', align: 'right', value: (each) => String(each.framesPerSecond) },
          { title: 'workers', align: 'right', value: (each) => String(each.workers) },
          { title: 'mesh', value: (each) => each.meshPreset },
        ]),
      );
    });

  profile
    .command('detect')
    .summary('which profile suits this board, and why')
    .description('Shows which profile a start would choose here, and the reason.')
    .common()
    .example('profile detect -o json | jq -r .profile.name', 'its name for a script')
    .action(async (options: CommonOptions) => {
      const { detectProfile } = await import('../../hardware/detect.ts');
      cli.show(options, detectProfile(), ({ profile: found, reason }) => `${describe(found)}\n\n${reason}`);
    });

  profile
    .command('show')
    .argument('<name>', 'as `parlmesh profile list` shows it')
    .summary('one profile in full')
    .description('Shows all settings of a profile.')
    .common()
    .example('profile show raspberry-pi-4', 'what a Raspberry Pi 4 gets')
    .action(async (name: string, options: CommonOptions) => {
      const { showProfile } = await import('../../hardware/profiles.ts');
      cli.show(options, showProfile(name), describe);
    });
}

function describe({ name, title, match: _match, ...settings }: NamedProfile): string {
  return facts([
    ['name', name],
    ['board', title],
    ...Object.entries(settings).map(([setting, value]) => [setting, String(value)] as const),
  ]);
}
