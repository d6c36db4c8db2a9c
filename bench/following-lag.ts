/** How far behind its owner a follower is while events come in. */

import { setTimeout as sleep } from 'node:timers/promises';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { createGrpcClient, type GrpcClient } from '../src/rpc/client/grpc-client.ts';
import type { MeasuredServer } from './measured-server.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import type { PublishResult } from './publisher.ts';

export interface FollowingLag {
  readonly eventsPerSecond: number;
  /** From an acknowledgement at the owner until the follower answers with that event in its state. */
  readonly lagMillis: Percentiles;
  /** The same question to the owner, which has the event in its state: what asking costs. */
  readonly ownerMillis: Percentiles;
  readonly looks: number;
  /** From the last acknowledgement until the follower has all. */
  readonly tailMillis: number;
  readonly isDigestEqual: boolean;
  readonly followerCpuShare: number;
  readonly ownerCpuShare: number;
  readonly followerDeniedShare: number;
}

/** So often it is looked how far the follower is behind. */
const lookMillis = 20;

type Reader = GrpcClient<typeof RecommendationService>;

/** Looks at the lag all the while, and compares the digests when `meanwhile` is over as well: the thread that serves works them out. */
export async function measureLag(
  owner: MeasuredServer,
  follower: MeasuredServer,
  publish: () => Promise<PublishResult>,
  meanwhile?: Promise<unknown>,
): Promise<FollowingLag> {
  const ingest = createGrpcClient(IngestService, owner.grpc);
  const there: Reader = createGrpcClient(RecommendationService, follower.grpc);
  const own: Reader = createGrpcClient(RecommendationService, owner.grpc);
  const end = async () => (await ingest.call.getJournalStatus({})).lastSequence;
  try {
    const before = [owner.cost(), follower.cost()] as const;
    let isOver = false;
    const looking = looks(end, there, own, () => isOver);
    const { accepted, seconds } = await publish();
    isOver = true;
    const [ownerCost, followerCost] = [owner.cost(), follower.cost()];
    const found = await looking;
    const last = await end();
    const tailMillis = await asked(there, last);
    await meanwhile;
    return {
      eventsPerSecond: accepted / seconds,
      lagMillis: percentilesOf(found.map(([lag]) => lag)),
      ownerMillis: percentilesOf(found.map(([, atOwner]) => atOwner)),
      looks: found.length,
      tailMillis,
      isDigestEqual: (await digestOf(there, last)) === (await digestOf(own, last)),
      ownerCpuShare: (ownerCost.cpuSeconds - before[0].cpuSeconds) / seconds,
      followerCpuShare: (followerCost.cpuSeconds - before[1].cpuSeconds) / seconds,
      followerDeniedShare: (followerCost.deniedSeconds - before[1].deniedSeconds) / seconds,
    };
  } finally {
    for (const client of [ingest, there, own]) client.close();
  }
}

/** Pairs of milliseconds: of the follower, and of the owner. */
async function looks(
  end: () => Promise<bigint>,
  there: Reader,
  own: Reader,
  isOver: () => boolean,
): Promise<(readonly [number, number])[]> {
  const found: (readonly [number, number])[] = [];
  while (!isOver()) {
    const lastSequence = await end();
    found.push(await Promise.all([asked(there, lastSequence), asked(own, lastSequence)]));
    await sleep(lookMillis);
  }
  return found;
}

async function asked({ call }: Reader, minSequence: bigint): Promise<number> {
  const from = performance.now();
  await call.getStateStatus({ minSequence, omitDigest: true }, { timeoutMillis: 60_000 });
  return performance.now() - from;
}

async function digestOf({ call }: Reader, minSequence: bigint): Promise<string> {
  const { digest } = await call.getStateStatus({ minSequence, liveDigest: true }, { timeoutMillis: 60_000 });
  return digest;
}
