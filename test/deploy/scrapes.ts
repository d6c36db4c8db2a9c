/** What a server of all roles shows of itself after some work, and a follower of it. */

import { randomUUID } from 'node:crypto';
import { newPhoto } from '../scoring/photos.ts';
import { type Scope, servePalate } from '../servers/palate-process.ts';
import { type Family, readExposition } from '../telemetry/metrics/exposition.ts';

/** A scrape of each. */
export async function scrapes(t: Scope): Promise<readonly ReadonlyMap<string, Family>[]> {
  const server = await servePalate(t, { args: ['--roles', 'ingest,recommendation,scoring'] });
  const following = ['--roles', 'recommendation', '--follow', server.grpc];
  const follower = await servePalate(t, { args: following });
  await work(server.http);
  await scrape(server.http);
  return [await scrape(server.http), await scrape(follower.http)];
}

export async function scrape(http: string): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`http://${http}/metrics`);
  if (!response.ok) throw new Error(`/metrics answered ${response.status}: ${await response.text()}`);
  return readExposition(await response.text());
}

async function work(http: string): Promise<void> {
  const event = { eventId: randomUUID(), userId: 'ada', itemViewed: { itemId: 'soup' } };
  await call(http, 'palate.ingest.v1.IngestService/Publish', { events: [event, event, { eventId: 'none' }] });
  await call(http, 'palate.recommendation.v1.RecommendationService/Recommend', { placement: 'home', userId: 'ada' });
  await call(http, 'palate.recommendation.v1.RecommendationService/Recommend', {});
  await call(http, 'palate.recommendation.v1.RecommendationService/RecommendAll', {});
  const imageBytes = Buffer.from(newPhoto()).toString('base64');
  for (let again = 0; again < 2; again++) await call(http, 'palate.scoring.v1.ScoringService/Score', { imageBytes });
}

async function call(http: string, method: string, request: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://${http}/${method}`, { method: 'POST', headers, body: JSON.stringify(request) });
  await response.text();
}
