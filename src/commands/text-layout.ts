/** Lays out text for a terminal. */
import { displayWidth } from './display-width.ts';

/** A label, and beside it a text whose further lines stand under its first. A long label gets a line of its own. */
export function hanging(label: string, text: string, width: number, columns: number): readonly string[] {
  const indent = ' '.repeat(width + 2);
  const lines = wrap(text, Math.max(24, columns - indent.length));
  const isLong = displayWidth(label) > width - 2;
  if (isLong) return [`  ${label}`, ...lines.map((line) => indent + line)];
  const [first = '', ...rest] = lines;
  return [`  ${label}${' '.repeat(width - displayWidth(label))}${first}`, ...rest.map((line) => indent + line)];
}

/** Breaks at spaces. Lines are at most 100 columns, which reads better than a very wide window. */
export function wrap(text: string, columns: number): readonly string[] {
  const limit = Math.min(columns, 100);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > limit) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
