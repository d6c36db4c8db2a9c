/** The load of recommendations: requests as varied as the traffic, encoded beforehand. */

import { create, toBinary } from '@bufbuild/protobuf';
import { RecommendRequestSchema } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { connectGrpcCaller } from './load/grpc-caller.ts';
import type { Load } from './load/open-loop.ts';
import { createRandom, zipf } from './random.ts';

/** The path of `Recommend`. */
export const recommendPath = '/palate.recommendation.v1.RecommendationService/Recommend';

/** Encoded requests: `home` and `item`, with one to five recent items that are as popular as those of the traffic. */
export function createRequests(seed: number, items = 50_000, distinct = 20_000): readonly Uint8Array[] {
  const random = createRandom(seed);
  const drawItem = zipf(items, 1, random);
  return Array.from({ length: distinct }, () => {
    const recentItemIds = Array.from({ length: 1 + random.below(5) }, () => String(drawItem() + 1));
    const placement = random.next() < 0.7 ? 'home' : 'item';
    return toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement, recentItemIds, limit: 20 }));
  });
}

/** Connects to `host:port` and asks for the requests given, in turn, over one connection. */
export async function connectRecommendLoad(
  address: string,
  seed: number,
  requests = createRequests(seed),
): Promise<Load & { close(): void }> {
  const caller = await connectGrpcCaller(address, recommendPath);
  const prepared = requests.map((request) => caller.prepare(request));
  let next = 0;
  return {
    next: (answered) => caller.call(prepared[next++ % prepared.length]!, answered),
    isEmpty: (answer) => !hasItems(answer),
    close: () => caller.close(),
  };
}

const recommendationIdTag = 0x0a;
const itemsTag = 0x12;

/** Whether an encoded RecommendResponse has an item: field 2, which comes after the id. */
export function hasItems(answer: Uint8Array): boolean {
  const at = answer[0] === recommendationIdTag ? 2 + (answer[1] ?? 0) : 0;
  return answer[at] === itemsTag;
}
