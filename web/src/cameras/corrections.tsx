// Faults that cameras helped to find, stepped through one after the other: what was seen, concluded, done, and what came
// of it, with the pictures before and after.

import { useState } from 'preact/hooks';
import type { EpisodeView } from '../../../daemon/view/correction-schema.ts';
import { capital, percent } from '../format.ts';
import '../healing/healing.css';
import type { Moment } from '../healing/story.ts';
import { spell } from '../jobs/seconds.ts';
import { may } from '../live/access.ts';
import { ApiError, post, urlOf } from '../live/api.ts';
import { events } from '../live/live.ts';
import { useResource } from '../live/resource.ts';
import { Mark } from '../parts/mark.tsx';
import { Time } from '../parts/time.tsx';

/** As many at first; the rest on request. */
const ROWS = 5;

export function Corrections() {
  const newest = events.value?.find(({ kind }) => kind.startsWith('correction.'))?.id;
  const [resource, again] = useResource<EpisodeView[]>('/vision/corrections', newest);
  const [rows, setRows] = useState(ROWS);
  if (resource.kind === 'failed') return <p class="notice">{resource.cause}</p>;
  if (resource.kind === 'loading' || resource.value.length === 0) return null;
  return (
    <section>
      <h2>What was corrected</h2>
      <ol class="stories">
        {resource.value.slice(0, rows).map((episode) => (
          <EpisodeCard key={episode.id} episode={episode} again={again} />
        ))}
      </ol>
      {rows < resource.value.length && (
        <button type="button" class="quiet" onClick={() => setRows(rows + 20)}>
          Older ones
        </button>
      )}
    </section>
  );
}

function EpisodeCard({ episode, again }: { episode: EpisodeView; again: () => void }) {
  const moments = momentsOf(episode);
  const [at, setAt] = useState(0);
  const shown = Math.min(at, moments.length - 1);
  const moment = moments[shown]!;
  const step = (by: number): void => setAt(Math.max(0, Math.min(moments.length - 1, shown + by)));
  return (
    <li class="story">
      <details>
        <summary>
          <Mark tone={episode.state === 'over' ? 'good' : episode.state === 'asked' ? 'bad' : 'warn'} />
          <span class="story-cause">{episode.cause}</span>
          <span class="muted">
            <Time at={episode.openedAt} />, {stateOf(episode)}
          </span>
        </summary>
        <div class="episode-steps">
          <ol>
            {moments.map(({ title, tone }, index) => (
              <li key={`${index} ${title}`}>
                <button type="button" class="quiet" aria-pressed={index === shown} onClick={() => setAt(index)}>
                  <Mark tone={tone} /> {title}
                </button>
              </li>
            ))}
          </ol>
          <div class="episode-moment">
            <p aria-live="polite">
              {moment.at !== undefined && (
                <span class="muted">
                  <Time at={moment.at} seconds />{' '}
                </span>
              )}
              {moment.text}
            </p>
            <div class="buttons">
              <button type="button" class="quiet" disabled={shown === 0} onClick={() => step(-1)}>
                Back
              </button>
              <button type="button" class="quiet" disabled={shown === moments.length - 1} onClick={() => step(1)}>
                Next
              </button>
            </div>
            <Pictures episode={episode} />
            <Offers episode={episode} again={again} />
          </div>
        </div>
      </details>
    </li>
  );
}

function Pictures({ episode: { before, after, camera } }: { episode: EpisodeView }) {
  const shown = [
    ['Before', before],
    ['After', after],
  ].filter((one): one is [string, string] => one[1] !== undefined);
  if (shown.length === 0) return null;
  return (
    <div class="episode-pictures">
      {shown.map(([when, path]) => (
        <figure key={when}>
          <img src={urlOf(path)} alt={`Camera ${camera ?? ''} ${when.toLowerCase()}`} loading="lazy" />
          <figcaption>{when}</figcaption>
        </figure>
      ))}
    </div>
  );
}

/** What an operator may choose. */
function Offers({ episode, again }: { episode: EpisodeView; again: () => void }) {
  const [said, setSaid] = useState('');
  const offers = episode.steps.findLast(({ offers }) => offers.length > 0)?.offers ?? [];
  if (offers.length === 0 || episode.state !== 'asked' || !may('act')) return null;
  const choose = async (offer: number): Promise<void> => {
    try {
      const { done } = await post<{ done: string }>(`/vision/corrections/${episode.id}/offers/${offer}`);
      setSaid(done);
      again();
    } catch (error) {
      setSaid(error instanceof ApiError ? error.message : String(error));
    }
  };
  return (
    <div class="buttons">
      {offers.map(({ inWords }, index) => (
        <button type="button" class="primary" key={inWords} onClick={() => void choose(index)}>
          {capital(inWords)}
        </button>
      ))}
      <span role="status">{said}</span>
    </div>
  );
}

const OUTCOMES = {
  pending: ['busy', 'waits for its effect'],
  helped: ['good', 'helped'],
  'no-effect': ['warn', 'had no effect'],
  'not-done': ['bad', 'was not done'],
} as const;

function momentsOf({ symptoms, cause, confidence, steps, openedAt, closedAt, outcome }: EpisodeView): Moment[] {
  return [
    ...symptoms.map(
      ({ witness, message }): Moment => ({ title: `Seen by ${WITNESSES[witness]}`, text: message, tone: 'warn' }),
    ),
    { title: 'Concluded', text: `${cause} (${percent(confidence)} sure)`, tone: 'off', at: openedAt },
    ...steps.map(({ inWords, said, outcome: came, at }): Moment => {
      const [tone, word] = OUTCOMES[came];
      return { title: capital(inWords.split(':')[0]!), text: `${said} This ${word}.`, tone, at };
    }),
    ...(outcome === undefined || closedAt === undefined
      ? []
      : [{ title: 'Over', text: capital(outcome), tone: 'good' as const, at: closedAt }]),
  ];
}

const WITNESSES = { vision: 'a camera', mesh: 'the mesh', agents: 'the agents', node: 'this board' } as const;

function stateOf({ state, closedAt, openedAt }: EpisodeView): string {
  if (state === 'asked') return 'an operator is asked';
  if (closedAt === undefined) return 'being corrected';
  return `over after ${spell(Math.round((closedAt - openedAt) / 1000))}`;
}
