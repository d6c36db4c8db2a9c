import { PalateError } from '../../../errors.ts';
import { type Cost, CostModel } from '../../batcher/cost-model.ts';
import type { ModelInput } from '../../models/manifest.ts';
import { verdictOf } from './failure.ts';
import type { Session } from './session.ts';

/** How long each batch may take. */
const batchMillis = 10_000;

/**
 * Measures a server with grey images before anybody's depend on it: its largest batch and a single image, twice each; the first
 * batch, which also prepares things, is not counted. One that has no room is taken as it is.
 */
export async function warmUp(
  session: Session,
  { size }: Pick<ModelInput, 'size'>,
  maxImages: number,
  now: () => number,
): Promise<Cost> {
  const grey = { pixels: new Uint8Array(size * size * 3).fill(127) };
  const model = new CostModel({ perImageMillis: 0, perBatchMillis: 0 });
  for (const [index, images] of [maxImages, maxImages, 1, maxImages, 1].entries()) {
    const begun = now();
    try {
      const outputs = await session.infer(Array(images).fill(grey), {
        timeoutMillis: batchMillis,
        late: tooLate,
        signal: session.left,
      });
      if (!outputs[0]!.labels.every(Number.isFinite)) throw noNumber();
    } catch (error) {
      if (verdictOf(PalateError.from(error)) !== 'busy') throw error;
    }
    if (index > 0) model.observe(images, now() - begun);
  }
  return model.cost;
}

function tooLate(): PalateError {
  return new PalateError('DEADLINE_EXCEEDED', `it did not answer a first batch within ${batchMillis} ms`);
}

function noNumber(): PalateError {
  return new PalateError('MODEL_INVALID', 'it answers what is no number');
}
