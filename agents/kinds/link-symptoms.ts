// What is worth telling about links: lossy, slow, flapping. Pure: samples and time in, journal entries out.

import type { Millis } from '../../core/clock.ts';
import type { JournalEntry } from '../../core/journal.ts';
import { CALM, type HysteresisRule, type HysteresisState, observe } from '../hysteresis.ts';

/** One link as measured now. */
export interface LinkSample {
  peer: string;
  peerName: string;
  state: 'up' | 'suspect' | 'down';
  /** Share of probes lost, 0 to 1. */
  loss: number;
  roundTripSeconds?: number;
}

export interface WatchedLink {
  readonly peerName: string;
  readonly up: boolean;
  readonly lossy: HysteresisState;
  readonly slow: HysteresisState;
  readonly flapping: boolean;
  /** Monotonic times at which it went down, within the flap window. */
  readonly falls: readonly Millis[];
}

/** By peer. */
export type WatchedLinks = ReadonlyMap<string, WatchedLink>;

/** Losing every tenth packet slows TCP to a crawl; below three in a hundred it is ordinary radio. */
const LOSSY: HysteresisRule = { raise: 0.1, clear: 0.03, raiseAfter: 3, clearAfter: 5 };
/** A direct hop that takes longer than a satellite's is congested or a radio at its limit. */
const SLOW: HysteresisRule = { raise: 0.25, clear: 0.15, raiseAfter: 3, clearAfter: 5 };
/** Falls within the window that make a link flap; it has calmed down when the window holds one or none. */
const FLAPS = 3;
const FLAP_WINDOW: Millis = 60_000;

interface Step {
  links: WatchedLinks;
  entries: JournalEntry[];
}

/** A new snapshot of all links. Links that are gone are forgotten. */
export function observeLinks(links: WatchedLinks, samples: readonly LinkSample[], now: Millis): Step {
  const next = new Map<string, WatchedLink>();
  const entries: JournalEntry[] = [];
  for (const sample of samples) {
    const before = links.get(sample.peer) ?? fresh(sample);
    const measured = sample.state === 'up';
    const fell = before.up && sample.state === 'down';
    const falls = fell ? [...before.falls, now] : before.falls;
    const after: WatchedLink = {
      peerName: sample.peerName,
      up: sample.state === 'down' ? false : measured || before.up,
      // What is down is told as down by the mesh; its loss says nothing new.
      lossy: measured ? observe(before.lossy, sample.loss, LOSSY) : before.lossy,
      slow: measured ? observe(before.slow, sample.roundTripSeconds ?? 0, SLOW) : before.slow,
      flapping: before.flapping,
      falls,
    };
    tellChange(entries, sample, 'lossy', before.lossy, after.lossy, `${percent(sample.loss)} of packets are lost`);
    tellChange(entries, sample, 'slow', before.slow, after.slow, `a round trip takes ${millis(sample)} ms`);
    next.set(sample.peer, countFlaps(after, sample.peer, now, entries));
  }
  return { links: next, entries };
}

/** Time passed without news: what flapped may have calmed down. */
export function observeCalm(links: WatchedLinks, now: Millis): Step {
  const entries: JournalEntry[] = [];
  const next = new Map([...links].map(([peer, link]) => [peer, countFlaps(link, peer, now, entries)]));
  return { links: next, entries };
}

function fresh({ peerName, state }: LinkSample): WatchedLink {
  return { peerName, up: state === 'up', lossy: CALM, slow: CALM, flapping: false, falls: [] };
}

function countFlaps(link: WatchedLink, peer: string, now: Millis, entries: JournalEntry[]): WatchedLink {
  const falls = link.falls.filter((at) => now - at < FLAP_WINDOW);
  const flapping = link.flapping ? falls.length > 1 : falls.length >= FLAPS;
  if (flapping !== link.flapping) {
    const message = flapping
      ? `The link to ${link.peerName} is flapping: it went down ${falls.length} times within a minute`
      : `The link to ${link.peerName} has calmed down`;
    entries.push(entry(peer, 'flapping', flapping, message));
  }
  return { ...link, flapping, falls };
}

function tellChange(
  entries: JournalEntry[],
  sample: LinkSample,
  symptom: 'lossy' | 'slow',
  before: HysteresisState,
  after: HysteresisState,
  evidence: string,
): void {
  if (before.raised === after.raised) return;
  const is = after.raised ? `is ${symptom}` : `is no longer ${symptom}`;
  entries.push(entry(sample.peer, symptom, after.raised, `The link to ${sample.peerName} ${is}: ${evidence}`));
}

function entry(peer: string, symptom: string, raised: boolean, message: string): JournalEntry {
  return {
    severity: raised ? 'warning' : 'info',
    kind: `link.${symptom}${raised ? '' : '.cleared'}`,
    subject: `peer/${peer}`,
    message,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function millis({ roundTripSeconds = 0 }: LinkSample): string {
  return (roundTripSeconds * 1000).toFixed(0);
}
