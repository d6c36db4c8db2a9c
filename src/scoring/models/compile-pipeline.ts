import type { LoadedModel } from './loaded-model.ts';
import type { ChainLink, ModelChain } from './model-chain.ts';
import { type PipelineManifest, pipelineInvalid } from './pipeline-manifest.ts';
import { compileCondition } from './step-condition.ts';

/** Gives the model of a step, or throws why there is none. Empty: the version that answers by default. */
export type ModelOf = (name: string, version: string) => LoadedModel;

/**
 * Joins a pipeline's steps with the models that are served.
 * @throws PalateError MODEL_INVALID: a model that is not served, or a condition that does not compile
 */
export function compilePipeline(manifest: PipelineManifest, modelOf: ModelOf): ModelChain {
  const links: ChainLink[] = [];
  for (const [index, { name, model: wanted, version, gate }] of manifest.steps.entries()) {
    const model = modelOfStep(manifest, index, () => modelOf(wanted, version));
    const condition = gate && compileCondition(gate, links);
    if (typeof condition === 'string') throw pipelineInvalid(manifest.file, index, condition);
    links.push({ name, model, condition });
  }
  const { name, version } = manifest;
  return { name, version, links, isPipeline: true };
}

function modelOfStep({ file }: PipelineManifest, index: number, find: () => LoadedModel): LoadedModel {
  try {
    return find();
  } catch (cause) {
    throw pipelineInvalid(file, index, (cause as Error).message, cause);
  }
}
