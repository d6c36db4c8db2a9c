/** What the scorer tells the journal: a photo was scored, an expert gave their word. */

import { create } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { timestampOf } from '../events/timestamp.ts';
import { judgedByInit } from '../storage/records/judged-by.ts';
import type { ExpertWord, KeptScore } from '../storage/records/score-records.ts';
import type { ScoreQuestion } from './question.ts';

/** Whose meal it is, and what it was. */
export type MealOf = Pick<ScoreQuestion, 'userId' | 'visitorId' | 'sessionId' | 'itemId'>;

/** That a photo was scored. `embedding` is empty where the photo was known: the item that it shows has it already. */
export function mealScored(
  { record }: KeptScore,
  score: number,
  { userId, visitorId, sessionId, itemId }: MealOf,
  embedding: Float32Array,
  atMicros: number,
): Event {
  const { imageId, sha256, labels, model, uncertainty } = record;
  return create(EventSchema, {
    userId,
    visitorId,
    sessionId,
    occurredAt: timestampOf(atMicros),
    payload: {
      case: 'mealScored',
      value: {
        imageId,
        sha256,
        score,
        labels: labels.map(({ name, confidence }) => ({ name, confidence: Math.min(1, confidence) })),
        model: judgedByInit(model),
        itemId,
        embedding: Array.from(embedding),
        uncertainty,
      },
    },
  });
}

/** That an expert gave their word on a photo. It is said of the person whose meal it was. */
export function mealReviewed({ record, visitorId, sessionId }: KeptScore, word: ExpertWord): Event {
  const { score, labels, reviewerId, comment, reviewedAtMicros } = word;
  return create(EventSchema, {
    userId: record.userId,
    visitorId,
    sessionId,
    occurredAt: timestampOf(reviewedAtMicros),
    payload: {
      case: 'mealReviewed',
      value: {
        imageId: record.imageId,
        labels: [...labels],
        reviewerId,
        comment,
        ...(score === undefined ? {} : { score }),
      },
    },
  });
}
