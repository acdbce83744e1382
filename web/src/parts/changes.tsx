// Buttons that change something: asked for once more where it counts, done, and what went wrong said beside them.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from './confirm.tsx';

export interface Change {
  title: string;
  action: string;
  why: string;
  run: () => Promise<unknown>;
}

/** `ask` opens the dialog, `run` does something that needs none; `said` belongs under the buttons. */
export function useChanges(): {
  ask: (change: Change) => void;
  run: (change: () => Promise<unknown>) => void;
  said: ComponentChildren;
} {
  const [asked, ask] = useState<Change>();
  const [fault, setFault] = useState('');
  const run = (change: () => Promise<unknown>): void => {
    setFault('');
    change().catch((error: unknown) => setFault(error instanceof Error ? error.message : String(error)));
  };
  const said = (
    <>
      {fault !== '' && (
        <p class="faults cause" role="alert">
          {fault}
        </p>
      )}
      {asked !== undefined && (
        <Confirm
          title={asked.title}
          action={asked.action}
          onConfirm={() => run(asked.run)}
          onClose={() => ask(undefined)}
        >
          <p>{asked.why}</p>
        </Confirm>
      )}
    </>
  );
  return { ask, run, said };
}
