// What `…/anomalies` holds. Pure.

import type { AnomaliesView } from '../view/anomaly-schema.ts';

/** A broker is not where one looks through dozens. */
const MOST_TOLD = 8;

/** What is unusual and not muted, the worst first; `unlike` are nodes that are unlike their like. */
export function anomaliesState({ enabled, score, raised, fleet }: AnomaliesView): object {
  const told = raised.filter(({ muted }) => muted === undefined).sort((a, b) => b.likelihood - a.likelihood);
  const unlike = fleet.filter(({ since, muted }) => since !== undefined && muted === undefined);
  return {
    ...{ enabled, score, unusual: told.length, muted: raised.length - told.length },
    raised: told.slice(0, MOST_TOLD).map((one) => ({
      ...{ id: one.id, subject: one.subject, metric: one.metric, value: one.value, likelihood: one.likelihood },
      ...{ since: new Date(one.since).toISOString(), sentence: one.sentence },
    })),
    unlike: unlike.slice(0, MOST_TOLD).map(({ node, name, sentence }) => ({ node, name, sentence })),
  };
}

/** The part whose change is news: scores move all the time. */
export function anomaliesEssence({ enabled, raised, fleet }: AnomaliesView): unknown {
  return [
    enabled,
    raised.map(({ id, since, muted }) => [id, since, muted]),
    fleet.map(({ node, since, muted }) => (since === undefined ? undefined : [node, since, muted])),
  ];
}
