// A table of figures. On a narrow screen each row becomes a small list of titled values, so that nothing is cut off.

import type { ComponentChildren } from 'preact';

export interface Column {
  title: string;
  /** Right-aligned figures. */
  number?: boolean;
}

export interface Row {
  key: string;
  /** One per column; the first names the row. */
  cells: ComponentChildren[];
}

interface TableProps {
  /** Says to those who hear the table what it holds. */
  caption: string;
  columns: readonly Column[];
  rows: readonly Row[];
  /** Stands in the table's place while it has no row. */
  empty?: string;
}

export function Table({ caption, columns, rows, empty }: TableProps) {
  if (rows.length === 0) return <p class="muted">{empty}</p>;
  return (
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, number }) => (
            <th key={title} scope="col" class={number ? 'number' : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, cells: [name, ...rest] }) => (
          <tr key={key}>
            <th scope="row">{name}</th>
            {rest.map((cell, i) => {
              const column = columns[i + 1]!;
              return (
                <td key={column.title} data-title={column.title} class={column.number ? 'number' : undefined}>
                  <div>{cell}</div>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
