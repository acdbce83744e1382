// Finds cameras that speak ONVIF: asks once into the local networks who is there (WS-Discovery over UDP multicast) and
// reads the answers. Nothing is asked of the cameras themselves, and nothing leaves the local networks.

import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

export interface FoundCamera {
  /** Its address on the network that it answered from. */
  host: string;
  /** What it calls itself, its make, and where it says to be; undefined where it does not tell. */
  name?: string;
  hardware?: string;
  location?: string;
  /** Addresses of its ONVIF service. */
  services: string[];
}

export interface DiscoveryOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Unique for each question. */
  messageId: string;
  /** How long answers are waited for. */
  patience: Millis;
  /** Default: all IPv4 networks that this board is in. */
  from?: readonly string[];
  /** Default: where all devices listen. */
  to?: { address: string; port: number };
}

const EVERYBODY = { address: '239.255.255.250', port: 3702 };
/** A datagram has at most 65,507 bytes; cameras answer with about 2,000. */
const MOST_BYTES = 32_768;
const MOST_CAMERAS = 256;
const MOST_TEXT = 200;
const SCOPES = 'onvif://www.onvif.org/';
/** Multicast is lost easily: each network is asked again. */
const TIMES = 2;
const BETWEEN: Millis = 300;

/** Rejects with `DISCOVERY_FAILED` when no network can be asked. Sorted by address, each camera once. */
export async function discoverCameras(options: DiscoveryOptions): Promise<FoundCamera[]> {
  const from = options.from ?? localAddresses();
  const found = new Map<string, FoundCamera>();
  const failures: string[] = [];
  await Promise.all(
    from.map((address) => ask(address, options, found).catch((error: unknown) => failures.push(messageOf(error)))),
  );
  if (failures.length === from.length) {
    const why = failures[0] ?? 'this board is in no IPv4 network';
    throw new ParlmeshError('DISCOVERY_FAILED', `No network can be asked for cameras: ${why}`);
  }
  return [...found.values()].sort((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }));
}

/** The question, as SOAP. Pure. */
export function probeMessage(messageId: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>uuid:${messageId}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>`;
}

/** Cameras in an answer, by their identity; none in what is no answer. Never throws. Pure. */
export function readAnswer(bytes: Uint8Array, host: string): Map<string, FoundCamera> {
  const cameras = new Map<string, FoundCamera>();
  if (bytes.length > MOST_BYTES) return cameras;
  let root: XmlElement | null;
  try {
    root = parseXml(Buffer.from(bytes).toString('utf8')).root;
  } catch {
    return cameras;
  }
  if (root === null) return cameras;
  for (const match of elements(root, 'ProbeMatch')) {
    const scopes = textOf(match, 'Scopes').split(/\s+/);
    // Printers answer the same question.
    const isCamera = /NetworkVideo/.test(textOf(match, 'Types')) || scopes.some((one) => one.startsWith(SCOPES));
    if (!isCamera) continue;
    const services = textOf(match, 'XAddrs')
      .split(/\s+/)
      .filter((address) => /^https?:\/\//.test(address) && URL.canParse(address));
    const [name, hardware, location] = ['name', 'hardware', 'location'].map((kind) => scopeOf(scopes, kind));
    const id = textOf(match, 'Address') || host;
    cameras.set(id, {
      host,
      ...(name !== undefined && { name }),
      ...(hardware !== undefined && { hardware }),
      ...(location !== undefined && { location }),
      services: services.slice(0, 8).map((address) => address.slice(0, MOST_TEXT)),
    });
  }
  return cameras;
}

async function ask(from: string, options: DiscoveryOptions, found: Map<string, FoundCamera>): Promise<void> {
  const { clock, signal, messageId, patience, to = EVERYBODY } = options;
  const socket = await bound(from, to === EVERYBODY);
  try {
    socket.on('message', (bytes, { address }) => {
      for (const [id, camera] of readAnswer(bytes, address)) {
        if (found.size < MOST_CAMERAS && !found.has(id)) found.set(id, camera);
      }
    });
    const question = Buffer.from(probeMessage(messageId));
    for (let time = 0; time < TIMES; time++) {
      if (time > 0) await delay(clock, BETWEEN, signal);
      await new Promise<void>((resolve, reject) =>
        socket.send(question, to.port, to.address, (error) => (error === null ? resolve() : reject(error))),
      );
    }
    await delay(clock, patience, signal);
  } finally {
    socket.close();
  }
}

function bound(address: string, multicast: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(0, address, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      try {
        if (multicast) {
          socket.setMulticastInterface(address);
          // Not beyond the network's router.
          socket.setMulticastTTL(1);
        }
        resolve(socket);
      } catch (error) {
        socket.close();
        reject(error);
      }
    });
  });
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

/** All elements of that name, whatever their namespace is called. */
function* elements(parent: XmlElement, name: string): Generator<XmlElement> {
  const open = [parent];
  for (let element = open.pop(); element !== undefined; element = open.pop()) {
    if (element.name.replace(/^.*:/, '') === name) yield element;
    for (const child of element.children.toReversed()) if (child instanceof XmlElement) open.push(child);
  }
}

function textOf(parent: XmlElement, name: string): string {
  for (const element of elements(parent, name)) return element.text.trim();
  return '';
}

/** `onvif://www.onvif.org/name/Front%20door` */
function scopeOf(scopes: readonly string[], kind: string): string | undefined {
  const prefix = `${SCOPES}${kind}/`;
  const scope = scopes
    .find((one) => one.toLowerCase().startsWith(prefix))
    ?.slice(prefix.length, prefix.length + MOST_TEXT);
  if (scope === undefined || scope === '') return undefined;
  let text = scope;
  try {
    text = decodeURIComponent(scope);
  } catch {
    // As it came.
  }
  // What a terminal would take for a command is no name.
  return text.replace(/\p{C}/gu, '').trim() || undefined;
}
