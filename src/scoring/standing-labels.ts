import type { Label, ScoreRecord } from '../../gen/palate/scoring/v1/scoring_pb.ts';

/** What is on the photo: what an expert said, or else what the model saw, surest first. */
export function labelsOf({ labels, review }: ScoreRecord): readonly Pick<Label, 'name' | 'confidence'>[] {
  return review === undefined || review.labels.length === 0
    ? labels
    : review.labels.map((name) => ({ name, confidence: 1 }));
}
