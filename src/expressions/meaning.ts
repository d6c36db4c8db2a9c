/** What the parts of an expression are, as far as its text and the vocabulary tell. Where they do not tell, nothing is guessed. */

import type { parse } from '@bufbuild/cel';
import type { Meaning } from './vocabulary.ts';

/** An expression's tree, as the parser gives it. */
export type Tree = ReturnType<typeof parse>['expr'];

/** What the names in reach stand for: the vocabulary's, and those that macros have bound. `undefined`: it is not known what. */
export type Scope = ReadonlyMap<string, Meaning | undefined>;

/** What a part of an expression is; `undefined`: it is not known. */
export function meaningOf(tree: Tree | undefined, scope: Scope): Meaning | undefined {
  if (tree === undefined) return undefined;
  const { exprKind } = tree;
  switch (exprKind.case) {
    case 'identExpr':
      return scope.get(exprKind.value.name);
    case 'selectExpr':
      return exprKind.value.testOnly
        ? undefined
        : fieldOf(meaningOf(exprKind.value.operand, scope), exprKind.value.field);
    case 'callExpr':
      return exprKind.value.function === '_[_]' ? elementOf(exprKind.value.args, scope) : undefined;
    case 'comprehensionExpr':
      return filteredList(exprKind.value, scope);
    default:
      return undefined;
  }
}

type Loop = Extract<Tree['exprKind'], { case: 'comprehensionExpr' }>['value'];

function fieldOf(owner: Meaning | undefined, field: string): Meaning | undefined {
  return owner?.fields !== undefined && Object.hasOwn(owner.fields, field) ? owner.fields[field] : undefined;
}

/** Of a list any element; of a map what the key stands for, where it is written out. */
function elementOf([owner, key]: readonly Tree[], scope: Scope): Meaning | undefined {
  const meaning = meaningOf(owner, scope);
  const constant = key?.exprKind.case === 'constExpr' ? key.exprKind.value.constantKind : undefined;
  return meaning?.elements ?? (constant?.case === 'stringValue' ? fieldOf(meaning, constant.value) : undefined);
}

/** `list.filter(x, …)` has the elements of `list`. Its loop adds `[x]` to the result, or nothing. */
function filteredList(loop: Loop, scope: Scope): Meaning | undefined {
  const step = callArguments(loop.loopStep, '_?_:_')?.[1];
  const added = callArguments(step, '_+_')?.[1]?.exprKind;
  if (added?.case !== 'listExpr') return undefined;
  const [element] = added.value.elements;
  const isElement = element?.exprKind.case === 'identExpr' && element.exprKind.value.name === loop.iterVar;
  return isElement ? meaningOf(loop.iterRange, scope) : undefined;
}

function callArguments(tree: Tree | undefined, name: string): readonly Tree[] | undefined {
  return tree?.exprKind.case === 'callExpr' && tree.exprKind.value.function === name
    ? tree.exprKind.value.args
    : undefined;
}
