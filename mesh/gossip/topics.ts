// The topics that nodes gossip on: what each carries, how long it counts, how often it is said again.

import { type Static, type TSchema, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';

/**
 * `state`: the newest message of an origin is what counts; it is kept, and given to those who missed it.
 * `event`: each message counts once; nothing is kept.
 */
export type TopicKind = 'state' | 'event';

export interface Topic<S extends TSchema = TSchema> {
  /** Lower-case letters, digits and dashes; part of MQTT topics. */
  readonly name: string;
  readonly kind: TopicKind;
  /** Of the JSON payload. Leave objects open: a newer version adds fields. */
  readonly schema: S;
  /** Milliseconds that a message counts after it was said. */
  readonly lifetime: Millis;
  /**
   * `medium`: answers are wanted from one transport's listeners only, bridges leave it there. `area`: concerns one area
   * and does not leave it; see `inArea`. `border`: so does what a border says in an area beside its own.
   */
  readonly scope?: 'network' | 'medium' | 'area' | 'border';
}

/** True of what does not leave the area that it is said in. */
export const staysInArea = (scope: Topic['scope']): boolean => scope === 'area' || scope === 'border';

/** The area of nodes that name none: a network without areas is one. */
export const DEFAULT_AREA = 'main';
export const AREA_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const AreaName = Type.String({ pattern: AREA_NAME.source });

/** A topic, and behind a point the area that it is said in where that is not the default one. */
export const TOPIC_NAME = /^[a-z][a-z0-9-]{0,31}(\.[a-z0-9][a-z0-9-]{0,31})?$/;

/** The name under which a topic is said in an area. */
export const inArea = (topic: Pick<Topic, 'name' | 'scope'>, area: string): string =>
  staysInArea(topic.scope) && area !== DEFAULT_AREA ? `${topic.name}.${area}` : topic.name;

const NodeIdText = Type.String({ minLength: 40, maxLength: 64 });

/** How often a node repeats its states when nothing changes. Lifetimes are three times that: two may be lost. */
export const REFRESH: { readonly linkState: Millis; readonly membership: Millis; readonly summary: Millis } = {
  linkState: 60_000,
  membership: 120_000,
  summary: 15_000,
};

/** Links of the origin. */
export const LinkList = Type.Array(
  Type.Object({
    to: NodeIdText,
    cost: Type.Number({ minimum: 1, maximum: 1e6 }),
    /** Seconds. */
    roundTrip: Type.Number({ minimum: 0, maximum: 3600 }),
  }),
  { maxItems: 1024 },
);

export const LinkStatePayload = Type.Object({ links: LinkList });
export type LinkStatePayload = Static<typeof LinkStatePayload>;

/** The links of the origin, whole. */
export const linkStateTopic = {
  name: 'link-state',
  kind: 'state',
  schema: LinkStatePayload,
  lifetime: 3 * REFRESH.linkState,
  scope: 'area',
} as const satisfies Topic;

export const MembershipPayload = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 63 }),
  addresses: Type.Array(Type.String({ maxLength: 300 }), { maxItems: 16 }),
  version: Type.String({ maxLength: 64 }),
  /** False: said goodbye. */
  present: Type.Boolean(),
  /** Left out in the default one. */
  area: Type.Optional(AreaName),
});
export type MembershipPayload = Static<typeof MembershipPayload>;

/** Who the origin is and where it can be dialled. */
export const membershipTopic = {
  name: 'membership',
  kind: 'state',
  schema: MembershipPayload,
  lifetime: 3 * REFRESH.membership,
} as const satisfies Topic;

export const SummaryPayload = Type.Object({
  profile: Type.String({ maxLength: 64 }),
  load: Type.Number({ minimum: 0, maximum: 1000 }),
  page: Type.Optional(Type.String({ maxLength: 300 })),
  rests: Type.Optional(Type.Object({ until: Type.Optional(Type.Number({ minimum: 0 })) })),
});
/**
 * What a node tells of itself. `load` is the share of all cores in use, `page` the address of its status page; `rests`: it
 * saves power, until that wall-clock time where it knows.
 */
export type NodeSummary = Static<typeof SummaryPayload>;

export const summaryTopic = {
  name: 'summary',
  kind: 'state',
  schema: SummaryPayload,
  lifetime: 3 * REFRESH.summary,
  scope: 'area',
} as const satisfies Topic;

export const AnomalyPayload = Type.Object({ score: Type.Number({ minimum: 0, maximum: 1 }) });

/** The anomaly score of the origin; said on change, and again with the summary. */
export const anomalyTopic = {
  name: 'anomaly',
  kind: 'state',
  schema: AnomalyPayload,
  lifetime: 3 * REFRESH.summary,
  scope: 'area',
} as const satisfies Topic;

const Base64 = (maxLength: number) => Type.String({ maxLength, pattern: '^[A-Za-z0-9+/]*={0,2}$' });

export const DigestPayload = Type.Object({ area: AreaName, buckets: Base64(1368), settled: Base64(44) });
export type DigestPayload = Static<typeof DigestPayload>;

/** The sums of the origin's table of states, for who listens to the same medium without direct connections. */
export const digestTopic = {
  name: 'digest',
  kind: 'event',
  schema: DigestPayload,
  lifetime: 30_000,
  scope: 'medium',
} as const satisfies Topic;

export const EntriesPayload = Type.Object({ area: AreaName, buckets: Base64(344), states: Base64(65_536) });
export type EntriesPayload = Static<typeof EntriesPayload>;

/** Which states the origin has in some buckets of its table: who listens and has more says that again. */
export const entriesTopic = {
  name: 'entries',
  kind: 'event',
  schema: EntriesPayload,
  lifetime: 30_000,
  scope: 'medium',
} as const satisfies Topic;
