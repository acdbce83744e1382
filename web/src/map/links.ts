// What is known of each link on the map: of this node's own as it measures them, of others' what they announced. Pure.

import type { LinkView, TopologyView } from '../../../daemon/view/schema.ts';
import { capital, count, latency, percent, plainCost } from '../format.ts';

export type MapLink = TopologyView['links'][number];

/** A link with this node's own measurements, where it is one of its own. */
export interface KnownLink {
  link: MapLink;
  own: LinkView | undefined;
}

/** From so much on it is a link that flaps, as one of its ends says: its cost is no measure of it then. */
const LAST_RESORT = 10_000;
/** Less is not worth a word on the map. */
const NOTABLE_LOSS = 0.01;

export function knownLinks(all: readonly MapLink[], own: readonly LinkView[], self: string | undefined): KnownLink[] {
  const byPeer = new Map(own.map((link) => [link.peer, link]));
  return all.map((link) => {
    const peer = link.a === self ? link.b : link.b === self ? link.a : undefined;
    return { link, own: peer === undefined ? undefined : byPeer.get(peer) };
  });
}

/** What stands on the link, the fullest first. */
export function labelsOf({ link, own }: KnownLink, isWide: boolean): string[] {
  const roundTrip = own?.roundTripSeconds ?? link.roundTripSeconds;
  const main = link.state === 'up' ? latency(roundTrip) : link.state;
  const isLastResort = own?.damped === true || link.cost >= LAST_RESORT;
  const marks = [
    isLastResort && 'last resort',
    own !== undefined && link.state !== 'down' && own.loss >= NOTABLE_LOSS && `${percent(own.loss)} lost`,
    own?.probe === 'stream' && link.state === 'up' && 'no UDP',
  ].filter((mark) => typeof mark === 'string');
  const short = [main, ...marks.slice(0, 1)].join(', ');
  const full = [main, ...marks, ...(isLastResort ? [] : [`cost ${plainCost(link.cost)}`])].join(', ');
  return [...new Set(isWide ? [full, short, main] : [short, main])];
}

/** The whole truth about a link in two sentences: what is measured, and how that is known. */
export function linkInWords({ link, own }: KnownLink, tellers: readonly [a: string, b: string]): [string, string] {
  if (own === undefined) {
    return [
      `Round trip ${latency(link.roundTripSeconds)}, cost ${plainCost(link.cost)}`,
      `As ${tellers.join(' and ')} announce it`,
    ];
  }
  const { jitterSeconds, roundTripSeconds, loss, flaps = 0, cause, indirect } = own;
  const measured = `Round trip ${latency(roundTripSeconds)}, jitter ${latency(jitterSeconds)}, loss ${percent(loss)}, cost ${plainCost(own.cost)}`;
  const history = [
    own.state !== 'up' && cause,
    `probed ${probeInWords(own)}`,
    flaps > 0 && `failed ${count(flaps, 'time')}`,
    own.damped && 'damped: a last resort until it holds',
    indirect && (indirect.reached ? `${indirect.via} reaches the peer` : askedInWords(indirect.asked)),
  ].filter((word) => typeof word === 'string');
  return [measured, capital(history.join(', '))];
}

/** "by UDP", and what that costs in knowledge where it is another way. */
export function probeInWords({ probe, pace, interface: name }: LinkView): string {
  const by = probe === 'stream' ? 'over its connection only, UDP gets no answer' : 'by UDP';
  const rarely = pace === 'eased' ? ', at ease' : '';
  return name === undefined ? `${by}${rarely}` : `${by}${rarely}; the kernel watches ${name}`;
}

function askedInWords(asked: readonly string[]): string {
  return asked.length === 0 ? 'nobody could be asked' : `${asked.join(', ')} cannot reach the peer either`;
}
