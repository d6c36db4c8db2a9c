/** Which photos come to a step of a pipeline: a condition in CEL over what the models before it said. */

import { type CelInput, isCelError } from '@bufbuild/cel';
import { PalateError } from '../../errors.ts';
import { compileExpression, quotedFrom } from '../../expressions/expression.ts';
import { createVocabulary, type Meaning, type Names } from '../../expressions/vocabulary.ts';
import type { ModelOutput } from '../providers/model-instance.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { StepGate } from './pipeline-manifest.ts';

/** A step before the condition, and its model. */
export interface EarlierStep {
  readonly name: string;
  readonly model: LoadedModel;
}

/** What the steps before said of a photo, by their names. */
export type StepWords = Readonly<Record<string, CelInput>>;

export interface StepCondition extends StepGate {
  /**
   * Why a photo does not come to the step; undefined: it does.
   * @throws PalateError MODEL_INVALID where the condition can't be evaluated, such as for a division by 0
   */
  refusalOf(words: StepWords): StepGate['refusal'] | undefined;
}

/**
 * Compiles the condition of a step. Of each step before it, it may use `labels` (class → probability), `label` (the most
 * likely class) and every output of one value by its name, such as `food`.
 * @returns the condition, or what is wrong with it
 */
export function compileCondition(gate: StepGate, before: readonly EarlierStep[]): StepCondition | string {
  const names: Names = Object.fromEntries(before.map(({ name, model }) => [name, meaningOf(model)]));
  const compiled = compileExpression(createVocabulary(names), gate.when);
  if ('problem' in compiled) return `when${quotedFrom(gate.when, compiled.offset)}: ${compiled.problem}`;
  return {
    ...gate,
    refusalOf(words) {
      const result = compiled.evaluate(words);
      if (result === true) return undefined;
      if (result === false) return gate.refusal;
      const problem = isCelError(result) ? result.message : 'it is neither true nor false';
      throw new PalateError('MODEL_INVALID', `the condition "${gate.when}" can't be evaluated: ${problem}`);
    },
  };
}

/** What a model said of a photo, as conditions see it. */
export function wordsOf({ manifest }: Pick<LoadedModel, 'manifest'>, { labels, values }: ModelOutput): CelInput {
  const { classes, outputs } = manifest;
  const words: Record<string, CelInput> = {};
  let at = 0;
  for (const { name, length } of outputs) {
    if (length === 1 && name !== 'labels') words[name] = values[at]!;
    at += length;
  }
  const probabilities = Object.fromEntries(classes.map(({ name }, index) => [name, labels[index]!]));
  return { ...words, labels: probabilities, label: surest(probabilities) };
}

function meaningOf({ manifest }: LoadedModel): Meaning {
  const number: Meaning = { type: 'number' };
  const single = manifest.outputs.filter(({ name, length }) => length === 1 && name !== 'labels');
  const labels = Object.fromEntries(manifest.classes.map(({ name }) => [name, number]));
  const fields = {
    ...Object.fromEntries(single.map(({ name }) => [name, number])),
    labels: { type: 'map', fields: labels },
    label: { type: 'text' },
  } as const;
  return { type: 'map', fields };
}

function surest(probabilities: Readonly<Record<string, number>>): string {
  const [first] = Object.entries(probabilities).toSorted(([, one], [, other]) => other - one);
  return first?.[0] ?? '';
}
