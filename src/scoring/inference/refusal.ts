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

/**
 * The model that a request names.
 * @throws PalateError MODEL_UNKNOWN
 */
export function modelFor(models: Pick<ModelRegistry, 'get'>, name: string, version: string): LoadedModel {
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
