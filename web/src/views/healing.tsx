// Healing: what people are asked, what went wrong and what was done about it, what the node learned, and how its loop does.

import { useEffect, useRef } from 'preact/hooks';
import type { HealingView } from '../../../daemon/view/incident-schema.ts';
import { IncidentList } from '../healing/incident-list.tsx';
import { Learned } from '../healing/learned.tsx';
import { Loop } from '../healing/loop.tsx';
import { Questions } from '../healing/questions.tsx';
import { incidents } from '../live/live.ts';
import { useResource } from '../live/resource.ts';
import { Empty } from '../parts/empty.tsx';
import { Loaded } from '../parts/loaded.tsx';

/** Budgets and times move on without an incident that changes. */
const REFRESH_MS = 30_000;

const MODES: Readonly<Record<HealingView['mode'], string>> = {
  repair: 'What is safe is repaired at once; about the rest you are asked.',
  advise: 'Nothing is done without you: you are asked before each repair.',
  off: 'Nothing is looked for or repaired.',
};

export function Healing() {
  const [resource, again] = useResource<HealingView>('/healing', incidents.value);
  useEffect(() => {
    const timer = setInterval(again, REFRESH_MS);
    return () => clearInterval(timer);
  }, [again]);
  // What was last known stays when the node is not reached.
  const known = useRef<HealingView>(undefined);
  if (resource.kind === 'ready') known.current = resource.value;
  const healing = known.current;
  return (
    <>
      <h1>Healing</h1>
      {healing === undefined ? (
        <Loaded resource={resource}>{() => null}</Loaded>
      ) : (
        <>
          <p class="muted">{MODES[healing.mode]}</p>
          {healing.mode === 'off' ? <Off /> : <Questions questions={healing.questions} />}
        </>
      )}
      <IncidentList />
      {healing !== undefined && (
        <>
          <Learned knowledge={healing.knowledge} />
          <Loop healing={healing} />
        </>
      )}
    </>
  );
}

function Off() {
  return (
    <Empty title="This node does not heal itself">
      <p>
        <code>mapek.mode: repair</code> in its configuration, and a restart, let it.
      </p>
    </Empty>
  );
}
