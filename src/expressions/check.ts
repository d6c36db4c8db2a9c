import { meaningOf, type Scope, type Tree } from './meaning.ts';
import type { Meaning, Vocabulary } from './vocabulary.ts';

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
  /** What it reads of each name, by name: fields that it names, or all where it takes the whole. */
  readonly reads: ReadonlyMap<string, ReadonlySet<string>>;
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

/** What a list holds at most, for the estimate, where the vocabulary does not say: tags of an item. */
const loopLength = 64;
/** What compiling and running a pattern costs beside visiting a node. */
const patternCost = 400;

interface Walk {
  readonly vocabulary: Vocabulary;
  readonly reads: Map<string, Set<string>>;
  readonly patterns: { pattern: string; node: bigint }[];
  nodes: number;
  cost: number;
  fault: Fault | undefined;
}

interface Place {
  readonly depth: number;
  readonly loops: number;
  /** How often this part is visited in one evaluation. */
  readonly times: number;
  /** The names in reach. */
  readonly scope: Scope;
  /** Those of them that macros have bound. */
  readonly bound: readonly string[];
}

/** Walks the tree once: is it small enough, does it name only what exists, and what does it cost? */
export function inspect(vocabulary: Vocabulary, tree: Tree): Shape {
  const walk: Walk = { vocabulary, reads: new Map(), patterns: [], nodes: 0, cost: 0, fault: undefined };
  visit(walk, tree, { depth: 0, loops: 0, times: 1, scope: new Map(Object.entries(vocabulary.names)), bound: [] });
  if (walk.cost > maxCost)
    fail(walk, tree, 'the expression costs too much: nest fewer macros, or match fewer patterns');
  return { fault: walk.fault, cost: walk.cost, reads: walk.reads, patterns: walk.patterns };
}

function visit(walk: Walk, node: Tree | undefined, place: Place): void {
  if (node === undefined || walk.fault !== undefined) return;
  walk.nodes += 1;
  walk.cost += place.times;
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
  const meaning = globalMeaning(walk, name, place);
  if (meaning !== undefined) for (const field of Object.keys(meaning.fields ?? {})) noteRead(walk, name, field);
  if (place.scope.has(name) || typeNames.has(name)) return;
  fail(walk, node, `"${name}" is not known; known here: ${Object.keys(walk.vocabulary.names).join(', ')}`);
}

function visitField(walk: Walk, node: Tree, select: Kind<'selectExpr'>, place: Place): void {
  const { operand, field } = select;
  const fields = meaningOf(operand, place.scope)?.fields;
  if (fields !== undefined && !Object.hasOwn(fields, field)) {
    fail(walk, node, `${nameOf(operand)} has no "${field}": it has ${listed(fields)}`);
    return;
  }
  const name = operand?.exprKind.case === 'identExpr' ? operand.exprKind.value.name : '';
  if (globalMeaning(walk, name, place)?.fields === undefined) visit(walk, operand, place);
  else noteRead(walk, name, field);
}

/** What a name of the vocabulary stands for, unless a macro has bound another one of that name. */
function globalMeaning(walk: Walk, name: string, { bound }: Place): Meaning | undefined {
  const { names } = walk.vocabulary;
  return Object.hasOwn(names, name) && !bound.includes(name) ? names[name] : undefined;
}

function noteRead(walk: Walk, name: string, field: string): void {
  const fields = walk.reads.get(name) ?? new Set();
  walk.reads.set(name, fields.add(field));
}

function nameOf(tree: Tree | undefined): string {
  const kind = tree?.exprKind;
  if (kind?.case === 'selectExpr') return `${nameOf(kind.value.operand)}.${kind.value.field}`;
  return kind?.case === 'identExpr' ? kind.value.name : 'this';
}

/** A model may have a thousand classes. */
const mostListed = 24;

function listed(fields: Readonly<Record<string, Meaning>>): string {
  const names = Object.keys(fields);
  const first = names.slice(0, mostListed).join(', ');
  return names.length > mostListed ? `${first} and ${names.length - mostListed} more` : first;
}

function visitCall(walk: Walk, node: Tree, call: Kind<'callExpr'>, place: Place): void {
  if (!isBuiltIn(call.function) && walk.vocabulary.env.funcs.find(call.function) === undefined) {
    fail(walk, node, `there is no function "${call.function}"`);
  }
  if (call.function === 'matches') visitPattern(walk, call, place);
  if (call.function === '_[_]') visitKey(walk, node, call.args, place);
  visit(walk, call.target, place);
  for (const argument of call.args) visit(walk, argument, place);
}

/** `map["key"]`: as `map.key`, where it is known which keys there are. */
function visitKey(walk: Walk, node: Tree, [map, key]: readonly Tree[], { scope }: Place): void {
  const fields = meaningOf(map, scope)?.fields;
  if (fields === undefined || key?.exprKind.case !== 'constExpr') return;
  const { constantKind } = key.exprKind.value;
  if (constantKind.case !== 'stringValue' || Object.hasOwn(fields, constantKind.value)) return;
  fail(walk, node, `${nameOf(map)} has no "${constantKind.value}": it has ${listed(fields)}`);
}

function visitPattern(walk: Walk, call: Kind<'callExpr'>, place: Place): void {
  walk.cost += patternCost * place.times;
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
  const list = meaningOf(loop.iterRange, place.scope);
  const bound = [...place.bound, loop.iterVar, loop.iterVar2, loop.accuVar];
  const scope = new Map([...place.scope, [loop.iterVar2, undefined], [loop.accuVar, undefined]]);
  scope.set(loop.iterVar, loop.iterVar2 === '' ? list?.elements : undefined);
  visit(walk, loop.iterRange, place);
  visit(walk, loop.accuInit, place);
  const times = place.times * (list?.maxLength ?? loopLength);
  const within = { ...place, loops: place.loops + 1, times, scope, bound };
  visit(walk, loop.loopCondition, within);
  visit(walk, loop.loopStep, within);
  visit(walk, loop.result, { ...place, scope, bound });
}

function fail(walk: Walk, node: Tree, message: string): void {
  walk.fault ??= { message, node: node.id };
}

/** Operators that the evaluator plans by itself. */
const planned = new Set(['_&&_', '_||_', '_?_:_', '_==_', '_!=_', '_[_]', '_[?_]', '_?._', '@not_strictly_false']);

function isBuiltIn(name: string): boolean {
  return planned.has(name);
}
