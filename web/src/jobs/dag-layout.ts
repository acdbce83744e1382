// Where the tasks of a job stand when it is drawn as a graph: a column for each step of the longest way to a task, and
// in it near those that it needs (Sugiyama's layers, ordered by barycentres). A large job is drawn as groups of tasks
// of one kind in one column. Pure.

import type { TaskState, TaskView } from '../../../agents/swarm/job-view.ts';

/** Above it, tasks are grouped. */
export const MOST_DRAWN = 300;
/** Columns of a grouped drawing: deeper jobs join neighbouring ones. */
const MOST_COLUMNS = 12;

export const BOX = { width: 148, height: 34, right: 44, below: 12 };

export interface Box {
  key: string;
  /** Id of the one task, or what a group is called. */
  title: string;
  tasks: readonly TaskView[];
  critical: boolean;
  x: number;
  y: number;
}

export interface Line {
  from: Box;
  to: Box;
  critical: boolean;
}

export interface Drawing {
  boxes: Box[];
  lines: Line[];
  width: number;
  height: number;
  grouped: boolean;
}

type Unplaced = Omit<Box, 'x' | 'y'> & { column: number };

export function drawJob(tasks: readonly TaskView[], most = MOST_DRAWN): Drawing {
  const columns = columnsOf(tasks);
  const grouped = tasks.length > most;
  const unplaced = grouped ? groupsOf(tasks, columns) : singles(tasks, columns);
  const boxOf = new Map<string, number>();
  for (const [index, { tasks: members }] of unplaced.entries()) for (const { id } of members) boxOf.set(id, index);

  const edges = new Map<string, { from: number; to: number; critical: boolean }>();
  for (const { id, needs, critical } of tasks) {
    const to = boxOf.get(id)!;
    for (const need of needs) {
      const from = boxOf.get(need);
      if (from === undefined || from === to) continue;
      const isCritical = critical && unplaced[from]!.critical && (grouped || isCriticalTask(unplaced[from]!, need));
      const known = edges.get(`${from} ${to}`);
      if (known === undefined) edges.set(`${from} ${to}`, { from, to, critical: isCritical });
      else known.critical ||= isCritical;
    }
  }
  const rows = ordered(unplaced, [...edges.values()]);
  const tallest = Math.max(...rows.map((row) => row.length));
  const boxes: Box[] = [];
  for (const row of rows) {
    const first = ((tallest - row.length) * (BOX.height + BOX.below)) / 2;
    for (const [at, index] of row.entries()) {
      const { column, ...box } = unplaced[index]!;
      boxes[index] = { ...box, x: column * (BOX.width + BOX.right), y: first + at * (BOX.height + BOX.below) };
    }
  }
  return {
    boxes,
    lines: [...edges.values()].map(({ from, to, critical }) => ({ from: boxes[from]!, to: boxes[to]!, critical })),
    width: rows.length * (BOX.width + BOX.right) - BOX.right,
    height: tallest * (BOX.height + BOX.below) - BOX.below,
    grouped,
  };
}

/** How many tasks of each state a box holds. */
export function statesOf({ tasks }: Pick<Box, 'tasks'>): Map<TaskState, number> {
  const counts = new Map<TaskState, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

function isCriticalTask({ tasks }: Unplaced, id: string): boolean {
  return tasks.some((task) => task.id === id && task.critical);
}

/** The number of tasks on the longest way to each. */
function columnsOf(tasks: readonly TaskView[]): number[] {
  const indexOf = new Map(tasks.map(({ id }, index) => [id, index]));
  const children: number[][] = tasks.map(() => []);
  const waiting = tasks.map(({ needs }, index) => {
    const parents = needs.flatMap((need) => indexOf.get(need) ?? []);
    for (const parent of parents) children[parent]!.push(index);
    return parents.length;
  });
  const columns = tasks.map(() => 0);
  const order = [...waiting.keys()].filter((index) => waiting[index] === 0);
  for (let at = 0; at < order.length; at++) {
    const index = order[at]!;
    for (const child of children[index]!) {
      columns[child] = Math.max(columns[child]!, columns[index]! + 1);
      if (--waiting[child]! === 0) order.push(child);
    }
  }
  return columns;
}

function singles(tasks: readonly TaskView[], columns: readonly number[]): Unplaced[] {
  return tasks.map((task, index) => ({
    ...{ key: task.id, title: task.id, tasks: [task], critical: task.critical, column: columns[index]! },
  }));
}

function groupsOf(tasks: readonly TaskView[], columns: readonly number[]): Unplaced[] {
  const deepest = columns.reduce((most, column) => Math.max(most, column), 0) + 1;
  const joined = Math.ceil(deepest / MOST_COLUMNS);
  const groups = new Map<string, { column: number; kind: string; tasks: TaskView[]; critical: boolean }>();
  for (const [index, task] of tasks.entries()) {
    const column = Math.floor(columns[index]! / joined);
    const key = `${column} ${task.kind}`;
    const group = groups.get(key) ?? { column, kind: task.kind, tasks: [], critical: false };
    group.tasks.push(task);
    group.critical ||= task.critical;
    groups.set(key, group);
  }
  return [...groups].map(([key, { column, kind, tasks: members, critical }]) => ({
    ...{ key, title: `${members.length} × ${kind}`, tasks: members, critical, column },
  }));
}

/** Indices of boxes by column, each column in an order in which lines cross little. */
function ordered(boxes: readonly Unplaced[], edges: readonly { from: number; to: number }[]): number[][] {
  const rows: number[][] = [];
  for (const [index, { column }] of boxes.entries()) {
    while (rows.length <= column) rows.push([]);
    rows[column]!.push(index);
  }
  const place = new Float64Array(boxes.length);
  const settle = (row: readonly number[]): void =>
    row.forEach((index, at) => {
      place[index] = (at + 0.5) / row.length;
    });
  rows.forEach(settle);
  const [before, after]: [number[][], number[][]] = [boxes.map(() => []), boxes.map(() => [])];
  for (const { from, to } of edges) {
    before[to]!.push(from);
    after[from]!.push(to);
  }
  const sort = (row: number[], neighbours: readonly number[][]): void => {
    const wish = new Map(
      row.map((index) => {
        const near = neighbours[index]!;
        return [
          index,
          near.length === 0 ? place[index]! : near.reduce((sum, one) => sum + place[one]!, 0) / near.length,
        ];
      }),
    );
    row.sort((a, b) => wish.get(a)! - wish.get(b)!);
    settle(row);
  };
  for (let sweep = 0; sweep < 3; sweep++) {
    for (const row of rows) sort(row, before);
    for (const row of rows.toReversed()) sort(row, after);
  }
  return rows;
}
