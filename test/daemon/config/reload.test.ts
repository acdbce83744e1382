import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../daemon/config/load.ts';
import { compareConfigs, isLive, liveConfig, takeOver } from '../../../daemon/config/reload.ts';
import { Config } from '../../../daemon/config/schema.ts';
import { SETTINGS } from '../../../daemon/config/settings.ts';

function load(flags: Record<string, string>): Config {
  return loadConfig({ env: {}, flags, defaultFile: '/nowhere.yaml' }).config;
}

/** Differs from the defaults in every live setting and in some others. */
const other = load({
  'log.level': 'debug',
  'http.rateLimit': '77',
  'http.port': '1',
  'mqtt.stateInterval': '7',
  'mqtt.password': 'x',
  'store.maxBytes': '7000000',
  'store.keepDays': '7',
  'store.backupInterval': '777',
  'store.backupsKept': '7',
  'store.writeBudgetPerHour': '777777',
  'hardware.interval': '7',
  'agents.maxRestarts': '7',
  'agents.restartPeriod': '7',
  'agents.heartbeatTimeout': '7',
  'agents.retryDegraded': '7',
  'agents.httpChecks': '[{"name":"a","url":"http://a/"}]',
  'agents.tcpChecks': '[{"name":"a","host":"a","port":7}]',
  'agents.commands': '[{"name":"a","argv":["true"]}]',
  'agents.bridges': '[{"name":"a","url":"mqtt://a","from":"a/","to":"b/"}]',
  'agents.modules.enabled': 'false',
  'agents.modules.folder': '/a',
  'agents.modules.read': '/a',
  'agents.modules.write': '/a',
  'agents.modules.network': 'true',
  'agents.modules.environment': 'A',
  'agents.modules.capabilities': 'a',
  'agents.modules.mostMemory': '77',
  'agents.modules.longestRun': '7',
  'agents.modules.idleTime': '7',
  'vision.snapshots.keepDays': '8',
  'vision.snapshots.maxBytes': '7',
  'vision.snapshots.bytesPerHour': '7',
  'vision.threads': '7',
  'mapek.mode': 'advise',
  'mapek.atOnce': '7',
  'mapek.actionsPerSubject': '7',
  'mapek.actionsPerNode': '7',
  'mapek.stormActions': '7',
  'mapek.stormPause': '7',
  'mapek.relapseWithin': '7',
  'mapek.questionDays': '7',
  'mapek.helpNeighbours': 'false',
  'mapek.restartUnits': '[{"unit":"a.service","for":"broker"}]',
  'mapek.restartSelf': 'true',
  'mapek.webhook': 'http://a/',
  'mapek.quietHours.from': '22:00',
  'mapek.quietHours.until': '06:00',
  'anomalies.enabled': 'false',
  'anomalies.falseAlarmsPerDay': '7',
  'anomalies.quietHours': '[{"from":"22:00","to":"06:00"}]',
  cameras: '[{"name":"a","source":"rendered:"}]',
  name: 'other',
});

describe('compareConfigs', () => {
  it('finds nothing between equal configurations', () => {
    expect(compareConfigs(load({}), load({}))).toEqual({ applied: [], needRestart: [] });
  });

  it('parts what takes effect now from what waits for a start', () => {
    const { applied, needRestart } = compareConfigs(load({}), other);
    expect(applied).toEqual(SETTINGS.map(({ path }) => path).filter(isLive));
    expect(applied).toEqual(expect.arrayContaining(['cameras', 'log.level']));
    expect(needRestart).toEqual([
      ...['name', 'http.port', 'http.rateLimit', 'mqtt.password'],
      ...['mapek.helpNeighbours', 'anomalies.enabled', 'vision.threads'],
    ]);
  });

  it('takes another mode of the self-healing, but does not switch it off or on', () => {
    const mode = (from: string, to: string) => {
      const [running, next] = [load({ 'mapek.mode': from }), load({ 'mapek.mode': to })];
      return [compareConfigs(running, next).applied, liveConfig(running, next).mapek.mode];
    };
    expect(mode('repair', 'advise')).toEqual([['mapek.mode'], 'advise']);
    expect(mode('repair', 'off')).toEqual([[], 'repair']);
    expect(mode('off', 'advise')).toEqual([[], 'off']);
  });
});

describe('liveConfig', () => {
  it('takes exactly the live settings', () => {
    const running = load({});
    const merged = liveConfig(running, other);
    expect(Value.Check(Config, merged)).toBe(true);
    expect(compareConfigs(running, merged)).toEqual({
      applied: compareConfigs(running, other).applied,
      needRestart: [],
    });
  });

  it('is taken over whole: what is not set any more is gone', () => {
    const { mapek } = load({ 'mapek.webhook': 'http://a/', 'mapek.atOnce': '7' });
    takeOver(mapek, load({}).mapek);
    expect(mapek).toEqual(load({}).mapek);
  });
});
