/** What a server knows before it is asked: enough for an answer of twenty items. */

import { create, toBinary } from '@bufbuild/protobuf';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendRequestSchema } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { ConnectionOptions } from '../../src/rpc/client/connection.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';

/** Publishes the same events everywhere. */
export async function fill(address: string, connection: ConnectionOptions = {}): Promise<void> {
  const client = createGrpcClient(IngestService, address, { connection });
  const events = Array.from({ length: 2_000 }, (_, index) => ({
    eventId: `01900000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    visitorId: `visitor-${index % 200}`,
    sessionId: `session-${index % 400}`,
    payload: { case: 'itemViewed', value: { itemId: `item-${(index * 7919) % 150}` } } as const,
  }));
  await client.call.publish({ events });
  client.close();
}

/** A `RecommendRequest` that is answered with twenty of these items. */
export function recommendRequest(): Uint8Array {
  const request = { placement: 'home', recentItemIds: ['item-1', 'item-2', 'item-3'], limit: 20 };
  return toBinary(RecommendRequestSchema, create(RecommendRequestSchema, request));
}
