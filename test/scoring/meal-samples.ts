import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import type { MealReviewedSchema } from '../../gen/palate/event/v1/meal_pb.ts';

interface Scored {
  readonly imageId: string;
  readonly score?: number;
  readonly labels?: { name: string; confidence: number }[];
  readonly model?: { name: string; version: string };
  readonly itemId?: string;
}

/** A score as the pipeline tells it to the outbox. */
export function mealScored({ score = 3.5, model = { name: 'food', version: '1' }, ...rest }: Scored): Event {
  const value = { sha256: 'ab'.repeat(32), score, model, ...rest };
  return create(EventSchema, { payload: { case: 'mealScored', value } });
}

/** An expert's word as the service tells it to the outbox. */
export function mealReviewed(value: MessageInitShape<typeof MealReviewedSchema>): Event {
  return create(EventSchema, { payload: { case: 'mealReviewed', value: { reviewerId: 'expert', ...value } } });
}
