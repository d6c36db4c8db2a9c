import type { ScorePhoto } from '../../src/scoring/pipeline.ts';
import { createScoringStatus } from '../../src/scoring/scoring-status.ts';
import { createScoringService } from '../../src/scoring/service.ts';
import type { OpenScorer } from './scorer.ts';

/** The service over a test's scorer. A cause that it would hide fails the test. */
export function serviceOf(scorer: OpenScorer, score?: ScorePhoto) {
  const { pipeline, models, records, outbox } = scorer;
  const onHidden = (_errorId: string, cause: unknown) => {
    throw cause;
  };
  const kinds = { photos: 'disk', records: 'lmdb' };
  // What follows the journal has tests of its own.
  const projection = { status: { sequence: 5, lastSequence: 7, isClean: true } };
  return createScoringService({
    status: createScoringStatus({ ...scorer, kinds, projection }),
    score: score ?? pipeline(),
    models,
    records,
    outbox,
    defaultTimeoutMillis: 10_000,
    onHidden,
  });
}
