// What a schema cannot say: names that must exist or be unique, addresses that must parse, files that must be there.

import { accessSync, constants } from 'node:fs';
import { multiaddr } from '@multiformats/multiaddr';
import { messageOf } from '../../core/errors.ts';
import { nearest } from './problem.ts';
import { isGroup, isSet } from './tree.ts';
import { type Finding, type Rules, sketch } from './validate.ts';

const CAMERA_SCHEMES = ['folder', 'http', 'https', 'mjpeg+http', 'mjpeg+https', 'rtsp', 'rtsps', 'v4l2', 'file'];
/** These stand alone. */
const SELF_CONTAINED = ['libcamera', 'rpicam', 'rendered'];
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;
const BROKER_SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];

/** A rule about text; says what is wrong, or nothing. */
function text(judge: (value: string, path: string) => Omit<Finding, 'path'> | undefined): Rules[string] {
  return (value, path) => {
    const verdict = typeof value === 'string' ? judge(value, path) : undefined;
    return verdict === undefined ? [] : [{ path, ...verdict }];
  };
}

const address = text((value, path) => {
  const example = { expected: 'one like /ip4/192.168.1.5/tcp/7421', got: sketch(value, path) };
  try {
    const overTcp = multiaddr(value)
      .getComponents()
      .some(({ name }) => name === 'tcp');
    return overTcp ? undefined : { message: 'is not an address over TCP, the only transport of the mesh', ...example };
  } catch (thrown) {
    return { message: `is not a multiaddress (${messageOf(thrown)})`, ...example };
  }
});

const readableFile = text((value) => {
  try {
    accessSync(value, constants.R_OK);
    return undefined;
  } catch (thrown) {
    return { message: `cannot be read (${messageOf(thrown)})`, expected: 'a readable PEM file' };
  }
});

const notEmpty = text((value) => (value.trim() === '' ? { message: 'is empty' } : undefined));

/** Nothing would keep that from looping. */
const notItself = text((value) =>
  value === 'parlmesh.service'
    ? { message: 'is the daemon itself', expected: 'mapek.restartSelf: true for that' }
    : undefined,
);

const cameraSource = text((value, path) => {
  const [scheme, rest] = splitScheme(value);
  if (scheme !== undefined && SELF_CONTAINED.includes(scheme)) return undefined;
  if (scheme !== undefined && CAMERA_SCHEMES.includes(scheme)) {
    const web = scheme.includes('http') || scheme.startsWith('rtsp');
    const complete = web ? rest.startsWith('//') && URL.canParse(value) : rest !== '';
    return complete ? undefined : { message: 'is incomplete', got: sketch(value, path) };
  }
  const meant = scheme === undefined ? undefined : nearest(scheme, [...CAMERA_SCHEMES, ...SELF_CONTAINED]);
  return {
    message: 'is no source of pictures',
    expected: `one that begins with ${[...CAMERA_SCHEMES, 'libcamera'].map((one) => `${one}:`).join(', ')} or rendered:`,
    got: sketch(value, path),
    suggestion: meant === undefined ? undefined : `${meant}:`,
  };
});

function splitScheme(value: string): [scheme: string | undefined, rest: string] {
  const match = /^([a-z][a-z0-9+]*):(.*)$/is.exec(value);
  return match === null ? [undefined, value] : [match[1]!.toLowerCase(), match[2]!];
}

function brokers(value: unknown, path: string): Finding[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((url: unknown, index): Finding[] => {
    if (typeof url === 'string' && URL.canParse(url) && BROKER_SCHEMES.includes(new URL(url).protocol)) return [];
    const where = Array.isArray(value) ? `${path}[${index}]` : path;
    const expected = 'an address like mqtt://broker.lan:1883 (mqtt, mqtts, ws or wss)';
    return [{ path: where, message: 'is not a broker', expected, got: sketch(url, where) }];
  });
}

/** A broker that others can reach must not let everybody in. */
function openBroker(value: unknown, path: string): Finding[] {
  if (!isGroup(value) || !isGroup(value.embedded) || isSet(value, 'url')) return [];
  const { host } = value.embedded;
  if (typeof host !== 'string' || LOOPBACK.test(host) || value.embedded.enabled === false || value.enabled === false) {
    return [];
  }
  const missing = ['username', 'password'].filter((key) => !isSet(value, key));
  return missing.map((key) => ({ path: `${path}.${key}`, message: `is missing: the broker listens on ${host}` }));
}

function uniqueNames(value: unknown, path: string): Finding[] {
  if (!Array.isArray(value)) return [];
  const first = new Map<unknown, number>();
  return value.flatMap((item: unknown, index): Finding[] => {
    const name = isGroup(item) ? item.name : undefined;
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, index);
      return [];
    }
    const where = `${path}[${index}].name`;
    return [{ path: where, message: `is the name of ${path}[${earlier}] already`, got: sketch(name, where) }];
  });
}

/** What is read is a zone of its camera, each once. */
function readZonesExist(camera: unknown, path: string): Finding[] {
  if (!isGroup(camera) || !Array.isArray(camera.readings) || !Array.isArray(camera.zones)) return [];
  const zones = camera.zones.flatMap((zone: unknown) =>
    isGroup(zone) && typeof zone.name === 'string' ? [zone.name] : [],
  );
  const seen = new Set<unknown>();
  return camera.readings.flatMap((reading: unknown, index): Finding[] => {
    const name = isGroup(reading) ? reading.zone : undefined;
    const where = `${path}.readings[${index}].zone`;
    const known = typeof name === 'string' && zones.includes(name);
    const isFirst = !seen.has(name);
    seen.add(name);
    if (known && isFirst) return [];
    const message = known ? 'is read by an earlier entry already' : 'is no zone of this camera';
    const suggestion = typeof name === 'string' && !known ? nearest(name, zones) : undefined;
    return [{ path: where, message, got: sketch(name, where), suggestion }];
  });
}

/** Places are in zones of their camera; a display's is read. */
function placesFit(camera: unknown, path: string): Finding[] {
  if (!isGroup(camera) || !Array.isArray(camera.places)) return [];
  const named = (list: unknown, key: string): unknown[] =>
    Array.isArray(list) ? list.map((one: unknown) => (isGroup(one) ? one[key] : undefined)) : [];
  const zones = named(camera.zones, 'name');
  const read = named(camera.readings, 'zone');
  return camera.places.flatMap((place: unknown, index): Finding[] => {
    if (!isGroup(place)) return [];
    const { zone, kind } = place;
    const where = `${path}.places[${index}].zone`;
    const got = sketch(zone, where);
    // Here, since a place is one of several kinds, which rules by path do not reach into.
    const patterns = ['well', 'fault'].flatMap((key) =>
      regularExpression(place[key], `${path}.places[${index}].${key}`),
    );
    if (patterns.length > 0) return patterns;
    if (!zones.includes(zone)) return [{ path: where, message: 'is no zone of this camera', got }];
    if (kind !== 'display' || read.includes(zone)) return [];
    return [{ path: where, message: 'is not read', got, expected: 'a zone that is among the readings of this camera' }];
  });
}

/** What is said of a budget must fit what is said of noise. */
function privacyFits(privacy: unknown, path: string): Finding[] {
  if (!isGroup(privacy)) return [];
  const { noise } = privacy;
  const [hasBudget, hasRenewal] = [isSet(privacy, 'budget'), isSet(privacy, 'renewal')];
  if (hasBudget && !(typeof noise === 'number' && noise > 0)) {
    const message = 'needs noise: without it every round gives away without bound';
    return [{ path: `${path}.budget`, message, expected: `${path}.noise of 1 or more, or no budget` }];
  }
  if (!hasRenewal || hasBudget) return [];
  return [
    { path: `${path}.renewal`, message: 'renews a budget, and there is none', expected: `${path}.budget beside it` },
  ];
}

function dutyCycleFits(cycle: unknown, path: string): Finding[] {
  if (!isGroup(cycle) || typeof cycle.awake !== 'number' || typeof cycle.every !== 'number') return [];
  if (cycle.awake < cycle.every) return [];
  const message = 'leaves no time to rest';
  return [{ path: `${path}.awake`, message, expected: `less than ${path}.every`, got: sketch(cycle.awake, path) }];
}

function regularExpression(value: unknown, path: string): Finding[] {
  if (typeof value !== 'string') return [];
  try {
    new RegExp(value, 'u');
    return [];
  } catch (thrown) {
    return [{ path, message: `is no regular expression: ${messageOf(thrown)}`, got: sketch(value, path) }];
  }
}

/** @param profiles names of the board profiles that there are */
export function configRules(profiles: readonly string[]): Rules {
  return {
    dataDir: notEmpty,
    profile: text((value, path) =>
      profiles.includes(value)
        ? undefined
        : {
            message: 'is no profile',
            expected: `one of ${profiles.join(', ')}`,
            got: sketch(value, path),
            suggestion: nearest(value, profiles),
          },
    ),
    'http.host': notEmpty,
    'http.tls.certificate': readableFile,
    'http.tls.key': readableFile,
    'mesh.listen[]': address,
    'mesh.announce[]': address,
    'mesh.bootstrap[]': address,
    mqtt: openBroker,
    'mqtt.url': brokers,
    'mqtt.embedded.host': notEmpty,
    'federation.privacy': privacyFits,
    'power.dutyCycle': dutyCycleFits,
    'mapek.restartUnits[].unit': notItself,
    'agents.httpChecks': uniqueNames,
    'agents.httpChecks[].url': text((value, path) =>
      URL.canParse(value) ? undefined : { message: 'is no web address', got: sketch(value, path) },
    ),
    'agents.tcpChecks': uniqueNames,
    'agents.commands': uniqueNames,
    'agents.bridges': uniqueNames,
    'agents.bridges[].url': brokers,
    cameras: uniqueNames,
    'cameras[]': (camera, path) => [...readZonesExist(camera, path), ...placesFit(camera, path)],
    'cameras[].readings[].pattern': regularExpression,
    'cameras[].places': uniqueNames,
    'cameras[].source': cameraSource,
    'cameras[].zones': uniqueNames,
  };
}
