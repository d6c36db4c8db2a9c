/** What the rules for tips go by, and how an expression sees it. */

import type { CelInput } from '@bufbuild/cel';
import { createVocabulary, type Meaning } from '../../expressions/vocabulary.ts';
import type { SeenLabel } from './judge.ts';

/** A scored photo and its moment. */
export interface TipSituation {
  /** Surest first. */
  readonly labels: readonly SeenLabel[];
  /** 1 (worst) to 5 (best). */
  readonly score: number;
  /** 0 (certain) to 1 (a guess). */
  readonly uncertainty: number;
  /** 0 to 23, where the meal was had. */
  readonly hour: number;
  /** "monday" to "sunday", where the meal was had. */
  readonly weekday: string;
  /** The person's meals before this one, in any order. */
  readonly meals: readonly EarlierMeal[];
}

/** A meal before. */
export interface EarlierMeal {
  readonly score: number;
  readonly hoursAgo: number;
  readonly labels: readonly SeenLabel[];
}

/** Gives the group of a label, such as "Juice" for every juice; a label without one is its own group. */
export type GroupOf = (name: string) => string;

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** How much of a situation the rules see. */
const maxLabels = 8;
const maxMeals = 64;

const number: Meaning = { type: 'number' };
const text: Meaning = { type: 'text' };
const labels: Meaning = {
  type: 'list',
  maxLength: maxLabels,
  elements: { type: 'map', fields: { name: text, confidence: number, group: text } },
};
const meals: Meaning = {
  type: 'list',
  elements: { type: 'map', fields: { score: number, hours_ago: number, labels } },
};

/** The names that a rule's condition may use. */
export const tipVocabulary = createVocabulary({
  labels,
  score: number,
  uncertainty: number,
  hour: number,
  weekday: text,
  meals,
});

/** The values of these names. Of many labels the surest are seen, of many meals the latest. */
export function tipValues(situation: TipSituation, groupOf: GroupOf): Readonly<Record<string, CelInput>> {
  const latest = situation.meals.toSorted((left, right) => left.hoursAgo - right.hoursAgo).slice(0, maxMeals);
  return {
    labels: labelValues(situation.labels, groupOf),
    score: situation.score,
    uncertainty: situation.uncertainty,
    hour: BigInt(situation.hour),
    weekday: situation.weekday,
    meals: latest.map((meal) => ({
      score: meal.score,
      hours_ago: meal.hoursAgo,
      labels: labelValues(meal.labels, groupOf),
    })),
  } satisfies Record<keyof typeof tipVocabulary.names, CelInput>;
}

function labelValues(all: readonly SeenLabel[], groupOf: GroupOf): CelInput[] {
  return all.slice(0, maxLabels).map(({ name, confidence }) => ({ name, confidence, group: groupOf(name) }));
}
