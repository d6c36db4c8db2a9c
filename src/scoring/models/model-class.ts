import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { PalateError } from '../../errors.ts';

/** What a label stands for. `other` means that the photo shows no food. */
export const classKinds = ['grocery', 'food', 'dish', 'other'] as const;

export type ClassKind = (typeof classKinds)[number];

/** One thing that a model can tell. */
export interface ModelClass {
  /** As answers spell it. */
  readonly name: string;
  readonly kind: ClassKind;
  /** What it is a kind of: `Apple` for `Pink-Lady`; empty where the table does not say. */
  readonly coarse: string;
  /** 1 (worst) to 5 (best); undefined for the kind `other` alone. */
  readonly score: number | undefined;
}

/**
 * Reads a model's classes, in the order of its output `labels`: a CSV (RFC 4180) with the columns `name`, `kind` and
 * `score`, and `coarse` where there is one. Other columns are for people.
 * @throws PalateError MODEL_INVALID, with the file, the line and the column
 */
export function readClasses(file: string): readonly ModelClass[] {
  const rows = readRows(file);
  for (const column of ['name', 'kind', 'score']) {
    if (rows[0] !== undefined && !(column in rows[0].record)) throw invalid(file, `it has no column ${column}`);
  }
  const classes = rows.map(({ record, info }) => classOf(record, `${file}, line ${info.lines}`));
  const names = new Set<string>();
  for (const { name } of classes) {
    if (names.has(name)) throw invalid(file, `${name} is there twice`);
    names.add(name);
  }
  if (classes.length === 0) throw invalid(file, 'it has no classes');
  return classes;
}

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function readRows(file: string): readonly Row[] {
  try {
    const options = { columns: true, bom: true, skip_empty_lines: true, info: true } as const;
    return parse(readFileSync(file), options) as unknown as Row[];
  } catch (error) {
    throw invalid(file, (error as Error).message, error);
  }
}

function classOf(row: Row['record'], place: string): ModelClass {
  const name = row['name'] ?? '';
  if (name === '') throw invalid(place, 'name is empty');
  const kind = classKinds.find((known) => known === row['kind']);
  if (kind === undefined) throw invalid(place, `kind is "${row['kind']}"; it must be ${classKinds.join(', ')}`);
  return { name, kind, coarse: row['coarse'] ?? '', score: scoreOf(row['score'] ?? '', kind, place) };
}

function scoreOf(text: string, kind: ClassKind, place: string): number | undefined {
  if (kind === 'other') {
    if (text !== '') throw invalid(place, `score is "${text}"; the kind other has none`);
    return undefined;
  }
  const score = Number(text);
  if (text !== '' && score >= 1 && score <= 5) return score;
  throw invalid(place, `score is "${text}"; it must be 1 to 5`);
}

function invalid(place: string, problem: string, cause?: unknown): PalateError {
  return new PalateError('MODEL_INVALID', `${place}: ${problem}`, { cause });
}
