/** Tells the journal of a meal that was scored, or that is known and now named as another person's. */

import { microsOf, nowMicros } from '../../events/timestamp.ts';
import type { Log } from '../../rpc/log.ts';
import type { KeptScore } from '../../storage/records/score-records.ts';
import { mealScored } from '../meal-events.ts';
import type { Place } from '../outbox.ts';
import type { ScoreCall, ScoreQuestion } from '../question.ts';

/** Whether the photo, known as somebody else's meal, is now named as another person's. */
export function isOfAnother({ record, visitorId }: KeptScore, question: ScoreQuestion): boolean {
  const isNamed = question.userId !== '' || question.visitorId !== '';
  return isNamed && (question.userId !== record.userId || question.visitorId !== visitorId);
}

/**
 * Whether the process that scored the photo is gone. Killed between taking the score down and noting its event, it told the
 * journal nothing; where it did tell, to be told again is a duplicate.
 */
export function isOfEarlierProcess({ record: { scoredAt } }: KeptScore): boolean {
  return scoredAt !== undefined && microsOf(scoredAt) < performance.timeOrigin * 1e3;
}

/** Tells the journal of a meal. For the same photo, model, person and item it may be told again: it knows the event. */
export function tell(
  { log }: { readonly log: Log },
  { tenant, span }: Pick<ScoreCall, 'tenant' | 'span'>,
  kept: KeptScore,
  question: ScoreQuestion,
  embedding: Float32Array,
  place: Place | undefined,
): void {
  const score = kept.record.modelScore;
  if (score === undefined) return;
  const { scoredAt } = kept.record;
  // The moment of the record: what the journal then says of it is the same word, and no newer one.
  const atMicros = scoredAt === undefined || isOfAnother(kept, question) ? nowMicros() : microsOf(scoredAt);
  const event = mealScored(kept, score, question, embedding, atMicros);
  place?.send(tenant, event, span).catch((err: unknown) => log.debug({ err }, 'a score did not reach the journal'));
}
