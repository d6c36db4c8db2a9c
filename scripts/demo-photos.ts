/** The demo's photos: products of a shop, and what somebody had for lunch. */

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { RecommendationService, RecommendedItem } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { ScoreResponse, ScoringService } from '../gen/palate/scoring/v1/scoring_pb.ts';
import { itemsTable } from '../src/commands/recommended-items.ts';
import { type ScoredFile, scoreTable } from '../src/commands/scored-files.ts';
import type { Client } from '../src/rpc/client/client.ts';

export interface PhotoStory {
  readonly scoring: Client<typeof ScoringService>;
  readonly recommendation: Client<typeof RecommendationService>;
  say(text?: string): void;
}

const folder = fileURLToPath(new URL('../bench/data/grocery/', import.meta.url));
const userId = 'ada';

/** Scores the products, then a meal, and tells what that changes in what is recommended. */
export async function showPhotos({ scoring, recommendation, say }: PhotoStory): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jpg'));
  const products = names.filter((name) => !name.startsWith('meal-'));
  say(
    `The shop has photos of ${products.length} products (GroceryStoreDataset, MIT). Each is scored with the item that it shows:\n`,
  );
  const scored = await Promise.all(products.map((name) => score(scoring, name, { itemId: itemOf(name) })));
  say(scoreTable(scored));
  const before = await recommended(recommendation);
  say('What the first page shows to Ada, of whom nothing is known:\n');
  say(itemsTable(before));
  const [meal] = names.filter((name) => name.startsWith('meal-'));
  const lunch = await score(scoring, meal!, { itemId: itemOf(meal!), userId });
  say('Ada sends a photo of her lunch. Its score, from 1 (worst) to 5 (best), and a tip:\n');
  say(scoreTable([lunch]));
  const again = await score(scoring, meal!, { itemId: itemOf(meal!), userId });
  say(`The same photo again is known by its hash, and answered in ${again.millis.toFixed(1)} ms.`);
  say('The meal is an event like any other: durable, folded, and the next page knows it:\n');
  say(itemsTable(await recommendedAfter(recommendation, before)));
}

function itemOf(name: string): string {
  return name.replace(/\.jpg$/, '');
}

async function score(
  scoring: Client<typeof ScoringService>,
  name: string,
  whose: { readonly itemId?: string; readonly userId?: string },
): Promise<ScoredFile> {
  const image = { case: 'imageBytes' as const, value: await readFile(folder + name) };
  const startedAt = performance.now();
  const answer: ScoreResponse = await scoring.score({ requestId: name, image, ...whose });
  return { name: itemOf(name), answer, error: undefined, millis: performance.now() - startedAt };
}

async function recommended(recommendation: Client<typeof RecommendationService>): Promise<RecommendedItem[]> {
  const { items } = await recommendation.recommend({ placement: 'home', userId, limit: 5, explain: true });
  return items;
}

/** The event is on its way when the score is there: a moment later it is folded. */
async function recommendedAfter(
  recommendation: Client<typeof RecommendationService>,
  before: readonly RecommendedItem[],
): Promise<RecommendedItem[]> {
  const first = before[0]?.itemId;
  for (let look = 0; ; look++) {
    const items = await recommended(recommendation);
    if (items[0]?.itemId !== first || look === 100) return items;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
