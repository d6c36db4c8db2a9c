/** What runs a model, and what goes in and comes out: the same for every provider. */
import type { BatchWorker } from '../batcher/batcher.ts';

/** What a model can be asked to run on in this process. */
export const providers = ['cpu', 'webgpu', 'cuda'] as const;

export type LocalProvider = (typeof providers)[number];

/** `remote`: other servers, which know best what they run it on. */
export type Provider = LocalProvider | 'remote';

/** One image as a model takes it: RGB, 8 bits each, row by row, `size · size · 3` bytes. */
export interface ModelImage {
  readonly pixels: Uint8Array;
}

/** What a model says of one image. */
export interface ModelOutput {
  /** All of its tensors, one after the other in the order of `ModelManifest.outputs`. */
  readonly values: Float32Array;
  /** Probabilities of the model's classes, in their order. */
  readonly labels: Float32Array;
  /** The probability that the image shows food; 1 where the model does not say. */
  readonly food: number;
  /** Of length 1, compared by dot product; empty where the model has none. */
  readonly embedding: Float32Array;
  /** The log-sum-exp of the model's logits: low for images unlike those it was trained on. NaN where it does not say. */
  readonly energy: number;
}

/** A running copy of a model: it takes one batch at a time. */
export interface ModelInstance extends BatchWorker<ModelImage, ModelOutput> {
  /** What it runs on. */
  readonly provider: LocalProvider;
  /** Batches and images that it answered. */
  readonly batches: number;
  readonly images: number;
  /** Ends it, after the batch that it runs. */
  stop(): Promise<void>;
}
