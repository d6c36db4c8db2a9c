/** Puts events of the journal into the records: any number of times, and in any number of rounds, with the same outcome. */

import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { microsOf } from '../../events/timestamp.ts';
import { judgedBy } from './judged-by.ts';
import type { ExpertWord, ModelWord, ScoreRecords } from './score-records.ts';

/**
 * Puts a `MealScored` event in, whoever sent it. Another event does nothing.
 * @param uncertaintyOf where the event does not say how unsure the score was: estimates it from the labels, 0 to 1
 */
export async function applyScored(
  records: Pick<ScoreRecords, 'put'>,
  tenant: string,
  event: Event,
  uncertaintyOf: (labels: ModelWord['labels']) => number,
): Promise<void> {
  if (event.payload.case !== 'mealScored') return;
  const { imageId, sha256, score, labels, model, itemId, uncertainty } = event.payload.value;
  await records.put(tenant, {
    imageId,
    sha256,
    score,
    rejection: undefined,
    labels,
    model: judgedBy(model),
    uncertainty: uncertainty ?? uncertaintyOf(labels),
    isEstimate: uncertainty === undefined,
    provider: '',
    userId: event.userId,
    visitorId: event.visitorId,
    sessionId: event.sessionId,
    itemId,
    scoredAtMicros: occurredAtMicros(event),
  });
}

/** Puts a `MealReviewed` event in. Another event does nothing. Where the photo is not known yet, the review waits for it. */
export async function applyReviewed(
  records: Pick<ScoreRecords, 'review'>,
  tenant: string,
  event: Event,
): Promise<void> {
  if (event.payload.case !== 'mealReviewed') return;
  const { imageId, score, labels, reviewerId, comment } = event.payload.value;
  const word: ExpertWord = { score, labels, reviewerId, comment, reviewedAtMicros: occurredAtMicros(event) };
  await records.review(tenant, imageId, word, { keepUnknown: true });
}

/** In a journal every event has it. */
function occurredAtMicros({ occurredAt }: Event): number {
  return occurredAt === undefined ? 0 : microsOf(occurredAt);
}
