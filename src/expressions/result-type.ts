import type { Tree } from './meaning.ts';
import type { Names } from './vocabulary.ts';

/** What an expression yields, as far as its text tells. `unknown`: it depends on the values. */
export type ResultType = 'boolean' | 'number' | 'text' | 'list' | 'map' | 'other' | 'unknown';

/** Infers the type of the whole expression. It never guesses: where the text does not tell, it is `unknown`. */
export function resultType(tree: Tree, names: Names): ResultType {
  const { exprKind } = tree;
  switch (exprKind.case) {
    case 'constExpr':
      return constants[exprKind.value.constantKind.case ?? ''] ?? 'other';
    case 'selectExpr':
      return exprKind.value.testOnly ? 'boolean' : fieldType(exprKind.value, names);
    case 'callExpr':
      return callType(exprKind.value, names);
    case 'listExpr':
      return 'list';
    case 'structExpr':
      return 'map';
    case 'identExpr':
      return names[exprKind.value.name]?.type ?? 'unknown';
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

function callType(call: Call, names: Names): ResultType {
  const [first, second, third] = call.args;
  if (call.function === '_?_:_' && second !== undefined && third !== undefined) {
    const types = [resultType(second, names), resultType(third, names)];
    return types[0] === types[1] ? types[0]! : 'unknown';
  }
  if (call.function === '_+_' && first !== undefined)
    return resultType(first, names) === 'boolean' ? 'other' : resultType(first, names);
  return calls[call.function] ?? 'unknown';
}

function fieldType({ operand, field }: Select, names: Names): ResultType {
  const owner = operand?.exprKind.case === 'identExpr' ? names[operand.exprKind.value.name] : undefined;
  return owner?.fields?.[field]?.type ?? 'unknown';
}
