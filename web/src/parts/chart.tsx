// A small line over the last hour, or over all there is (uPlot): no axes, the value under the pointer is told to whoever asked.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { theme } from '../theme.ts';

interface ChartProps {
  samples: readonly (readonly [number, number])[];
  /** Lower and upper end of the scale; without it, the samples' own. */
  range?: readonly [number, number];
  /** What is seen: the last hour, or all samples, each as near as they are. */
  span?: 'hour' | 'all';
  /** The sample under the pointer, or none when it left. */
  onPoint: (sample: { at: number; value: number } | undefined) => void;
  /** For those who cannot see the line. */
  label: string;
}

const HEIGHT = 44;
const HOUR_SECONDS = 3_600;

export function Chart({ samples, range, span = 'hour', onPoint, label }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const tell = useRef(onPoint);
  tell.current = onPoint;

  useEffect(() => {
    const element = host.current!;
    const ink = () => getComputedStyle(element).color;
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        padding: [3, 0, 3, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: {
          x: { range: (_, min, max) => [span === 'all' ? min : max - HOUR_SECONDS, max] },
          y: {
            range: (_, min, max) =>
              range === undefined ? around(min, max, span === 'all' ? 0 : 2) : [range[0], range[1]],
          },
        },
        series: [{}, { stroke: ink, width: 1.5, points: { show: false }, spanGaps: false }],
        hooks: {
          setCursor: [
            (u) => {
              const index = u.cursor.idx;
              const at = index == null ? undefined : u.data[0][index];
              const value = index == null ? undefined : u.data[1]?.[index];
              tell.current(at === undefined || value == null ? undefined : { at: at * 1_000, value });
            },
          ],
        },
      },
      [[], []],
      element,
    );
    plot.current = chart;
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    const recolour = theme.subscribe(() => chart.redraw(false));
    return () => {
      recolour();
      resize.disconnect();
      chart.destroy();
    };
  }, []);

  useEffect(() => {
    plot.current?.setData([samples.map(([at]) => at / 1_000), samples.map(([, value]) => value)]);
  }, [samples]);

  return <div class="chart" ref={host} role="img" aria-label={label} />;
}

/** A flat line stays in the middle instead of being magnified to noise. */
function around(min: number, max: number, least: number): [number, number] {
  const room = Math.max((max - min) * 0.15, least, Number.EPSILON);
  return [min - room, max + room];
}
