/** Our side of a comparison: a server that has learnt Serenade's training clicks through `PublishStream`. */

import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendRequestSchema } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { publishAll } from '../../src/exchange/bulk-publisher.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import { connectRecommendLoad } from '../recommend-load.ts';

/** Publishes clicks in batches of 200, `maxInFlight` of them at a time, and answers how long it took. */
export async function publishClicks(address: string, clicks: readonly Event[], maxInFlight: number): Promise<number> {
  const { call, close } = createGrpcClient(IngestService, address);
  const startedAt = performance.now();
  async function* events() {
    yield* clicks;
  }
  try {
    const options = { client: call, batchEvents: 200, maxInFlight, patienceMillis: 60_000 };
    const { accepted } = await publishAll(events(), options);
    if (accepted !== clicks.length) throw new Error(`only ${accepted} of ${clicks.length} clicks were accepted`);
  } finally {
    close();
  }
  return (performance.now() - startedAt) / 1_000;
}

/** A load of these requests, in turn. */
export function connectOurs(address: string, requests: readonly MessageInitShape<typeof RecommendRequestSchema>[]) {
  const encoded = requests.map((request) => toBinary(RecommendRequestSchema, create(RecommendRequestSchema, request)));
  return connectRecommendLoad(address, 0, encoded);
}
