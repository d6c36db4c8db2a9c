import { type CelInput, type CelResult, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { inspect, type Shape } from './check.ts';
import { resultType } from './result-type.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A condition in CEL, compiled. */
export interface Expression {
  readonly text: string;
  /** What one evaluation costs at most, roughly, in parts of the expression visited. */
  readonly cost: number;
  /** What it reads of each name of the vocabulary; see {@link Shape.reads}. */
  readonly reads: Shape['reads'];
  /** Evaluates it. Does not throw: a failure, such as reading what is not there, is a `CelError`. */
  evaluate(values: Readonly<Record<string, CelInput>>): CelResult;
}

/** Why a text is no expression, and where. */
export interface ExpressionFault {
  readonly problem: string;
  /** Where in the text, in UTF-16 units from its beginning. */
  readonly offset: number;
  readonly cause?: unknown;
}

/** The longest text of an expression, in bytes. */
export const maxExpressionBytes = 4_096;

/**
 * Compiles a condition in CEL (https://cel.dev) over the names of a vocabulary. What does not parse, is too large, costs too
 * much, names what does not exist, or cannot be true or false, is a fault.
 */
export function compileExpression(vocabulary: Vocabulary, text: string): Expression | ExpressionFault {
  if (Buffer.byteLength(text) > maxExpressionBytes) {
    return { problem: `the expression is longer than ${maxExpressionBytes} bytes`, offset: 0 };
  }
  const parsed = parseText(text);
  return 'problem' in parsed ? parsed : checked(vocabulary, text, parsed);
}

type Parsed = ReturnType<typeof parse>;

function checked(vocabulary: Vocabulary, text: string, parsed: Parsed): Expression | ExpressionFault {
  const at = (node: bigint) => parsed.sourceInfo?.positions[String(node)] ?? 0;
  const { fault, cost, reads, patterns } = inspect(vocabulary, parsed.expr);
  if (fault !== undefined) return { problem: fault.message, offset: at(fault.node) };
  const type = resultType(parsed.expr, vocabulary.names);
  if (type !== 'boolean' && type !== 'unknown') {
    return { problem: `the expression must be true or false; it is a ${type}`, offset: at(parsed.expr.id) };
  }
  for (const { pattern, node } of patterns) {
    const wrong = patternError(pattern);
    if (wrong !== undefined) return { ...wrong, offset: at(node) };
  }
  return planned(vocabulary, text, parsed, { cost, reads });
}

function parseText(text: string): Parsed | ExpressionFault {
  try {
    return parse(text);
  } catch (cause) {
    return { problem: 'it does not parse from here on', offset: failureOffset(cause), cause };
  }
}

function planned(
  { env }: Vocabulary,
  text: string,
  parsed: Parsed,
  shape: Pick<Shape, 'cost' | 'reads'>,
): Expression | ExpressionFault {
  try {
    const evaluate = plan(env, parsed) as Expression['evaluate'];
    return { text, ...shape, evaluate };
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : 'it cannot be planned', offset: 0, cause };
  }
}

const matchesNothing = plan(celEnv({ variables: {} }), parse('"".matches(pattern)')) as (bindings: object) => unknown;

/** A pattern that is written out is compiled here, so that a wrong one is told at once (RE2's syntax). */
function patternError(pattern: string): Omit<ExpressionFault, 'offset'> | undefined {
  const result = matchesNothing({ pattern });
  return isCelError(result) ? { problem: `the pattern is not valid: ${result.message}`, cause: result } : undefined;
}

/** Where the parser stopped. Its error says so; it has no exported type. */
function failureOffset(error: unknown): number {
  const { location } = error as { location?: { start?: { offset?: unknown } } };
  const offset = location?.start?.offset;
  return typeof offset === 'number' ? offset : 0;
}

/** A place in a text, both from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Line and column of an offset. */
export function placeIn(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** What stands at an offset, for a message: `, at "item.prise"`; empty at the end of the text. */
export function quotedFrom(text: string, offset: number): string {
  const near = text.slice(offset, offset + 24).split('\n')[0] ?? '';
  return near === '' ? '' : `, at "${near}"`;
}
