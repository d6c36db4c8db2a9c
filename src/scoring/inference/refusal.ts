import { isPalateError, PalateError } from '../../errors.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import type { ModelRegistry } from '../models/model-registry.ts';

/**
 * A request that is not as the model takes it. The words are like Triton's, so that those who know them know what is wrong.
 * `field`: its path from the request, in proto names.
 */
export function invalid(message: string, field: string): PalateError {
  return new PalateError('INVALID_REQUEST', message, { violations: [{ field, description: message }] });
}

/** Where models are looked up. */
export type Models = Pick<ModelRegistry, 'get' | 'pipelines'>;

/**
 * The model that a request names.
 * @throws PalateError MODEL_UNKNOWN; INVALID_REQUEST where it is a pipeline
 */
export function modelFor(models: Models, name: string, version: string): LoadedModel {
  refusePipeline(models, name);
  try {
    return models.get(name, version);
  } catch (cause) {
    if (!isPalateError(cause) || cause.reason !== 'MODEL_UNKNOWN') throw cause;
    const asked = version === '' ? `'${name}'` : `'${name}' version ${version}`;
    throw new PalateError('MODEL_UNKNOWN', `Request for unknown model: ${asked} is not found: ${cause.message}`, {
      cause,
    });
  }
}

/** What a pipeline answers hangs on its conditions: for photos that are refused, there are no tensors. */
function refusePipeline(models: Models, name: string): void {
  const pipeline = models.pipelines().find(({ chain }) => chain.name === name);
  if (pipeline === undefined) return;
  const steps = pipeline.chain.links.map(({ model }) => `'${model.name}'`).join(', ');
  const instead = `ask for its models one by one (${steps}), or for the score of a photo by ScoringService.Score`;
  throw invalid(
    `'${name}' is a pipeline of models under conditions, which has no tensors of its own: ${instead}`,
    'model_name',
  );
}
