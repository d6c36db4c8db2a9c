/** What is kept of a photo, as the contract has it. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Label, ScoreRecord, ScoreResponseSchema, Timings } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { PhotoAnswer } from './pipeline.ts';

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

/** What is on the photo: what an expert said, or else what the model saw, surest first. */
export function labelsOf({ labels, review }: ScoreRecord): readonly Pick<Label, 'name' | 'confidence'>[] {
  return review === undefined || review.labels.length === 0
    ? labels
    : review.labels.map((name) => ({ name, confidence: 1 }));
}
