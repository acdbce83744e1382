import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

const unitFile = resolve(import.meta.dirname, '../../systemd/parlmesh.service');
const installer = resolve(import.meta.dirname, '../../scripts/install.sh');
const program = resolve(import.meta.dirname, '../../bin/parlmesh');
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
    expect(unit).toContain('Restart=always\n');
    // Not 4, which is a restart by itself.
    expect(unit).toContain('RestartPreventExitStatus=2 3\n');
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
  });

  it('starts the program where the installer puts it', () => {
    const [, prefix] = /^prefix=(.+)$/m.exec(readFileSync(installer, 'utf8')) ?? [];
    expect(readFileSync(unitFile, 'utf8')).toContain(`ExecStart=${prefix}/current/bin/parlmesh run\n`);
  });
});

describe('The example rule for polkit', () => {
  interface Asked {
    id: string;
    unit: string;
    verb: string;
    user: string;
  }
  const rule = readFileSync(resolve(import.meta.dirname, '../../systemd/50-parlmesh.rules'), 'utf8');
  const allowed: Asked = {
    ...{ id: 'org.freedesktop.systemd1.manage-units', unit: 'mosquitto.service', verb: 'restart', user: 'parlmesh' },
  };
  const answerTo = (asked: Asked): unknown => {
    let answer: unknown;
    const action = { id: asked.id, lookup: (key: 'unit' | 'verb') => asked[key] };
    const addRule = (judge: (action: unknown, subject: unknown) => unknown): void => {
      answer = judge(action, { user: asked.user });
    };
    runInNewContext(rule, { polkit: { addRule, Result: { YES: 'yes' } } });
    return answer;
  };

  it('allows the restart of one unit to one user, and says nothing of anything else', () => {
    expect(answerTo(allowed)).toBe('yes');
    for (const other of [{ id: 'org.a.b' }, { unit: 'ssh.service' }, { verb: 'stop' }, { user: 'ada' }]) {
      expect(answerTo({ ...allowed, ...other })).toBeUndefined();
    }
    expect(readFileSync(unitFile, 'utf8')).toContain(`User=${allowed.user}\n`);
  });
});

describe('The service', () => {
  it("puts its socket into systemd's runtime folder, for its group", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parlmesh-service-'));
    const runtime = join(folder, 'run');
    mkdirSync(runtime);
    const daemon = spawn(program, ['run'], {
      stdio: 'ignore',
      env: {
        ...process.env,
        STATE_DIRECTORY: join(folder, 'state'),
        RUNTIME_DIRECTORY: runtime,
        PARLMESH_CONFIG: '',
        PARLMESH_HTTP_HOST: '127.0.0.1',
        PARLMESH_HTTP_PORT: '0',
        PARLMESH_MQTT_EMBEDDED_PORT: '0',
        PARLMESH_MESH_ENABLED: 'false',
      },
    });
    const exited = once(daemon, 'exit');
    try {
      const socket = join(runtime, 'parlmesh.sock');
      await expect.poll(() => existsSync(socket), { timeout: 20_000 }).toBe(true);
      expect(statSync(socket).mode & 0o777).toBe(0o660);
      expect(readdirSync(join(folder, 'state'))).not.toContain('parlmesh.sock');
    } finally {
      daemon.kill();
      await exited;
      rmSync(folder, { recursive: true });
    }
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

  it('takes --purge only together with --uninstall', async () => {
    await expect(run('sh', [installer, '--purge'])).rejects.toMatchObject({ code: 2 });
  });
});
