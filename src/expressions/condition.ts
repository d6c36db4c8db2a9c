import { PalateError } from '../errors.ts';
import { compileExpression, type ExpressionFault, placeIn, quotedFrom } from './expression.ts';
import { celItem, type ItemField, type ItemView, itemVocabulary } from './item-view.ts';

/** A condition on an item, ready to be asked. */
export interface Condition {
  readonly text: string;
  /** What one evaluation costs at most, roughly, in parts of the expression visited. */
  readonly cost: number;
  /** Never throws. An error, such as reading what the item lacks, and an answer that is not true or false, are false. */
  matches(item: ItemView): boolean;
}

/**
 * Compiles a condition in CEL (https://cel.dev) over `item`.
 * @throws PalateError INVALID_FILTER with the line and column: where it does not parse, is too large, names what does
 * not exist, or cannot be true or false.
 */
export function compileCondition(text: string): Condition {
  const compiled = compileExpression(itemVocabulary, text);
  if ('problem' in compiled) throw invalid(text, compiled);
  const fields = [...(compiled.reads.get('item') ?? [])] as ItemField[];
  return {
    text,
    cost: compiled.cost,
    matches: (item) => compiled.evaluate({ item: celItem(item, fields) }) === true,
  };
}

function invalid(text: string, { problem, offset, cause }: ExpressionFault): PalateError {
  const { line, column } = placeIn(text, offset);
  const where = quotedFrom(text, offset);
  return new PalateError('INVALID_FILTER', `filter, line ${line}, column ${column}${where}: ${problem}`, {
    cause,
    metadata: { line: String(line), column: String(column) },
    violations: [{ field: 'filter', description: problem }],
  });
}
