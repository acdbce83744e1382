// Units restarted by a systemctl that is not systemd's: what it is told, and what becomes of each way to end.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { proposedSymptom } from '../../../agents/mapek/proposals.ts';
import { loadConfig } from '../../../daemon/config/load.ts';
import { type ServiceHandsParts, serviceHands } from '../../../daemon/mapek/actions/services.ts';
import { restartUnits } from '../../../daemon/mapek/actions/systemd-units.ts';

const UNITS = [{ unit: 'mosquitto.service', for: 'broker' as const }];
const never = new AbortController().signal;
let folder: string;

/** @param then lines of shell, after it wrote down how it was called */
function systemctl(then = ''): void {
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >"${folder}/called"\nenv >"${folder}/env"\n${then}\n`;
  writeFileSync(join(folder, 'systemctl'), script, { mode: 0o755 });
}
const called = (): string[] => readFileSync(join(folder, 'called'), 'utf8').trimEnd().split('\n');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parlmesh-systemctl-'));
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('restartUnits', () => {
  it('calls systemctl once for all, without a shell, a password prompt, or what the environment hides', async () => {
    vi.stubEnv('PARLMESH_MQTT_PASSWORD', 'hidden');
    systemctl();
    expect(await restartUnits(['mosquitto.service', 'b@1.service'], never)).toBe(
      'systemd restarted mosquitto.service and b@1.service',
    );
    expect(called()).toEqual(['--no-ask-password', 'restart', '--', 'mosquitto.service', 'b@1.service']);
    expect(readFileSync(join(folder, 'env'), 'utf8')).not.toContain('hidden');
  });

  it('fails with what systemctl said, and names the rule that is missing', async () => {
    systemctl('echo "Job for a.service failed." >&2; echo "See journalctl." >&2; exit 1');
    await expect(restartUnits(['a.service'], never)).rejects.toMatchObject({
      ...{ code: 'REPAIR_FAILED', message: 'a.service not restarted: Job for a.service failed. See journalctl.' },
    });
    systemctl('echo "Failed to restart a.service: Interactive authentication required." >&2; exit 4');
    await expect(restartUnits(['a.service'], never)).rejects.toThrow(/required\. .*rule of polkit.*docs\/install\.md/);
    systemctl('exit 5');
    await expect(restartUnits(['a.service'], never)).rejects.toThrow('systemctl ended with 5');
  });

  it('gives up one that does not end, one that prints without end, and at once when told to', async () => {
    systemctl('exec sleep 600');
    await expect(restartUnits(['a.service'], never, 300)).rejects.toThrow('did not end within 0.3 s');
    systemctl('exec yes');
    await expect(restartUnits(['a.service'], never)).rejects.toThrow('printed more than 16384 bytes');
    systemctl('exec sleep 600');
    const abort = new AbortController();
    const restarted = restartUnits(['a.service'], abort.signal);
    abort.abort(new Error('the daemon stops'));
    await expect(restarted).rejects.toThrow('the daemon stops');
    await expect(restartUnits(['a.service'], abort.signal)).rejects.toThrow('the daemon stops');
  });

  it('says so where there is no systemctl', async () => {
    vi.stubEnv('PATH', folder);
    await expect(restartUnits(['a.service'], never)).rejects.toThrow('there is no systemctl on PATH');
  });
});

describe('The unit of the broker', () => {
  const symptom = proposedSymptom('broker-down', 'service/mqtt', 'it does not answer', 0);
  const status = { name: 'mqtt', required: false, state: { kind: 'running' as const }, since: 0, attempts: 1 };
  const handOf = (own: Partial<ServiceHandsParts>, reconnect = async () => {}) =>
    serviceHands({
      ...{ dataDir: folder, brokers: ['mqtt://127.0.0.1:1883'], config: { restartUnits: UNITS }, systemd: folder },
      lifecycle: { statuses: () => [status], restart: async () => {} },
      telemetry: { reconnect },
      store: { freeSpace: async () => {}, restore: () => Promise.reject(new Error('not here')) },
      clips: { freeSpace: async () => {} },
      ...own,
    })['process.restart-unit']!;

  it('is restarted only where one is named, the broker is on this host, and systemd runs', () => {
    const may = (own: Partial<ServiceHandsParts>) => handOf(own).precondition(symptom);
    expect(may({})).toBe(true);
    for (const broker of ['mqtts://localhost:8883', 'mqtt://user:secret@127.0.0.1', 'ws://[::1]:9001/mqtt']) {
      expect(may({ brokers: ['mqtt://hub.lan', broker] })).toBe(true);
    }
    expect(may({ config: { restartUnits: [] } })).toMatch(/names no unit/);
    expect(may({ brokers: ['mqtt://hub.lan', 'mqtt://127.example.org', 'nonsense'] })).toMatch(/on this host/);
    expect(may({ brokers: [] })).toMatch(/on this host/);
    expect(may({ systemd: join(folder, 'missing') })).toBe('systemd does not run here');
    expect(may({ lifecycle: { statuses: () => [], restart: async () => {} } })).toMatch(/MQTT is switched off/);
  });

  it('is restarted, then the connection made anew; what does not listen yet is looked for on', async () => {
    systemctl();
    const order: string[] = [];
    const reconnect = async (): Promise<void> => {
      order.push(existsSync(join(folder, 'called')) ? 'after' : 'before');
      throw new Error('nobody listens yet');
    };
    const said = await handOf({}, reconnect).carryOut(symptom, 'a test', never);
    expect(said).toBe('systemd restarted mosquitto.service');
    expect(order).toEqual(['after']);
  });

  it('is not reconnected to when systemd could not restart it', async () => {
    systemctl('exit 1');
    const reconnect = vi.fn(async () => {});
    await expect(handOf({}, reconnect).carryOut(symptom, 'a test', never)).rejects.toThrow(/not restarted/);
    expect(reconnect).not.toHaveBeenCalled();
  });
});

describe('mapek.restartUnits', () => {
  const load = (unit: string) =>
    loadConfig({
      ...{ env: {}, defaultFile: '/nowhere.yaml' },
      flags: { 'mapek.restartUnits': JSON.stringify([{ unit, for: 'broker' }]) },
    }).config.mapek.restartUnits;

  it('takes names of units alone', () => {
    for (const unit of ['mosquitto.service', 'emqx@a-1.service', 'a:b_c.service']) expect(load(unit)).toHaveLength(1);
    for (const unit of [
      ...['mosquitto', 'a.target', '-a.service', '--force.service', 'a b.service', 'a/b.service', 'a;b.service'],
      ...['*.service', 'a.service\n', '.service', `${'a'.repeat(101)}.service`],
    ]) {
      expect(() => load(unit), unit).toThrow();
    }
  });

  it('refuses the unit of the daemon, and says what is for that', () => {
    expect(() => load('parlmesh.service')).toThrow(/is the daemon itself.*mapek\.restartSelf/);
  });

  it('takes 16 at most', () => {
    const flags = { 'mapek.restartUnits': JSON.stringify(Array.from({ length: 17 }, () => UNITS[0])) };
    expect(() => loadConfig({ env: {}, flags, defaultFile: '/nowhere.yaml' })).toThrow();
  });
});
