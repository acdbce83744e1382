import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT, CAMERA, event, HARDWARE, LINK, NODE, type Outcome, PEER, STORE, Stage, start } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await new Stage().open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const run = (...args: string[]): Promise<Outcome> => start([...args, '--data-dir', stage.dataDir]).done;

describe('doctor', () => {
  it('finds nothing wrong with a node that was stopped, nor with the link to it', async () => {
    stage.answers['GET peers'] = [{ ...PEER, state: 'stopped', lastError: 'it was stopped' }];
    stage.answers['GET links'] = [{ ...LINK, state: 'down', cause: 'it was stopped' }];
    expect(await run('doctor')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is wrong.') });
  });

  it('names an address of mesh.bootstrap that leads nowhere, until it works', async () => {
    const address = '/ip4/10.0.0.9/tcp/7421';
    const failed = { kind: 'mesh.bootstrap.failed', subject: 'service/mesh', data: { address } };
    stage.answers['GET events'] = [event(1, { ...failed, message: `The address ${address} leads nowhere: refused` })];
    expect((await run('doctor')).stdout).toContain(`warning: The address ${address} leads nowhere: refused`);
    stage.answers['GET events'] = [event(2, { ...failed, kind: 'mesh.bootstrap.reached' }), event(1, failed)];
    expect((await run('doctor')).stdout).toContain('Nothing is wrong.');
  });

  it('explains each problem with cause, next step and journal, and exits with 1', async () => {
    stage.answers['GET node'] = {
      ...NODE,
      health: { state: 'degraded', sentence: 'x', problems: [] },
      services: [
        {
          name: 'mqtt',
          state: 'degraded',
          required: false,
          since: Date.now(),
          cause: 'connection refused',
          attempts: 3,
        },
      ],
    };
    stage.answers['GET agents'] = [
      { ...AGENT, id: 'hardware', state: 'degraded', restarts: 6, lastError: 'no sensor' },
    ];
    stage.answers['GET cameras'] = [{ ...CAMERA, state: 'lost', cause: 'no route to host' }];
    stage.answers['GET links'] = [{ ...LINK, state: 'down', cause: '3 probes missed' }];
    stage.answers['GET peers'] = [{ ...PEER, state: 'gone' }];
    stage.answers['GET store'] = { ...STORE, state: 'full', cause: 'disk is full' };
    stage.answers['GET hardware'] = {
      ...HARDWARE,
      temperatureCelsius: 84,
      throttling: {
        underVoltage: true,
        frequencyCapped: true,
        throttled: true,
        softTemperatureLimit: false,
        everUnderVoltage: true,
        everThrottled: true,
      },
      disk: { path: '/data', totalBytes: 32e9, availableBytes: 1e8 },
    };
    stage.answers['GET events'] = [event(9, { subject: 'camera/door', message: 'Camera door is lost: ffmpeg ended' })];
    const { code, stdout } = await run('doctor');
    expect(code).toBe(1);
    for (const part of [
      '9 problems found.',
      'Service mqtt is degraded: connection refused; tried 3 times',
      'Agent hardware is degraded after 6 restarts: no sensor',
      'parlmesh agents restart hardware',
      'Camera door is lost: no route to host',
      'Camera door is lost: ffmpeg ended',
      'The link to barn is down: 3 probes missed',
      'Node barn is gone',
      'The store is full: disk is full',
      'The supply voltage is too low',
      'slowed down at 84 °C',
      'Only 100 MB of disk are left at /data',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout.indexOf('error: ')).toBeLessThan(stdout.indexOf('warning: '));
    const json = await run('doctor', '-o', 'json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout).findings[0]).toMatchObject({ severity: 'error', subject: 'service/mqtt' });
  });
});
