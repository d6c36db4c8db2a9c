/** What passes between an instance of a model and its thread. Pixels and values lie in memory that both see. */
import type { ModelInput, ModelTensor } from '../models/manifest.ts';
import type { LocalProvider } from './model-instance.ts';

/** Makes the session. Answered by a `LoadAnswer`. */
export interface LoadRequest {
  /** The bytes of the ONNX file. */
  readonly weights: Uint8Array;
  readonly provider: LocalProvider;
  readonly input: ModelInput;
  readonly outputs: readonly ModelTensor[];
  /** Where the pixels of a batch are: uint8, image after image. */
  readonly pixels: SharedArrayBuffer;
  /** Where the answers go: float32, image after image, of each its outputs in their order. */
  readonly values: SharedArrayBuffer;
  /** What native code is run behind. */
  readonly gate: SharedArrayBuffer;
}

export interface LoadAnswer {
  /** What the session runs on. */
  readonly provider: LocalProvider;
  /** Why it is not what was asked for. */
  readonly refusal: string | undefined;
}

/** Runs the images whose pixels are in place. Answered by nothing: the values are in place then. */
export interface RunRequest {
  readonly images: number;
}
