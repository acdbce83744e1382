// The frame around every view: skip link, navigation, the health sentence, the banner of a lost connection.

import { useEffect, useRef } from 'preact/hooks';
import { Banner } from './banner.tsx';
import { capital } from './format.ts';
import { Header } from './header.tsx';
import { Health } from './health.tsx';
import { loginNeeded } from './live/api.ts';
import { loadError, node } from './live/live.ts';
import { LogIn } from './log-in.tsx';
import { Waiting } from './parts/empty.tsx';
import { view } from './router.ts';
import type { ViewName } from './view-names.ts';
import { Agents } from './views/agents.tsx';
import { Cameras } from './views/cameras.tsx';
import { Events } from './views/events.tsx';
import { Healing } from './views/healing.tsx';
import { Jobs } from './views/jobs.tsx';
import { Learning } from './views/learning.tsx';
import { Mesh } from './views/mesh.tsx';
import { Overview } from './views/overview.tsx';
import { Settings } from './views/settings.tsx';

const SCREENS = {
  overview: Overview,
  mesh: Mesh,
  jobs: Jobs,
  learning: Learning,
  healing: Healing,
  cameras: Cameras,
  agents: Agents,
  events: Events,
  settings: Settings,
} satisfies Record<ViewName, () => unknown>;

export function App() {
  const main = useRef<HTMLElement>(null);
  const current = view.value;
  const name = node.value?.name;
  const shown = useRef(current);

  useEffect(() => {
    document.title = `${capital(current)} · ${name ?? 'parlmesh'}`;
  }, [current, name]);
  useEffect(() => {
    if (shown.current === current) return;
    shown.current = current;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [current]);

  const Screen = SCREENS[current];
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Header />
      <Banner />
      <main ref={main} tabIndex={-1}>
        <Health />
        {loginNeeded.value ? <LogIn /> : node.value === undefined ? <NotYet /> : <Screen />}
      </main>
    </>
  );
}

function NotYet() {
  if (loadError.value === undefined) return <Waiting />;
  return <p class="notice">{loadError.value} Trying again.</p>;
}
