// `parlmesh policy list|show|promote|rollback|export|import`: the policies that a node holds, and which scheduler serves.

import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Policy, PolicyDocument } from '../../../agents/parl/policy.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { ImportedPolicyView, KeptPolicyView, PolicyView } from '../../view/policy-schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { ago, timestamp } from '../format.ts';
import { facts, table } from '../table.ts';
import { plain } from '../terminal.ts';

const VERSION = /^[0-9a-f]{4,16}$/;

export function registerPoliciesOfNode(policy: CliCommand, cli: Cli): void {
  policy
    .command('list')
    .summary('the policies that the node holds')
    .description('The current one first, then the newest. Each with how it came to be and how it did when it came in.')
    .common()
    .example('policy list', 'which policies are there to go back to?')
    .action(async (options: CommonOptions) => {
      const { policies } = await cli.client(options).get<PolicyView>('policy');
      cli.show(options, policies, (kept) => describeKept(cli, kept));
    });

  policy
    .command('show')
    .argument('[file-or-version]', 'a policy file, or the version of a policy that the node holds')
    .summary('which scheduler serves and why; or what a policy is')
    .description(
      'Without an argument: which scheduler places tasks on this node, why, and how the learned one is judged; the packaged policy where no daemon runs. With one: what that policy is and how it came to be, checked whole.',
    )
    .common()
    .example('policy show', 'is the learned scheduler any good here?')
    .example('policy show mine.json', 'what is this file?')
    .action(async (which: string | undefined, options: CommonOptions) => {
      if (which === undefined) return showServing(cli, options);
      const isVersion = VERSION.test(which) && !existsSync(which);
      const found = isVersion ? await ofNode(cli, options, which) : await read(which);
      showPolicy(cli, options, found);
    });

  policy
    .command('promote')
    .argument('<version>', 'as `parlmesh policy list` shows it, or its first digits')
    .summary('make a policy the current one')
    .description('It is judged on recent jobs before it serves, unless `swarm.scheduler` is `parl`.')
    .common()
    .example('policy promote 9f86d081', 'use the policy that was imported')
    .action(async (version: string, options: CommonOptions) => {
      const view = await cli.client(options).post<PolicyView>('policy/promote', { version });
      cli.show(options, view, changed);
    });

  policy
    .command('rollback')
    .summary('back to the policy before')
    .description('The policy that was current before becomes so again. What is rolled back stays in the list.')
    .common()
    .example('policy rollback', 'the newest one was a mistake')
    .action(async (options: CommonOptions) => {
      cli.show(options, await cli.client(options).post<PolicyView>('policy/rollback'), changed);
    });

  policy
    .command('export')
    .argument('<version>', 'as `parlmesh policy list` shows it, or its first digits')
    .summary('write a policy of the node to a file')
    .description('The file is signed by the node that made the policy; another node can import it.')
    .requiredOption('--out <file>', 'where the policy is written')
    .common()
    .example('policy export 9f86d081 --out shared.json', 'give it to another board')
    .action(async (version: string, { out, ...options }: CommonOptions & { out: string }) => {
      const document = await cli.client(options).get<PolicyDocument>(`policy/${encodeURIComponent(version)}`);
      await writeFile(out, `${JSON.stringify(document, undefined, 2)}\n`);
      const written = (await read(out)).version;
      cli.show(options, { version: written, file: out }, () => `${plain(out)}: policy ${written}`);
    });

  policy
    .command('import')
    .argument('<file>', 'a policy file')
    .summary('give the node a policy')
    .description('It is checked whole, and its signature where it has one. It serves only once it is promoted.')
    .common()
    .example('policy import shared.json', 'take what another board learned')
    .action(async (file: string, options: CommonOptions) => {
      const imported = await cli.client(options).post<ImportedPolicyView>('policy', await documentOf(file));
      cli.show(options, imported, ({ version, signedBy }) => {
        const by = {
          member: 'signed by a node of this network',
          stranger: 'signed by a node elsewhere',
          nobody: 'not signed',
        };
        return `Policy ${version} is kept, ${by[signedBy]}. To use it: parlmesh policy promote ${version}`;
      });
    });
}

async function showServing(cli: Cli, options: CommonOptions): Promise<void> {
  const view = await cli.daemonOr<PolicyView | undefined>(
    options,
    (client) => client.get<PolicyView>('policy'),
    async () => undefined,
  );
  if (view === undefined) return showPolicy(cli, options, await read());
  cli.show(options, view, describeServing);
}

function showPolicy(cli: Cli, options: CommonOptions, policy: Policy): void {
  const { version, parameters, lineage } = policy;
  cli.show(options, { version, parameters: parameters.length, lineage }, () => describe(policy));
}

async function ofNode(cli: Cli, options: CommonOptions, version: string): Promise<Policy> {
  const { decodePolicy } = await import('../../../agents/parl/policy.ts');
  return decodePolicy(await cli.client(options).get(`policy/${version}`));
}

async function read(file?: string): Promise<Policy> {
  const { readPolicyFile } = await import('../../../agents/parl/policy-file.ts');
  return readPolicyFile(file);
}

/** As it is written, with its signature. The node checks it too; a wrong file is told here, by its name. */
async function documentOf(file: string): Promise<unknown> {
  await read(file);
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ParlmeshError('POLICY_UNREADABLE', `${file}: ${messageOf(error)}`);
  }
}

function describe({ version, parameters, lineage }: Policy): string {
  return facts([
    ['version', version],
    ['parameters', String(parameters.length)],
    ['made', lineage.madeAt === 0 ? `${lineage.kind}, packaged` : `${lineage.kind}, ${timestamp(lineage.madeAt)}`],
    ['by', lineage.node],
    ['from', lineage.parent],
    ['decisions', String(lineage.decisions)],
    ['note', lineage.note],
  ]);
}

function describeServing({
  scheduler,
  why,
  policy,
  judgement,
  recentJobs,
  experience,
  lessonSeconds,
  ...view
}: PolicyView) {
  const current = view.policies.find(({ version }) => version === policy);
  return facts([
    ['serves', `${scheduler}: ${why}`],
    ['policy', current && `${current.version}, ${lineageOf(current)}`],
    ['gain', judgement && `${judgement.gain.toFixed(3)} over ${judgement.over}, on ${judgement.jobs} recent jobs`],
    [
      'cost',
      judgement?.cost === undefined ? undefined : `${judgement.cost.toFixed(3)} times that of the policy before`,
    ],
    ['judged', judgement && timestamp(judgement.at)],
    ['recent jobs', String(recentJobs)],
    [
      'experience',
      `${experience.rows} batches, ${(experience.bytes / 1e6).toFixed(1)} MB, ${experience.skipped} skipped`,
    ],
    ['lessons', `${view.curve.length} updates, ${lessonSeconds.toFixed(0)} s`],
  ]);
}

function describeKept(cli: Cli, policies: readonly KeptPolicyView[]): string {
  return table(cli.terminal, policies, [
    { title: 'version', value: ({ version, current }) => `${current ? '*' : ' '} ${version}` },
    { title: 'lineage', value: lineageOf },
    { title: 'made', value: ({ lineage }) => (lineage.madeAt === 0 ? 'packaged' : ago(lineage.madeAt, Date.now())) },
    { title: 'decisions', align: 'right', value: ({ lineage }) => String(lineage.decisions) },
    { title: 'gain', align: 'right', value: ({ merit }) => merit?.gain.toFixed(3) ?? '' },
    { title: 'note', value: ({ lineage }) => lineage.note ?? '' },
  ]);
}

function lineageOf({ lineage: { kind, parent } }: KeptPolicyView): string {
  return parent === undefined ? kind : `${kind} from ${parent}`;
}

function changed({ policy, scheduler, why }: PolicyView): string {
  return `Policy ${policy} is the current one. Tasks are placed by ${scheduler}: ${why}`;
}
