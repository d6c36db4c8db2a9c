/** What is kept of a photo, as the contract has it. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ScoreResponseSchema, Timings } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { PhotoAnswer } from './pipeline.ts';
import { labelsOf } from './standing-labels.ts';

/** The answer to `Score`. Where an expert gave their word, score and labels are theirs. */
export function scoreResponse(
  requestId: string,
  { kept, rejection, tip, isDeduplicated, times }: PhotoAnswer,
  totalMicros: number,
): MessageInitShape<typeof ScoreResponseSchema> {
  const timings: Omit<Timings, '$typeName'> = { ...times, totalMicros };
  if (kept === undefined) return { requestId, timings, ...(rejection === undefined ? {} : { rejection }) };
  const { record, provider } = kept;
  const { imageId, sha256, score, model, uncertainty, review } = record;
  return {
    requestId,
    imageId,
    sha256,
    labels: [...labelsOf(record)],
    tip,
    provider,
    uncertainty,
    deduplicated: isDeduplicated,
    timings,
    ...(score === undefined ? {} : { score }),
    ...(model === undefined ? {} : { model }),
    ...(rejection === undefined ? {} : { rejection }),
    ...(review === undefined ? {} : { review }),
  };
}
