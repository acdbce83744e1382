import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../../daemon/config/load.ts';
import { isSecret, redactConfig, redactText } from '../../../daemon/config/redact.ts';
import { SETTINGS } from '../../../daemon/config/settings.ts';

describe('redactText', () => {
  it('hides users and passwords in addresses and leaves the rest', () => {
    expect(redactText('rtsp://admin:pa@ss@10.0.0.1:554/stream?x=a@b')).toBe('rtsp://•••@10.0.0.1:554/stream?x=a@b');
    expect(redactText('mqtt://user@broker')).toBe('mqtt://•••@broker');
    expect(redactText('http://cam.lan/a@b.jpg')).toBe('http://cam.lan/a@b.jpg');
    expect(redactText('folder:/srv/me@home')).toBe('folder:/srv/me@home');
  });
});

describe('redactConfig', () => {
  it('shows everything but secrets', () => {
    const flags = {
      'mqtt.password': 'hunter2',
      'agents.bridges': '[{"name":"a","url":"mqtt://me:hunter2@a","password":"hunter2","from":"a/","to":"b/"}]',
      'mqtt.url': '["mqtt://me:hunter2@a"]',
      cameras: '[{"name":"a","source":"rtsp://me:hunter2@cam/1"}]',
    };
    const check = checkConfig({ env: {}, flags, defaultFile: '/nowhere.yaml' });
    const shown = JSON.stringify(check.ok && redactConfig(check.loaded.config));
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('"password":"•••"');
    expect(shown).toContain('rtsp://•••@cam/1');
    expect(shown).toContain('"port":7420');
  });

  it('covers every setting that the schema calls a secret', () => {
    const called = SETTINGS.filter(({ path, description }) => /secret|password|token$/i.test(`${description} ${path}`));
    const secrets = called.filter(({ description }) => description.startsWith('Secret'));
    expect(secrets.length).toBeGreaterThan(0);
    for (const { path } of secrets) expect(isSecret(path), path).toBe(true);
  });
});
