/** What a benchmark is: a name, options, and a run that gives a report. One file a benchmark. */

import { PalateError } from '../src/errors.ts';
import type { Report } from './report.ts';

export interface BenchOption {
  readonly type: 'string' | 'boolean';
  readonly description: string;
}

export type BenchOptions = Readonly<Record<string, BenchOption>>;

/** Options as given; those that were not given are absent. */
export type BenchValues = Readonly<Record<string, string | boolean | undefined>>;

export interface BenchContext {
  readonly values: BenchValues;
  /** Tells a person who waits, on standard error. */
  progress(text: string): void;
  /** A folder for this run. It is removed afterwards. */
  readonly folder: string;
}

export interface Benchmark {
  readonly name: string;
  /** One line: what it measures. */
  readonly summary: string;
  readonly options: BenchOptions;
  run(context: BenchContext): Promise<Report>;
}

/** What every benchmark that starts a server takes. */
export const serverOptions = {
  profile: {
    type: 'string',
    description: 'Folder: write CPU profiles of the server there and print its top functions.',
  },
} as const satisfies BenchOptions;

/** A whole number above 0 given to `--name`, or the default. Throws USAGE. */
export function countOf(values: BenchValues, name: string, byDefault: number): number {
  const text = values[name];
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new PalateError('USAGE', `--${name} takes a whole number above 0, not ${JSON.stringify(text)}.`);
}

/** A comma-separated list of such numbers. Throws USAGE. */
export function countsOf(values: BenchValues, name: string, byDefault: readonly number[]): readonly number[] {
  const text = values[name];
  if (typeof text !== 'string') return byDefault;
  return text.split(',').map((part) => countOf({ [name]: part }, name, 0));
}

/** The text given to `--name`, if any. */
export function textOf(values: BenchValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
