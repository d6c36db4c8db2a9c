/** Rows of text in aligned columns. */
import { displayWidth, fitWidth } from './display-width.ts';

export interface Column {
  readonly title: string;
  /** Figures read best at the right. Default: left. */
  readonly align?: 'left' | 'right';
  /** Longer cells are cut with an ellipsis. Default: no limit. */
  readonly maxWidth?: number;
}

const gap = '  ';

/**
 * A table with a line of titles. Each row has a cell for each column; missing cells are empty. What would break a line
 * (a line break, a control character) becomes a space.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => columns.map((column, index) => cell(row[index] ?? '', column)));
  const titles = columns.map((column) => column.title);
  const all = [titles, ...cells];
  const widths = columns.map((_, index) =>
    all.reduce((most, row) => Math.max(most, displayWidth(row[index] ?? '')), 0),
  );
  const lines = all.map((row) => row.map((text, index) => pad(text, widths[index] ?? 0, columns[index])).join(gap));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function cell(text: string, column: Column): string {
  const line = text.replaceAll(/\p{Control}+/gu, ' ');
  return column.maxWidth === undefined ? line : fitWidth(line, column.maxWidth);
}

function pad(text: string, width: number, column: Column | undefined): string {
  const space = ' '.repeat(width - displayWidth(text));
  return column?.align === 'right' ? space + text : text + space;
}
