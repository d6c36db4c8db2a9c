import type { Tree } from './check.ts';
import { itemFields } from './item-view.ts';

/** What an expression yields, as far as its text tells. `unknown`: it depends on the item. */
export type ResultType = 'boolean' | 'number' | 'text' | 'list' | 'map' | 'other' | 'unknown';

/** Infers the type of the whole expression. It never guesses: where the text does not tell, it is `unknown`. */
export function resultType(tree: Tree): ResultType {
  const { exprKind } = tree;
  switch (exprKind.case) {
    case 'constExpr':
      return constants[exprKind.value.constantKind.case ?? ''] ?? 'other';
    case 'selectExpr':
      return exprKind.value.testOnly ? 'boolean' : fieldType(exprKind.value);
    case 'callExpr':
      return callType(exprKind.value);
    case 'listExpr':
      return 'list';
    case 'structExpr':
      return 'map';
    case 'identExpr':
      return exprKind.value.name === 'item' ? 'map' : 'unknown';
    default:
      return 'unknown';
  }
}

const constants: Readonly<Record<string, ResultType>> = {
  boolValue: 'boolean',
  int64Value: 'number',
  uint64Value: 'number',
  doubleValue: 'number',
  stringValue: 'text',
};

const calls: Readonly<Record<string, ResultType>> = {
  '_&&_': 'boolean',
  '_||_': 'boolean',
  '!_': 'boolean',
  '_==_': 'boolean',
  '_!=_': 'boolean',
  '_<_': 'boolean',
  '_<=_': 'boolean',
  '_>_': 'boolean',
  '_>=_': 'boolean',
  '@in': 'boolean',
  contains: 'boolean',
  startsWith: 'boolean',
  endsWith: 'boolean',
  matches: 'boolean',
  bool: 'boolean',
  '-_': 'number',
  '_*_': 'number',
  '_/_': 'number',
  '_%_': 'number',
  '_-_': 'number',
  size: 'number',
  int: 'number',
  uint: 'number',
  double: 'number',
  string: 'text',
  type: 'other',
  timestamp: 'other',
  duration: 'other',
  bytes: 'other',
};

type Call = Extract<Tree['exprKind'], { case: 'callExpr' }>['value'];
type Select = Extract<Tree['exprKind'], { case: 'selectExpr' }>['value'];

function callType(call: Call): ResultType {
  const [first, second, third] = call.args;
  if (call.function === '_?_:_' && second !== undefined && third !== undefined) {
    const types = [resultType(second), resultType(third)];
    return types[0] === types[1] ? types[0]! : 'unknown';
  }
  if (call.function === '_+_' && first !== undefined)
    return resultType(first) === 'boolean' ? 'other' : resultType(first);
  return calls[call.function] ?? 'unknown';
}

function fieldType({ operand, field }: Select): ResultType {
  const ofItem = operand?.exprKind.case === 'identExpr' && operand.exprKind.value.name === 'item';
  return ofItem ? ((itemFields as Readonly<Record<string, ResultType>>)[field] ?? 'unknown') : 'unknown';
}
