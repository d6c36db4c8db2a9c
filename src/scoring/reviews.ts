/** Experts' words: what is known of a photo, what waits for them, and what they say. */

import type { ListScoresRequest, ReviewScoreRequest } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { PalateError } from '../errors.ts';
import { nowMicros } from '../events/timestamp.ts';
import type { ExpertWord, KeptScore, ScoreRecords } from '../storage/records/score-records.ts';
import { mealReviewed } from './meal-events.ts';
import type { Outbox } from './outbox.ts';

export interface ReviewsOptions {
  readonly records: Pick<ScoreRecords, 'get' | 'review'>;
  readonly outbox: Outbox;
}

const defaultPageSize = 50;

/** What is known of a photo. @throws PalateError SCORE_UNKNOWN */
export async function knownScore(
  records: Pick<ScoreRecords, 'get'>,
  tenant: string,
  imageId: string,
): Promise<KeptScore> {
  const kept = await records.get(tenant, imageId);
  if (kept === undefined) throw new PalateError('SCORE_UNKNOWN', `nothing is known of photo ${imageId}`);
  return kept;
}

/** A page of the expert's queue. @throws PalateError INVALID_PAGE_TOKEN */
export async function listScores(records: Pick<ScoreRecords, 'list'>, tenant: string, request: ListScoresRequest) {
  const { pageSize, pageToken, includeReviewed, minUncertainty } = request;
  const page = await records.list(tenant, {
    limit: pageSize === 0 ? defaultPageSize : pageSize,
    pageToken,
    includeReviewed,
    includeRejected: false,
    minUncertainty,
  });
  return { ...page, records: [...page.records] };
}

/**
 * Takes down an expert's word: durable in the journal first, then what everyone is told.
 * @throws PalateError SCORE_UNKNOWN, OVERLOADED, and what the journal refuses it with
 */
export async function review({ records, outbox }: ReviewsOptions, tenant: string, request: ReviewScoreRequest) {
  const { imageId, score, labels, reviewerId, comment } = request;
  const known = await knownScore(records, tenant, imageId);
  const word: ExpertWord = { score, labels, reviewerId, comment, reviewedAtMicros: nowMicros() };
  const sequence = await outbox.offer(tenant, mealReviewed(known, word));
  const kept = (await records.review(tenant, imageId, word)) ?? known;
  return { record: kept.record, sequence };
}
