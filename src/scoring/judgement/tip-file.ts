/** Reads a file of tips: YAML that people edit, checked as a whole before it is used. */

import { readFileSync } from 'node:fs';
import { type Document, isScalar, LineCounter, parseDocument, Scalar } from 'yaml';
import { type FieldViolation, PalateError } from '../../errors.ts';
import {
  compileExpression,
  type Expression,
  placeIn,
  quotedFrom,
  type TextPlace,
} from '../../expressions/expression.ts';
import { type TipExampleEntry, type TipRuleEntry, tipFileSchema } from './tip-schema.ts';
import { tipVocabulary } from './tip-situation.ts';

/** A rule, ready to be asked. */
export interface TipRule {
  readonly id: string;
  readonly condition: Expression;
  /** Of the rules that apply the one with the highest is used; among equals the first in the file. */
  readonly priority: number;
  /** At least one. */
  readonly texts: readonly string[];
  readonly examples: readonly TipExample[];
}

/** What a rule's author says of it. */
export type TipExample = TipExampleEntry & {
  /** Where it stands: `tips.yaml:12:9`. */
  readonly place: string;
};

type Path = readonly PropertyKey[];

/** The most that all conditions together may cost, in parts visited. A part took 0.1 µs when it was measured. */
const maxTotalCost = 50_000;

/** A file as text and as tree, so that a mistake can be pointed at. */
interface Source {
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** Something wrong: where, and what. */
interface Mistake {
  readonly place: string;
  readonly problem: string;
}

/**
 * Reads the rules of a file, in its order.
 * @throws PalateError CONFIG_INVALID that names every mistake with file, line, column and rule: no YAML, a key that is not
 * known or has a wrong value, an id twice, a condition that does not compile, a rule without an example of each kind.
 */
export function readTipFile(file: string): readonly TipRule[] {
  const source = openSource(file);
  const parsed = tipFileSchema.safeParse(plainOf(source));
  if (!parsed.success) {
    throw tipsError(parsed.error.issues.map((issue) => mistakeAt(source, issue.path, issue.message)));
  }
  const mistakes: Mistake[] = [];
  const rules = parsed.data.rules.flatMap((entry, index) => {
    const rule = compileRule(source, entry, index);
    mistakes.push(...duplicateId(source, parsed.data.rules, index), ...missingExamples(source, entry, index));
    if ('problem' in rule) mistakes.push(rule);
    return 'problem' in rule ? [] : [rule];
  });
  mistakes.push(...excessiveCost(source, rules));
  if (mistakes.length > 0) throw tipsError(mistakes);
  return rules;
}

/** All mistakes as one error. */
export function tipsError(mistakes: readonly Mistake[]): PalateError {
  const lines = mistakes.map(({ place, problem }) => `${place}: ${problem}`);
  const message =
    lines.length === 1 ? lines[0]! : `the rules for tips have ${lines.length} mistakes:\n  ${lines.join('\n  ')}`;
  const violations: FieldViolation[] = mistakes.map(({ place, problem }) => ({ field: place, description: problem }));
  return new PalateError('CONFIG_INVALID', message, { violations });
}

function openSource(file: string): Source {
  const lines = new LineCounter();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PalateError('CONFIG_INVALID', `the rules for tips can't be read: ${reason}`, { cause });
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw tipsError([{ place: `${file}:${line}:${col}`, problem: `this is not YAML: ${error.message}` }]);
  }
  return { file, text, document, lines };
}

/** The tree as plain data. */
function plainOf({ file, document }: Source): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // An alias without an anchor, or far too many of them.
    const problem = `this YAML can't be used: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw tipsError([{ place: `${file}:1:1`, problem }]);
  }
}

/** All of them may have to be asked for one tip. */
function excessiveCost({ file }: Source, rules: readonly TipRule[]): Mistake[] {
  const cost = rules.reduce((sum, { condition }) => sum + condition.cost, 0);
  if (cost <= maxTotalCost) return [];
  const problem = `the rules together cost ${cost} of ${maxTotalCost}: use fewer, or fewer macros within macros`;
  return [{ place: `${file}:1:1`, problem }];
}

function compileRule(source: Source, entry: TipRuleEntry, index: number): TipRule | Mistake {
  const condition = compileExpression(tipVocabulary, entry.when);
  if ('problem' in condition) {
    const { line, column } = conditionPlace(source, ['rules', index, 'when'], entry.when, condition.offset);
    const where = quotedFrom(entry.when, condition.offset);
    const place = `${source.file}:${line}:${column}`;
    return { place, problem: `rule "${entry.id}"${where}: ${condition.problem}` };
  }
  const { id, priority, texts } = entry;
  const examples = entry.examples.map((example, at) => ({
    ...example,
    place: placeOf(source, ['rules', index, 'examples', at]),
  }));
  return { id, condition, priority, texts, examples };
}

function duplicateId(source: Source, rules: readonly TipRuleEntry[], index: number): Mistake[] {
  const { id } = rules[index]!;
  const isFirst = rules.findIndex((rule) => rule.id === id) === index;
  return isFirst ? [] : [mistakeAt(source, ['rules', index, 'id'], 'another rule has this id')];
}

function missingExamples(source: Source, { examples }: TipRuleEntry, index: number): Mistake[] {
  const missing = [true, false].filter((kind) => !examples.some(({ applies }) => applies === kind));
  return missing.map((kind) =>
    mistakeAt(source, ['rules', index, 'examples'], `an example with "applies: ${kind}" is missing`),
  );
}

function mistakeAt(source: Source, path: Path, problem: string): Mistake {
  const id = path[0] === 'rules' ? source.document.getIn(['rules', path[1], 'id']) : undefined;
  const rule = typeof id === 'string' ? `rule "${id}"` : '';
  const key = path.slice(rule === '' ? 0 : 2).join('.');
  const what = [rule, key].filter((part) => part !== '').join(', ');
  return { place: placeOf(source, path), problem: what === '' ? problem : `${what}: ${problem}` };
}

/** Where a path's node stands; where it is missing, the node around it. */
function placeOf(source: Source, path: Path): string {
  for (let depth = path.length; depth > 0; depth--) {
    const range = rangeOf(source.document.getIn(path.slice(0, depth), true));
    if (range === undefined) continue;
    const { line, col } = source.lines.linePos(range[0]);
    return `${source.file}:${line}:${col}`;
  }
  return `${source.file}:1:1`;
}

function rangeOf(node: unknown): readonly [number, number, ...number[]] | undefined {
  const { range } = (node ?? {}) as { range?: readonly [number, number, number] | null };
  return range ?? undefined;
}

/** Where an offset in a condition lies in the file. In folded or escaped texts that is no longer known: there it is the beginning. */
function conditionPlace(source: Source, path: Path, condition: string, offset: number): TextPlace {
  const node = source.document.getIn(path, true);
  const range = rangeOf(node);
  if (range === undefined) return { line: 1, column: 1 };
  const written = source.text.slice(range[0], range[1]);
  const place = placeIn(condition, offset);
  if (isScalar(node) && node.type === Scalar.BLOCK_LITERAL) {
    const start = source.lines.linePos(range[0]);
    const indent = /\n( *)\S/.exec(written)?.[1]?.length ?? 0;
    return { line: start.line + place.line, column: indent + place.column };
  }
  const verbatim = written.indexOf(condition);
  const { line, col } = source.lines.linePos(range[0] + (verbatim === -1 ? 0 : verbatim + offset));
  return { line, column: col };
}
