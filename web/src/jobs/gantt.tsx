// A job over time, a row for each node: what ran where and when, what was lost, failed or given back, and until now.

import { useMemo, useRef } from 'preact/hooks';
import type { JobDetailView } from '../../../agents/swarm/job-view.ts';
import { percent } from '../format.ts';
import { useSize } from '../parts/size.ts';
import { axisMarks, type Bar, ganttRows } from './gantt-rows.ts';
import { spell } from './seconds.ts';

const LANE = 16;
const GAP = 10;
const AXIS = 22;
/** More lanes than these are one after the other too thin to tell apart. */
const MOST_LANES = 200;

interface GanttProps {
  job: JobDetailView;
  chosen: string | undefined;
  onChoose: (task: string) => void;
}

export function Gantt({ job, chosen, onChoose }: GanttProps) {
  const host = useRef<HTMLDivElement>(null);
  const { width } = useSize(host);
  const begin = job.submittedAt;
  const end = Math.max(begin + 1, job.finishedAt ?? begin + job.figures.seconds * 1000);
  const names = width < 560 ? 70 : 110;
  const inner = Math.max(1, width - names - 8);
  const rows = useMemo(() => ganttRows(job.tasks, end, ((end - begin) / inner) * 2), [job.tasks, end, begin, inner]);
  const x = (at: number) => names + ((at - begin) / (end - begin)) * inner;
  let y = AXIS;
  const placed = rows.map((row) => {
    const lanes = row.lanes.slice(0, MOST_LANES);
    const top = y;
    y += lanes.length * LANE + GAP;
    return { ...row, lanes, top };
  });
  return (
    <figure class="gantt">
      <div class="gantt-canvas">
        <div ref={host}>
          {width > 0 && (
            <svg width={width} height={y} role="img" aria-label={summary(job, rows)}>
              <defs>
                <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                  <rect class="hatch" width="2" height="5" />
                </pattern>
              </defs>
              {axisMarks((end - begin) / 1000).map((second) => (
                <g key={second} class="axis" transform={`translate(${x(begin + second * 1000)} 0)`}>
                  <line y1={AXIS - 6} y2={y - GAP} />
                  <text y={12}>{spell(second)}</text>
                </g>
              ))}
              {placed.map(({ node, lanes, top, busy }) => (
                <g key={node} transform={`translate(0 ${top})`}>
                  <text class="gantt-node" y={12}>
                    {node}
                    <title>{`${node}: ${percent(busy)} of its ${lanes.length} lanes in use`}</title>
                  </text>
                  {lanes.map((lane, at) => (
                    <g key={lane[0]!.task} transform={`translate(0 ${at * LANE})`}>
                      {lane.map((bar) => (
                        <GanttBar
                          key={`${bar.task} ${bar.from}`}
                          bar={bar}
                          x={x(bar.from)}
                          width={x(bar.to) - x(bar.from)}
                          chosen={bar.task === chosen && bar.count === 1}
                          onChoose={onChoose}
                        />
                      ))}
                    </g>
                  ))}
                </g>
              ))}
            </svg>
          )}
        </div>
      </div>
      <figcaption class="legend">
        <Key name="succeeded" />
        <Key name="running" />
        <Key name="failed">failed or timed out</Key>
        <Key name="lost">lost with its node</Key>
        <Key name="recalled">given to another</Key>
        <Key name="cancelled" />
      </figcaption>
    </figure>
  );
}

function GanttBar(props: { bar: Bar; x: number; width: number; chosen: boolean; onChoose: (task: string) => void }) {
  const { bar, x, width, chosen, onChoose } = props;
  const words = `${bar.count > 1 ? `${bar.count} tasks from ${bar.task} on` : bar.task}: ${bar.outcome}, ${spell((bar.to - bar.from) / 1000)}`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the graph and the list offer the same by keyboard
    <rect
      class={`bar-${bar.outcome} gantt-bar${chosen ? ' chosen' : ''}${bar.critical && bar.count === 1 ? ' critical' : ''}`}
      x={x}
      width={Math.max(width, bar.outcome === 'recalled' ? 4 : 1.5)}
      height={LANE - 3}
      rx="2"
      onClick={() => onChoose(bar.task)}
    >
      <title>{words}</title>
    </rect>
  );
}

function Key({ name, children }: { name: Bar['outcome']; children?: string }) {
  return (
    <span class="inline">
      <svg width="22" height="12" aria-hidden="true">
        <rect class={`gantt-bar bar-${name}`} x="1" y="1" width="20" height="10" rx="2" />
      </svg>
      {children ?? name}
    </span>
  );
}

function summary({ figures }: JobDetailView, rows: readonly { node: string }[]): string {
  return `When ${rows.map(({ node }) => node).join(', ')} worked on it, over ${spell(figures.seconds)}`;
}
