// `npm run -s bench -- NAME [--json] [options]`: runs bench/NAME/run.ts, which prints one JSON object a line:
// {"bench","case","metric","value","unit"} and, where there is something to compare with, "target" or
// "peer","peerValue","ratio". Without --json the lines are shown as a table.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const here = import.meta.dirname;
const [name, ...rest] = process.argv.slice(2);
const known = readdirSync(here).filter((entry) => existsSync(join(here, entry, 'run.ts')));
if (name === undefined || !known.includes(name)) {
  console.error(`usage: npm run -s bench -- NAME [--json]\nbenchmarks: ${known.join(', ')}`);
  process.exit(2);
}
const json = rest.includes('--json');
const child = spawn(process.execPath, [join(here, name, 'run.ts'), ...rest], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
});
for await (const line of createInterface({ input: child.stdout })) {
  if (json) {
    console.log(line);
    continue;
  }
  const row: unknown = JSON.parse(line);
  console.log(
    Object.entries(row as Record<string, unknown>)
      .map(([key, value]) => `${key}=${value}`)
      .join('  '),
  );
}
process.exitCode = child.exitCode ?? 1;
