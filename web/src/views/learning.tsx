// Learning: how this node places tasks by what it learned, and what all boards learn together.

import { Coordinator } from '../learning/coordinator.tsx';
import { Learner } from '../learning/learner.tsx';
import '../jobs/jobs.css';
import '../learning/learning.css';
import { Ledger } from '../learning/ledger.tsx';
import { Policies } from '../learning/policies.tsx';
import { Privacy } from '../learning/privacy.tsx';
import { federation } from '../live/live.ts';
import { Empty, Waiting } from '../parts/empty.tsx';

export function Learning() {
  const known = federation.value;
  return (
    <>
      <h1>Learning</h1>
      <Policies />
      {known === undefined ? <Waiting /> : known.enabled ? <Together /> : <Off />}
    </>
  );
}

function Together() {
  const { duties = [] } = federation.value ?? {};
  return (
    <>
      <Coordinator />
      {duties.map(({ learner }) => (
        <Learner key={learner} name={learner} />
      ))}
      <Privacy />
      <Ledger />
    </>
  );
}

function Off() {
  return (
    <section>
      <h2>Learning together</h2>
      <Empty title="This board learns alone">
        <p>
          <code>federation.enabled: true</code> in its configuration lets it take part: what one board learns, every
          board knows.
        </p>
      </Empty>
    </section>
  );
}
