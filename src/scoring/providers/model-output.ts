import type { ModelTensor } from '../models/manifest.ts';
import type { ModelOutput } from './model-instance.ts';

/** How many values a model answers for an image. */
export function valuesOf(outputs: readonly ModelTensor[]): number {
  return outputs.reduce((sum, { length }) => sum + length, 0);
}

/** What a model says of an image. `values`: its tensors, one after the other in the order of `outputs`. */
export function outputOf(values: Float32Array, outputs: readonly ModelTensor[]): ModelOutput {
  const tensors: Partial<Record<string, Float32Array>> = {};
  let offset = 0;
  for (const { name, length } of outputs) {
    tensors[name] = values.subarray(offset, offset + length);
    offset += length;
  }
  const { labels, food, embedding, energy } = tensors;
  return {
    values,
    labels: labels!,
    food: food?.[0] ?? 1,
    embedding: embedding ?? new Float32Array(0),
    energy: energy?.[0] ?? Number.NaN,
  };
}
