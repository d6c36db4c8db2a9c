/** A sentence for the person who had the meal, by rules that a nutritionist can edit. */

import { crc32 } from 'node:zlib';
import type { SeenLabel } from './judge.ts';
import { localTime } from './local-time.ts';
import { exampleProblem } from './tip-examples.ts';
import { readTipFile, type TipRule, tipsError } from './tip-file.ts';
import { type GroupOf, type TipSituation, tipValues } from './tip-situation.ts';

/** A scored photo, when and where it was taken, and what its person had before. */
export interface TipInput extends Pick<TipSituation, 'labels' | 'score' | 'uncertainty'> {
  /** Decides which of a rule's texts is used, so that the same photo always gets the same one. */
  readonly imageId: string;
  /** Milliseconds since 1970. */
  readonly atMillis: number;
  /** Of the IANA database; '' is UTC. */
  readonly timeZone: string;
  /** What the profile says, in any order. Empty where it is not known. The photo itself is passed over. */
  readonly meals: readonly RecentMeal[];
}

/** A meal of a profile. */
export interface RecentMeal {
  readonly imageId: string;
  readonly score: number;
  /** Milliseconds since 1970. */
  readonly atMillis: number;
  readonly labels: readonly SeenLabel[];
}

/** The rules of a file. */
export interface Tips {
  readonly rules: readonly TipRule[];
  /**
   * The tip for a photo; '' where no rule has anything to say.
   * @throws PalateError INVALID_REQUEST, field `time_zone`: there is no such zone.
   */
  choose(input: TipInput): string;
  /** The rule that applies in a situation. */
  ruleFor(situation: TipSituation): TipRule | undefined;
}

/** A class of the model, as far as rules see it. */
export interface TipClass {
  readonly name: string;
  /** What it is a kind of; '' where nothing is known. */
  readonly coarse: string;
}

const millisAnHour = 3_600_000;

/**
 * Reads the rules of a file, and holds every rule against its own examples. Without a file there are no tips.
 * @param classes what the models can name. Examples may name nothing else.
 * @throws PalateError CONFIG_INVALID that names every mistake with file, line, column and rule.
 */
export function loadTips(file: string, classes: readonly TipClass[]): Tips {
  const groups = new Map(classes.map(({ name, coarse }) => [name, coarse || name]));
  const groupOf: GroupOf = (name) => groups.get(name) ?? name;
  const rules = readTipFile(file);
  const names = new Set(groups.keys());
  const mistakes = rules.flatMap((rule) =>
    rule.examples.flatMap((example) => {
      const problem = exampleProblem(rule, example, groupOf, names);
      return problem === undefined ? [] : [{ place: example.place, problem: `rule "${rule.id}", example: ${problem}` }];
    }),
  );
  if (mistakes.length > 0) throw tipsError(mistakes);
  // The first use of time zones in a process takes some 20 ms: not within a call.
  localTime('', 0);
  return tipsOf(rules, groupOf);
}

function tipsOf(rules: readonly TipRule[], groupOf: GroupOf): Tips {
  // A stable sort: equals stay in the order of the file.
  const ranked = rules.toSorted((left, right) => right.priority - left.priority);
  const ruleFor = (situation: TipSituation): TipRule | undefined => {
    const values = tipValues(situation, groupOf);
    return ranked.find(({ condition }) => condition.evaluate(values) === true);
  };
  return {
    rules,
    ruleFor,
    choose(input) {
      const rule = ruleFor(situationOf(input));
      return rule === undefined ? '' : textFor(rule, input.imageId);
    },
  };
}

function situationOf({ labels, score, uncertainty, timeZone, atMillis, imageId, meals }: TipInput): TipSituation {
  const earlier = meals.filter((meal) => meal.imageId !== imageId);
  return {
    labels,
    score,
    uncertainty,
    ...localTime(timeZone, atMillis),
    meals: earlier.map((meal) => ({
      score: meal.score,
      // Clocks differ a little: nothing lies ahead.
      hoursAgo: Math.max(0, atMillis - meal.atMillis) / millisAnHour,
      labels: meal.labels,
    })),
  };
}

function textFor({ id, texts }: TipRule, imageId: string): string {
  return texts[crc32(`${id} ${imageId.toLowerCase()}`) % texts.length]!;
}
