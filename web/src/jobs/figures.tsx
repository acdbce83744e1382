// How parallel a job was, beside what was possible: the measures of Kimi K2.5's agent swarms (docs/jobs.md has the formulas).

import type { JobView } from '../../../agents/swarm/job-view.ts';
import { count } from '../format.ts';
import { spell } from './seconds.ts';

export function Figures({ job }: { job: JobView }) {
  const { figures, counts } = job;
  const { seconds, workSeconds, criticalSeconds, steps, criticalSteps, mostParallel, speedUp, bound } = figures;
  const share = bound > 0 ? Math.min(1, speedUp / bound) : 0;
  return (
    <div class="vitals">
      <div class="vital">
        <h2>Speed-up</h2>
        <p class="figure">{speedUp.toFixed(2)}×</p>
        <div class="meter" role="img" aria-label={`${Math.round(share * 100)} % of the bound`}>
          <span style={{ width: `${share * 100}%` }} />
        </div>
        <p class="muted">of at best {bound.toFixed(2)}×</p>
      </div>
      <div class="vital">
        <h2>Time</h2>
        <p class="figure">{spell(seconds)}</p>
        <p class="muted">for {spell(workSeconds)} of work</p>
      </div>
      <div class="vital">
        <h2>Longest chain</h2>
        <p class="figure">{spell(criticalSeconds)}</p>
        <p class="muted">
          {count(criticalSteps, 'critical step')} of {steps}
        </p>
      </div>
      <div class="vital">
        <h2>At once</h2>
        <p class="figure">{counts.running}</p>
        <p class="muted">at most {mostParallel}</p>
      </div>
    </div>
  );
}
