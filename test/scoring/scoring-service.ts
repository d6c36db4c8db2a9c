import type { ScorePhoto } from '../../src/scoring/pipeline.ts';
import { createScoringService } from '../../src/scoring/service.ts';
import type { OpenScorer } from './scorer.ts';

/** The service over a test's scorer. A cause that it would hide fails the test. */
export function serviceOf({ pipeline, models, records, outbox }: OpenScorer, score?: ScorePhoto) {
  const onHidden = (_errorId: string, cause: unknown) => {
    throw cause;
  };
  return createScoringService({
    score: score ?? pipeline(),
    models,
    records,
    outbox,
    defaultTimeoutMillis: 10_000,
    onHidden,
  });
}
