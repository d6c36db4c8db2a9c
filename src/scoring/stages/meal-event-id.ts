import { hash } from 'node:crypto';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../../errors.ts';
import { microsOf } from '../../events/timestamp.ts';

/** The namespace of these ids, a UUID of version 4 made for them. */
const namespace = Buffer.from('5f0c3a1e7d9b4c62a8e41b6f20d7935c', 'hex');

/**
 * The id of an event about a photo, such that saying the same again is a duplicate, also after a crash:
 * - `MealScored`: one for each image, model (of a pipeline: models), person and item. What the model says is not in it: the same model may answer a
 *   hair's breadth differently in another batch.
 * - `MealReviewed`: one for each word of an expert, its moment included, since an expert may come back to an earlier word.
 *
 * A name-based UUID by SHA-256: RFC 9562, section 5.8 and appendix B.2. Images are compared without case.
 * @throws PalateError INTERNAL for any other event.
 */
export function mealEventId(event: Event): string {
  const name = JSON.stringify(identityOf(event));
  const digest = hash('sha256', Buffer.concat([namespace, Buffer.from(name)]), 'buffer');
  digest[6] = 0x80 | (digest[6]! & 0x0f);
  digest[8] = 0x80 | (digest[8]! & 0x3f);
  const hex = digest.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The image that the event is about. @throws PalateError INTERNAL for an event that is not about an image. */
export function imageIdOf({ payload }: Event): string {
  if (payload.case === 'mealScored' || payload.case === 'mealReviewed') return payload.value.imageId.toLowerCase();
  throw new PalateError('INTERNAL', `an event ${payload.case} is not about a photo`);
}

function identityOf(event: Event): readonly unknown[] {
  const { payload, userId, visitorId, occurredAt } = event;
  const imageId = imageIdOf(event);
  if (payload.case === 'mealScored') {
    const { model, itemId } = payload.value;
    const named = [payload.case, imageId, model?.name ?? '', model?.version ?? '', userId, visitorId, itemId];
    const steps = model?.steps ?? [];
    return steps.length === 0 ? named : [...named, steps.map(({ name, version }) => [name, version])];
  }
  if (payload.case !== 'mealReviewed') return [];
  const { reviewerId, score, labels, comment } = payload.value;
  const micros = occurredAt === undefined ? null : microsOf(occurredAt);
  return [payload.case, imageId, reviewerId, score ?? null, labels, comment, micros];
}
