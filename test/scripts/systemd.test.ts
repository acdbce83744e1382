import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const unitFile = resolve(import.meta.dirname, '../../systemd/parlmesh.service');
const installer = resolve(import.meta.dirname, '../../scripts/install.sh');
const analyze = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find((path) => existsSync(path));
const run = promisify(execFile);

describe('The systemd unit', () => {
  it('passes systemd-analyze verify', async (test) => {
    if (analyze === undefined) return test.skip('no systemd-analyze on this machine');
    const folder = mkdtempSync(join(tmpdir(), 'parlmesh-unit-'));
    try {
      // The program is not installed here: only its path is exchanged for one that exists.
      const unit = readFileSync(unitFile, 'utf8').replaceAll('/opt/parlmesh/current/bin/parlmesh', '/bin/true');
      const file = join(folder, 'parlmesh.service');
      writeFileSync(file, unit);
      const { stdout, stderr } = await run(analyze, ['verify', '--man=no', file]);
      expect(`${stdout}${stderr}`).not.toContain('parlmesh.service');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('keeps the exposure that systemd-analyze security counts at 2.0 or less', async (test) => {
    if (analyze === undefined) return test.skip('no systemd-analyze on this machine');
    await expect(run(analyze, ['security', '--offline=true', '--threshold=20', unitFile])).resolves.toBeDefined();
  });

  it('turns telemetry of the inference library off, and does not restart for a wrong configuration', () => {
    const unit = readFileSync(unitFile, 'utf8');
    expect(unit).toContain('Environment=ORT_DISABLE_TELEMETRY=1');
    expect(unit).toContain('RestartPreventExitStatus=2');
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
  });
});

describe('install.sh', () => {
  it('is a shell script without mistakes of syntax, and says how it is used', async () => {
    await run('sh', ['-n', installer]);
    const { stdout } = await run('sh', [installer, '--help']);
    expect(stdout).toContain('--uninstall');
  });

  it('refuses an option that it does not know, with exit code 2', async () => {
    await expect(run('sh', [installer, '--unknown'])).rejects.toMatchObject({ code: 2 });
  });
});
