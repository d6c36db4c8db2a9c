/** Progress of a long work: a bar that moves where a terminal looks on, otherwise a line every few seconds. */
import { fitWidth } from './display-width.ts';
import type { Output } from './terminal.ts';

export interface ProgressOptions {
  readonly output: Output;
  /** What is counted: `events`. */
  readonly unit: string;
  /** Undefined where nobody knows: then there is a count, but no bar and no remaining time. */
  readonly total?: number;
  /** Milliseconds of a steady clock. Default: `performance.now`. */
  readonly now?: () => number;
}

/** A bar: give it the count so far as often as you like; it writes seldom. */
export interface ProgressBar {
  /** `total` may become known, or better known, on the way. */
  update(count: number, total?: number): void;
  /** Writes the last state with the average rate, and leaves the line. */
  finish(count: number): void;
  /** Takes the bar off the terminal, so that something else can be written; the next update brings it back. */
  clear(): void;
}

const redrawMillis = 100;
const lineMillis = 5_000;
/** The rate follows the last ten seconds or so, not the slow start. */
const rateWindowMillis = 10_000;

/** Starts the clock of a bar. */
export function createProgressBar(options: ProgressOptions): ProgressBar {
  const { output, unit, now = () => performance.now() } = options;
  const startedAt = now();
  const interval = output.isTTY ? redrawMillis : lineMillis;
  const rate = createRate(startedAt);
  let total = options.total;
  let writtenAt = output.isTTY ? Number.NEGATIVE_INFINITY : startedAt;
  let isDrawn = false;

  const clear = () => {
    if (isDrawn) output.write('\r\x1b[K');
    isDrawn = false;
  };
  const draw = (text: string) => {
    clear();
    output.write(output.isTTY ? fitWidth(text, output.columns - 1) : `${text}\n`);
    isDrawn = output.isTTY;
  };
  return {
    update(count, newTotal) {
      total = newTotal ?? total;
      const at = now();
      if (at - writtenAt < interval) return;
      writtenAt = at;
      draw(progressLine({ count, total, unit, perSecond: rate(count, at), barColumns: output.isTTY ? 24 : 0 }));
    },
    finish(count) {
      clear();
      const millis = Math.max(now() - startedAt, 1);
      const perSecond = (count / millis) * 1_000;
      output.write(`${grouped(count)} ${unit} in ${formatElapsed(millis)}, ${grouped(perSecond)} ${unit}/s\n`);
    },
    clear,
  };
}

interface ProgressState {
  readonly count: number;
  readonly total: number | undefined;
  readonly unit: string;
  readonly perSecond: number;
  readonly barColumns: number;
}

/** `[======      ]  50 %  500 of 1,000 events  250/s  2s left`. */
export function progressLine({ count, total, unit, perSecond, barColumns }: ProgressState): string {
  const pace = `${grouped(perSecond)}/s`;
  if (total === undefined || total <= 0) return `${grouped(count)} ${unit}  ${pace}`;
  const share = Math.min(1, count / total);
  const filled = Math.round(share * barColumns);
  const bar = barColumns === 0 ? '' : `[${'='.repeat(filled)}${' '.repeat(barColumns - filled)}]  `;
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const left = perSecond > 0 ? `  ${formatElapsed(((total - count) / perSecond) * 1_000)} left` : '';
  return `${bar}${percent}  ${grouped(count)} of ${grouped(total)} ${unit}  ${pace}${count < total ? left : ''}`;
}

/** `850ms`, `12.3s`, `4m 05s`, `2h 03m`. */
export function formatElapsed(millis: number): string {
  if (millis < 1_000) return `${Math.round(millis)}ms`;
  if (millis < 59_950) return `${(millis / 1_000).toFixed(1)}s`;
  const seconds = Math.round(millis / 1_000);
  const two = (amount: number) => String(amount).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h ${two(Math.floor((seconds % 3_600) / 60))}m`;
}

/** `1,234,567`, the same in every locale. */
export function grouped(amount: number): string {
  return Math.round(amount).toLocaleString('en-US');
}

function createRate(startedAt: number): (count: number, at: number) => number {
  const marks: { readonly at: number; readonly count: number }[] = [{ at: startedAt, count: 0 }];
  return (count, at) => {
    marks.push({ at, count });
    while (marks.length > 2 && at - (marks[1]?.at ?? at) >= rateWindowMillis) marks.shift();
    const first = marks[0] ?? { at: startedAt, count: 0 };
    return at > first.at ? ((count - first.count) / (at - first.at)) * 1_000 : 0;
  };
}
