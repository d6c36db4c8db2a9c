import { isCelError } from '@bufbuild/cel';
import type { TipExample, TipRule } from './tip-file.ts';
import { type GroupOf, type TipSituation, tipValues } from './tip-situation.ts';

/** The situation that an example describes. */
export function situationOf({ with: given }: TipExample): TipSituation {
  return {
    ...given,
    labels: labelsOf(given.labels),
    meals: given.meals.map(({ score, hours_ago, labels }) => ({
      score,
      hoursAgo: hours_ago,
      labels: labelsOf(labels),
    })),
  };
}

/**
 * Holds a rule against one of its examples.
 * @param labelNames what the model can name; undefined: not known
 * @returns what is wrong, undefined where the example holds
 */
export function exampleProblem(
  { condition }: TipRule,
  example: TipExample,
  groupOf: GroupOf,
  labelNames: ReadonlySet<string> | undefined,
): string | undefined {
  const situation = situationOf(example);
  const named = [situation, ...situation.meals].flatMap(({ labels }) => labels.map(({ name }) => name));
  const stranger = named.find((name) => labelNames?.has(name) === false);
  if (stranger !== undefined) return `the model has no label "${stranger}"`;
  const found = condition.evaluate(tipValues(situation, groupOf));
  if (isCelError(found)) return `the condition fails here: ${found.message}`;
  if (found === example.applies) return undefined;
  return `the rule ${found === true ? 'applies' : 'does not apply'} here, the example says otherwise`;
}

function labelsOf(labels: Readonly<Record<string, number>>): { name: string; confidence: number }[] {
  return Object.entries(labels).map(([name, confidence]) => ({ name, confidence }));
}
