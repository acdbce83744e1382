// Models as a chain: each stands on the one below it; those that led nowhere hang beside their parent.

import { count } from '../format.ts';
import { Toned } from '../parts/mark.tsx';
import { Time } from '../parts/time.tsx';
import { chainOf, fateOf, type Model } from './rounds.ts';

export function Lineage({ models }: { models: readonly Model[] }) {
  const chain = chainOf(models);
  if (chain.length === 0) return <p class="muted">No model was made yet.</p>;
  return (
    <ol class="lineage">
      {chain.map(({ model, besides }) => (
        <li key={model.version}>
          <ModelLine model={model} />
          {besides.length > 0 && (
            <details>
              <summary>{count(besides.length, 'other')} from it led nowhere</summary>
              <ul>
                {besides.map((one) => (
                  <li key={one.version}>
                    <ModelLine model={one} />
                  </li>
                ))}
              </ul>
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}

function ModelLine({ model }: { model: Model }) {
  const { version, round, nodes, examples, madeAt, rollout, parent, merged } = model;
  const { word, tone } = fateOf(model);
  const gain = rollout?.gain;
  return (
    <>
      <p>
        <code>{version}</code> <Toned tone={tone}>{word}</Toned>
      </p>
      <p class="muted">
        {parent === undefined ? (
          'It came with the package, or from before.'
        ) : (
          <>
            Round {round}, {count(nodes, 'node')}, {count(examples, 'example')}
            {madeAt !== undefined && (
              <>
                , <Time at={madeAt} />
              </>
            )}
            {gain !== undefined &&
              `; gain ${gain.value.toFixed(3)} (${gain.low.toFixed(3)} to ${gain.high.toFixed(3)}, ${count(gain.trials, 'trial')})`}
          </>
        )}
        {merged !== undefined && (
          <>
            ; merged with <code>{merged.with}</code>, both from <code>{merged.split}</code>
          </>
        )}
        {rollout !== undefined && rollout.reason !== '' && <>; {rollout.reason}</>}
      </p>
      {rollout?.stages.map((stage) => (
        <p key={stage} class="muted">
          {stage}
        </p>
      ))}
    </>
  );
}
