/** From what a model saw on a photo to a score with labels, or to a refusal. */

import { PalateError } from '../../errors.ts';

/** One thing seen on a photo, as `palate.scoring.v1.Label` has it. */
export interface SeenLabel {
  readonly name: string;
  /** 0 to 1. */
  readonly confidence: number;
}

/** One thing that a model can tell apart. */
export interface ScoredClass {
  readonly name: string;
  /** 1 (worst) to 5 (best); undefined: it is no food. */
  readonly score: number | undefined;
}

/** What a model says of one photo. */
export interface ModelAnswer {
  /** A probability for each class, in their order. */
  readonly probabilities: Float32Array;
  /** The probability that the photo shows food at all. */
  readonly food: number;
}

/** What there is to go by. */
export interface JudgementRules {
  readonly classes: readonly ScoredClass[];
  /** A photo with a lower probability of food is refused; 0 to 1. */
  readonly foodThreshold: number;
}

/** A photo of food, judged. */
export interface ScoredPhoto {
  /** At least one, at most {@link maxLabels}, surest first; what is no food is not among them. */
  readonly labels: readonly SeenLabel[];
  /** 1 (worst) to 5 (best). */
  readonly score: number;
  /** 0 (certain) to 1 (a guess). */
  readonly uncertainty: number;
}

/** A photo that gets no score, with words for people. */
export interface RefusedPhoto {
  readonly rejection: { readonly reason: 'NOT_FOOD'; readonly message: string };
}

/** Labels in an answer at most. */
export const maxLabels = 5;
/** A label after the first is named from this confidence on. */
export const leastConfidence = 0.05;

/** What a photo without food is told. */
export const notFoodMessage =
  'No food was found on this photo. If there is some, take it from nearer and in good light, so that it fills the picture.';

/**
 * Judges one photo. The score is the mean of the scores of all classes that have one, each weighted by its probability,
 * divided by the sum of these probabilities: what the photo scores on average if it shows food. It is taken over all classes
 * and not the named labels alone, so that it does not jump when a label passes {@link leastConfidence}. A label's confidence
 * is the model's probability as it is.
 * @throws PalateError INTERNAL where the answer does not fit the classes or holds no probabilities: the model is at fault.
 */
export function judge({ probabilities, food }: ModelAnswer, rules: JudgementRules): ScoredPhoto | RefusedPhoto {
  const { classes, foodThreshold } = rules;
  checkAnswer(probabilities, food, classes.length);
  if (food < foodThreshold) return { rejection: { reason: 'NOT_FOOD', message: notFoodMessage } };
  const scored = classes.flatMap(({ name, score }, index) =>
    score === undefined ? [] : [{ name, score, confidence: probabilities[index]! }],
  );
  return { labels: surestLabels(scored), ...spreadOf(scored) };
}

function surestLabels(seen: readonly SeenLabel[]): SeenLabel[] {
  // Of a hundred classes a few are worth sorting.
  const sure = seen.filter(({ confidence }) => confidence >= leastConfidence);
  const named = sure.length > 0 ? sure : seen.length > 0 ? [surestOf(seen)] : [];
  return named
    .toSorted((left, right) => right.confidence - left.confidence)
    .slice(0, maxLabels)
    .map(({ name, confidence }) => ({ name, confidence }));
}

/** The first of equals. */
function surestOf(seen: readonly SeenLabel[]): SeenLabel {
  return seen.reduce((surest, each) => (each.confidence > surest.confidence ? each : surest));
}

interface Weighted {
  readonly score: number;
  readonly confidence: number;
}

/**
 * Mean and spread of scores by confidence. With `q` the confidences divided by their sum and `m` the mean, the uncertainty is
 * `√(Σ q (s − m)²) / 2`: the standard deviation, as a share of the largest that scores of 1 to 5 can have. That is 2, half
 * their range (Popoviciu's inequality), and is reached where one half of the probability lies on 1 and the other on 5. It
 * is 0 where all that the photo may show has one score, be it ever so unclear which of these foods it is.
 */
function spreadOf(seen: readonly Weighted[]): { score: number; uncertainty: number } {
  let sum = 0;
  let weighted = 0;
  for (const { score, confidence } of seen) {
    sum += confidence;
    weighted += confidence * score;
  }
  if (!(sum > 0)) throw new PalateError('INTERNAL', 'the model gave no probability to any food');
  const mean = weighted / sum;
  let squares = 0;
  for (const { score, confidence } of seen) squares += confidence * (score - mean) ** 2;
  // Sums of floats may end a hair beyond the bounds.
  return { score: Math.min(5, Math.max(1, mean)), uncertainty: Math.min(1, Math.sqrt(squares / sum) / 2) };
}

/**
 * The uncertainty by the labels alone, for what was kept without: that of {@link judge} had the photo shown nothing but the
 * labels. 0 where none of them is a class with a score.
 */
export function uncertaintyOfLabels(labels: readonly SeenLabel[], classes: readonly ScoredClass[]): number {
  const scores = new Map(classes.map(({ name, score }) => [name, score]));
  const seen = labels.flatMap(({ name, confidence }) => {
    const score = scores.get(name);
    return score === undefined || !(confidence > 0) ? [] : [{ score, confidence }];
  });
  return seen.length === 0 ? 0 : spreadOf(seen).uncertainty;
}

function checkAnswer(probabilities: Float32Array, food: number, classes: number): void {
  if (probabilities.length !== classes) {
    throw new PalateError('INTERNAL', `the model gave ${probabilities.length} probabilities for ${classes} classes`);
  }
  const isSound = isProbability(food) && probabilities.every(isProbability);
  if (!isSound) throw new PalateError('INTERNAL', 'the model gave probabilities that are none');
}

/** A little above 1 may come of rounding. */
function isProbability(value: number): boolean {
  return value >= 0 && value <= 1.001;
}
