import type { CelEnv, parse } from '@bufbuild/cel';
import { allFields, type ItemField, itemFields } from './item-view.ts';

/** An expression's tree, as the parser gives it. */
export type Tree = ReturnType<typeof parse>['expr'];

/** What is wrong with an expression, and at which node. */
export interface Fault {
  readonly message: string;
  readonly node: bigint;
}

/** What a walk over an expression found. */
export interface Shape {
  /** The first fault, where there is one. */
  readonly fault: Fault | undefined;
  /** How much one evaluation costs at most, roughly, in nodes visited. */
  readonly cost: number;
  /** The fields of `item` that it reads. */
  readonly fields: ReadonlySet<ItemField>;
  /** The constant patterns given to `matches`, with their nodes. */
  readonly patterns: readonly { readonly pattern: string; readonly node: bigint }[];
}

/** Nodes in one expression at most. */
export const maxNodes = 400;
/** Levels of nesting at most. */
export const maxNesting = 100;
/** Macros (`exists`, `all`, `map`, `filter`) within each other at most: each multiplies the cost by the length of a list. */
export const maxLoops = 2;

/** The most that one evaluation may cost, by the estimate of {@link Shape.cost}. */
export const maxCost = 50_000;

/** What a list holds at most, for the estimate: tags of an item. */
const loopLength = 64;
/** What compiling and running a pattern costs beside visiting a node. */
const patternCost = 400;

interface Walk {
  readonly env: CelEnv;
  readonly fields: Set<ItemField>;
  readonly patterns: { pattern: string; node: bigint }[];
  nodes: number;
  cost: number;
  fault: Fault | undefined;
}

interface Place {
  readonly depth: number;
  readonly loops: number;
  /** Variables that a macro has bound. */
  readonly bound: readonly string[];
}

/** Walks the tree once: is it small enough, does it name only what exists, and what does it cost? */
export function inspect(env: CelEnv, tree: Tree): Shape {
  const walk: Walk = { env, fields: new Set(), patterns: [], nodes: 0, cost: 0, fault: undefined };
  visit(walk, tree, { depth: 0, loops: 0, bound: [] });
  if (walk.cost > maxCost)
    fail(walk, tree, 'the expression costs too much: nest fewer macros, or match fewer patterns');
  return { fault: walk.fault, cost: walk.cost, fields: walk.fields, patterns: walk.patterns };
}

function visit(walk: Walk, node: Tree | undefined, place: Place): void {
  if (node === undefined || walk.fault !== undefined) return;
  walk.nodes += 1;
  walk.cost += loopLength ** place.loops;
  if (walk.nodes > maxNodes) {
    fail(walk, node, `the expression has more than ${maxNodes} parts`);
    return;
  }
  if (place.depth > maxNesting) {
    fail(walk, node, `the expression is nested more than ${maxNesting} deep`);
    return;
  }
  visitKind(walk, node, { ...place, depth: place.depth + 1 });
}

function visitKind(walk: Walk, node: Tree, place: Place): void {
  const { exprKind } = node;
  switch (exprKind.case) {
    case 'identExpr':
      visitName(walk, node, exprKind.value.name, place);
      return;
    case 'selectExpr':
      visitField(walk, node, exprKind.value, place);
      return;
    case 'callExpr':
      visitCall(walk, node, exprKind.value, place);
      return;
    case 'listExpr':
      for (const element of exprKind.value.elements) visit(walk, element, place);
      return;
    case 'structExpr':
      visitEntries(walk, node, exprKind.value, place);
      return;
    case 'comprehensionExpr':
      visitLoop(walk, node, exprKind.value, place);
      return;
    default:
      return;
  }
}

type Kind<Case extends string> = Extract<Tree['exprKind'], { case: Case }>['value'];

const typeNames = new Set(['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type']);

function visitName(walk: Walk, node: Tree, name: string, place: Place): void {
  if (name === 'item' && !place.bound.includes(name)) for (const field of allFields) walk.fields.add(field);
  if (name === 'item' || typeNames.has(name) || place.bound.includes(name)) return;
  fail(walk, node, `"${name}" is not known: the item is called "item"`);
}

function visitField(walk: Walk, node: Tree, select: Kind<'selectExpr'>, place: Place): void {
  const { operand, field } = select;
  if (!isItem(operand, place)) {
    visit(walk, operand, place);
  } else if (Object.hasOwn(itemFields, field)) {
    walk.fields.add(field as ItemField);
  } else {
    fail(walk, node, `an item has no "${field}": it has ${allFields.join(', ')}`);
  }
}

function visitCall(walk: Walk, node: Tree, call: Kind<'callExpr'>, place: Place): void {
  if (!isBuiltIn(call.function) && walk.env.funcs.find(call.function) === undefined) {
    fail(walk, node, `there is no function "${call.function}"`);
  }
  if (call.function === 'matches') visitPattern(walk, call, place);
  visit(walk, call.target, place);
  for (const argument of call.args) visit(walk, argument, place);
}

function visitPattern(walk: Walk, call: Kind<'callExpr'>, place: Place): void {
  walk.cost += patternCost * loopLength ** place.loops;
  const argument = call.args.at(-1);
  if (argument?.exprKind.case !== 'constExpr') return;
  const { constantKind } = argument.exprKind.value;
  if (constantKind.case === 'stringValue') walk.patterns.push({ pattern: constantKind.value, node: argument.id });
}

function visitEntries(walk: Walk, node: Tree, struct: Kind<'structExpr'>, place: Place): void {
  if (struct.messageName !== '') fail(walk, node, `messages such as "${struct.messageName}" cannot be made here`);
  for (const entry of struct.entries) {
    if (entry.keyKind.case === 'mapKey') visit(walk, entry.keyKind.value, place);
    visit(walk, entry.value, place);
  }
}

function visitLoop(walk: Walk, node: Tree, loop: Kind<'comprehensionExpr'>, place: Place): void {
  if (place.loops >= maxLoops) {
    fail(walk, node, `macros are nested more than ${maxLoops} deep`);
    return;
  }
  const bound = [...place.bound, loop.iterVar, loop.iterVar2, loop.accuVar];
  visit(walk, loop.iterRange, place);
  visit(walk, loop.accuInit, place);
  const within = { ...place, loops: place.loops + 1, bound };
  visit(walk, loop.loopCondition, within);
  visit(walk, loop.loopStep, within);
  visit(walk, loop.result, { ...place, bound });
}

function fail(walk: Walk, node: Tree, message: string): void {
  walk.fault ??= { message, node: node.id };
}

/** Is it `item`, and not a variable of that name in a macro? */
function isItem(node: Tree | undefined, place: Place): boolean {
  return node?.exprKind.case === 'identExpr' && node.exprKind.value.name === 'item' && !place.bound.includes('item');
}

/** Operators that the evaluator plans by itself. */
const planned = new Set(['_&&_', '_||_', '_?_:_', '_==_', '_!=_', '_[_]', '_[?_]', '_?._', '@not_strictly_false']);

function isBuiltIn(name: string): boolean {
  return planned.has(name);
}
