// `npm run -s bench -- topology`: node and edge F1 of reading drawings, on pictures of a generator whose seeds and styles
// the analyser was not tuned on. `--set tuning` takes the others, `--each N` more pictures a style and kind, `--kinds
// clean,photographed` some of them, `--keep DIR` writes the pictures, their graphs and what was read.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock, systemRandom } from '../../daemon/clock.ts';
import { TextReader } from '../../vision/ocr/text-reader.ts';
import { MeshTopologyAnalyzer } from '../../vision/topology/mesh-topology-analyzer.ts';
import { type BenchPicture, picturesOf } from './pictures.ts';
import { type Counts, f1, type ReadGraph, score, sum } from './score.ts';
import { SCORING, TUNING } from './styles.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    set: { type: 'string', default: 'scoring' },
    each: { type: 'string', default: '2' },
    kinds: { type: 'string', default: 'clean,scaled,photographed' },
    seed: { type: 'string' },
    keep: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});
const [set, seed] = values.set === 'tuning' ? [TUNING, 1] : [SCORING, 77];
/** Milliseconds for one picture: what is measured is how well it is read, also beside other work. */
const PATIENT = 1_800_000;
/** To reach, by DESIGN. */
const TARGETS = { clean: 0.95, scaled: 0.95, photographed: 0.85 } as const;

interface Row {
  picture: Pick<BenchPicture, 'style' | 'kind'>;
  nodes: Counts;
  edges: Counts;
  seconds: number;
}

const reader = new TextReader({ threads: Number(values.threads), clock: systemClock, random: systemRandom() });
const analyzer = new MeshTopologyAnalyzer({ reader, clock: systemClock, deadline: PATIENT });
const rows: Row[] = [];
const kinds = values.kinds.split(',');
let count = 0;
for await (const picture of picturesOf(set, Number(values.seed ?? seed), Number(values.each))) {
  if (!kinds.includes(picture.kind)) continue;
  const from = process.cpuUsage();
  const graph = await analyzer.analyze(picture.bytes);
  const { user, system } = process.cpuUsage(from);
  const seconds = (user + system) / 1e6;
  rows.push({ picture, ...score(graph, picture.truth), seconds });
  keep(picture, graph);
  const [nodes, edges] = [f1(rows.at(-1)!.nodes), f1(rows.at(-1)!.edges)].map((share) => share.toFixed(2));
  console.error(`${picture.style}, ${picture.kind}: node F1 ${nodes}, edge F1 ${edges}, ${seconds.toFixed(1)} s`);
}
await reader.stop();

for (const kind of ['clean', 'scaled', 'photographed'] as const) {
  const of = rows.filter(({ picture }) => picture.kind === kind);
  for (const style of new Set(of.map(({ picture }) => picture.style))) {
    const own = of.filter(({ picture }) => picture.style === style);
    report(`${kind}, ${style}`, own);
  }
  report(kind, of, TARGETS[kind]);
}

function report(name: string, of: readonly Row[], target?: number): void {
  if (of.length === 0) return;
  const goal = target === undefined ? {} : { target };
  const line = (metric: string, value: number, unit: string, more: object = {}): void =>
    console.log(
      JSON.stringify({ bench: 'topology', case: name, metric, value: Number(value.toFixed(3)), unit, ...more }),
    );
  line('node F1', f1(sum(of.map(({ nodes }) => nodes))), 'share', goal);
  line('edge F1', f1(sum(of.map(({ edges }) => edges))), 'share', goal);
  if (target === undefined) return;
  const sorted = of.map(({ seconds }) => seconds).sort((a, b) => a - b);
  line('pictures', of.length, 'count');
  line('processor seconds, median', sorted[Math.floor(sorted.length / 2)]!, 's');
}

function keep(picture: BenchPicture, graph: ReadGraph): void {
  if (values.keep === undefined) return;
  mkdirSync(values.keep, { recursive: true });
  const name = join(values.keep, `${String(count++).padStart(3, '0')}-${picture.style}-${picture.kind}`);
  writeFileSync(`${name}.${picture.kind === 'photographed' ? 'jpg' : 'png'}`, picture.bytes);
  writeFileSync(`${name}.json`, JSON.stringify(picture.truth));
  writeFileSync(`${name}.read.json`, JSON.stringify(graph));
}
