// Aligned columns without drawing: what people read and `awk` can split.

import { plain, type Style, type Terminal } from './terminal.ts';

export interface Column<Row> {
  title: string;
  /** Numbers stand right. */
  align?: 'right';
  value(row: Row): string;
  style?(row: Row): Style | undefined;
}

/** Columns in which no row has anything are left out. */
export function table<Row>(terminal: Terminal, rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const shown = columns
    .map((column) => ({ column, cells: rows.map((row) => plain(column.value(row))) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map(({ column, cells }) => ({ column, cells, width: Math.max(...[column.title, ...cells].map(columnsOf)) }));
  const line = (texts: { text: string; style: Style | undefined }[]): string =>
    texts
      .map(({ text, style }, index) => {
        const { column, width } = shown[index]!;
        const space = ' '.repeat(width - columnsOf(text));
        const styled = style === undefined ? text : terminal.style(text, style);
        const last = index === shown.length - 1;
        return column.align === 'right' ? space + styled : last ? styled : styled + space;
      })
      .join('  ');
  const head = line(shown.map(({ column }) => ({ text: column.title.toUpperCase(), style: 'dim' })));
  const body = rows.map((row, index) =>
    line(shown.map(({ column, cells }) => ({ text: cells[index]!, style: column.style?.(row) }))),
  );
  return [head, ...body].join('\n');
}

/** Labels and their values below one another; empty ones are left out. */
export function facts(entries: readonly (readonly [label: string, value: string | undefined])[]): string {
  const shown = entries.flatMap(([label, value]) => (value ? [[label, plain(value)] as const] : []));
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n');
}

/** Characters as a terminal counts them, near enough for names and numbers. */
function columnsOf(text: string): number {
  return [...text].length;
}
