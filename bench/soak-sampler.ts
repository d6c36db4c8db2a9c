/** What a soak looks at each second. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import type { BenchContext } from './benchmark.ts';
import type { MeasuredServer } from './measured-server.ts';
import type { SoakSample } from './soak-verdict.ts';

/** Asks the server each second how far it is; memory and event loop are the probe's. */
export function startSampler(server: MeasuredServer, { folder, progress }: BenchContext) {
  const ingest = createGrpcClient(IngestService, server.grpc);
  const recommendation = createGrpcClient(RecommendationService, server.grpc);
  const startedAt = Date.now();
  const asked: Omit<SoakSample, keyof Probed>[] = [];
  const ask = async (): Promise<void> => {
    const seconds = (Date.now() - startedAt) / 1_000;
    const [journal, state] = await Promise.all([
      ingest.call.getJournalStatus({}),
      recommendation.call.getStateStatus({ omitDigest: true }),
    ]);
    asked.push({
      seconds,
      lagEvents: Number(state.lag),
      pendingBytes: Number(journal.pendingBytes),
      journalBytes: Number(journal.sizeBytes),
      snapshots: countSnapshots(folder),
    });
    if (asked.length % 30 === 0) progress(`${seconds.toFixed(0)} s, ${state.lag} events behind`);
  };
  let failure: unknown;
  let asking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    asking = asking.then(ask).catch((error: unknown) => {
      failure ??= error;
    });
  }, 1_000);
  return {
    async stop() {
      clearInterval(timer);
      await asking;
      if (failure !== undefined) throw failure;
      const { lastSequence, firstSequence, sizeBytes } = await ingest.call.getJournalStatus({});
      // By now everything acknowledged is folded.
      const { digest, sequence } = await recommendation.call.getStateStatus({ minSequence: lastSequence });
      ingest.close();
      recommendation.close();
      return {
        samples: joined(asked, server, startedAt),
        inJournal: Number(lastSequence - firstSequence) + 1,
        journalBytes: Number(sizeBytes),
        digest,
        sequence: Number(sequence),
      };
    },
  };
}

type Probed = Pick<
  SoakSample,
  'residentBytes' | 'heapUsedBytes' | 'arrayBufferBytes' | 'loopP99Millis' | 'collectionMillis'
>;

/** To each answer the probe's sample of the same second. */
function joined(
  asked: readonly Omit<SoakSample, keyof Probed>[],
  server: MeasuredServer,
  startedAt: number,
): SoakSample[] {
  const probed = server.samples();
  let next = 0;
  return asked.flatMap((one) => {
    while (next + 1 < probed.length && probed[next]!.at < startedAt + one.seconds * 1_000) next += 1;
    const sample = probed[next];
    if (sample === undefined) return [];
    const { residentBytes, heapUsedBytes, arrayBufferBytes, loopDelayMillis, collectionMillis } = sample;
    return [
      { ...one, residentBytes, heapUsedBytes, arrayBufferBytes, loopP99Millis: loopDelayMillis.p99, collectionMillis },
    ];
  });
}

function countSnapshots(folder: string): number {
  const snapshots = join(folder, 'data', 'snapshots');
  return existsSync(snapshots) ? readdirSync(snapshots).filter((name) => name.endsWith('.snapshot')).length : 0;
}
