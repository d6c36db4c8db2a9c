/** What a person had before, asked of the recommender while the photo is on its way. */

import type { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { microsOf } from '../events/timestamp.ts';
import type { Client } from '../rpc/client/client.ts';
import { systemClock } from './batcher/clock.ts';
import type { RecentMeal } from './judgement/tips.ts';
import type { ScoreCall, ScoreQuestion } from './question.ts';

/** Meals that a tip may go by, at most. */
const maxMeals = 64;
/** Longer than this no answer waits for them once its photo is scored: the tip then does without. */
const patienceMillis = 20;

/** Of a photo's person: asked at once, taken when the tip is due. */
export type RecentMeals = () => Promise<readonly RecentMeal[]>;

/** Nobody's. */
const none: RecentMeals = async () => [];

/**
 * Asks for the meals of the person that the question names. What goes wrong, a recommender that cannot be reached included,
 * costs the tip its meals and nothing else.
 */
export function askRecentMeals(
  client: Pick<Client<typeof RecommendationService>, 'getProfile'> | undefined,
  { userId, visitorId }: Pick<ScoreQuestion, 'userId' | 'visitorId'>,
  { tenant, signal, deadlineMillis }: ScoreCall,
): RecentMeals {
  if (client === undefined || (userId === '' && visitorId === '')) return none;
  const whose = userId === '' ? { visitorId } : { userId };
  const timeoutMillis = Math.max(1, Math.min(10_000, deadlineMillis - systemClock.now()));
  const meals = client
    .getProfile({ ...whose, interactionLimit: maxMeals }, { tenant, signal, timeoutMillis })
    .then((profile) =>
      profile.meals.map(({ imageId, score, occurredAt, labels }) => ({
        imageId,
        score,
        atMillis: occurredAt === undefined ? 0 : microsOf(occurredAt) / 1e3,
        labels,
      })),
    )
    .catch((): readonly RecentMeal[] => []);
  return () => withPatience(meals);
}

async function withPatience(meals: Promise<readonly RecentMeal[]>): Promise<readonly RecentMeal[]> {
  const { promise, resolve } = Promise.withResolvers<readonly RecentMeal[]>();
  const timer = setTimeout(resolve, patienceMillis, []);
  try {
    return await Promise.race([meals, promise]);
  } finally {
    clearTimeout(timer);
  }
}
