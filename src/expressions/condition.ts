import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { PalateError } from '../errors.ts';
import { inspect } from './check.ts';
import { celItem, type ItemView, itemVariables } from './item-view.ts';
import { resultType } from './result-type.ts';

/** A condition on an item, ready to be asked. */
export interface Condition {
  readonly text: string;
  /** What one evaluation costs at most, roughly, in parts of the expression visited. */
  readonly cost: number;
  /** Never throws. An error, such as reading what the item lacks, and an answer that is not true or false, are false. */
  matches(item: ItemView): boolean;
}

/** The longest text of an expression, in bytes. */
export const maxExpressionBytes = 4_096;

/** Of the extension on texts only what cannot make a list or text longer than its input: the cost is estimated on that. */
const textFunctions = ['lowerAscii', 'upperAscii', 'trim', 'charAt', 'indexOf', 'lastIndexOf', 'substring'];

/** The standard functions of CEL, and some on texts. */
const env = celEnv({ variables: itemVariables, funcs: strings.filter(({ name }) => textFunctions.includes(name)) });

/**
 * Compiles a condition in CEL (https://cel.dev) over `item`.
 * @throws PalateError INVALID_FILTER with the line and column: where it does not parse, is too large, names what does
 * not exist, or cannot be true or false.
 */
export function compileCondition(text: string): Condition {
  if (Buffer.byteLength(text) > maxExpressionBytes) {
    throw invalid(text, 0, `the expression is longer than ${maxExpressionBytes} bytes`);
  }
  const parsed = parseText(text);
  const at = (node: bigint) => parsed.sourceInfo?.positions[String(node)] ?? 0;
  const { fault, cost, fields, patterns } = inspect(env, parsed.expr);
  if (fault !== undefined) throw invalid(text, at(fault.node), fault.message);
  const type = resultType(parsed.expr);
  if (type !== 'boolean' && type !== 'unknown') {
    throw invalid(text, at(parsed.expr.id), `the expression must be true or false; it is a ${type}`);
  }
  for (const { pattern, node } of patterns) checkPattern(text, pattern, at(node));
  const evaluate = planned(text, parsed);
  return { text, cost, matches: (item) => evaluate({ item: celItem(item, fields) }) === true };
}

type Parsed = ReturnType<typeof parse>;
type Evaluate = (bindings: { item: ReadonlyMap<string, CelInput> }) => unknown;

function parseText(text: string): Parsed {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(text, failureOffset(error), 'it does not parse from here on', error);
  }
}

function planned(text: string, parsed: Parsed): Evaluate {
  try {
    return plan(env, parsed) as Evaluate;
  } catch (error) {
    throw invalid(text, 0, error instanceof Error ? error.message : 'it cannot be planned', error);
  }
}

const matchesNothing = plan(celEnv({ variables: {} }), parse('"".matches(pattern)')) as (bindings: object) => unknown;

/** A pattern that is written out is compiled here, so that a wrong one is told at once (RE2's syntax). */
function checkPattern(text: string, pattern: string, offset: number): void {
  const result = matchesNothing({ pattern });
  if (isCelError(result)) throw invalid(text, offset, `the pattern is not valid: ${result.message}`, result);
}

/** Where the parser stopped. Its error says so; it has no exported type. */
function failureOffset(error: unknown): number {
  const { location } = error as { location?: { start?: { offset?: unknown } } };
  const offset = location?.start?.offset;
  return typeof offset === 'number' ? offset : 0;
}

function invalid(text: string, offset: number, problem: string, cause?: unknown): PalateError {
  const before = text.slice(0, offset).split('\n');
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  const near = text.slice(offset, offset + 24).split('\n')[0] ?? '';
  const where = near === '' ? '' : `, at "${near}"`;
  return new PalateError('INVALID_FILTER', `filter, line ${line}, column ${column}${where}: ${problem}`, {
    cause,
    metadata: { line: String(line), column: String(column) },
    violations: [{ field: 'filter', description: problem }],
  });
}
