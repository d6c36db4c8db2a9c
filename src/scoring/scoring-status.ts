/** Where the scorer stands: its stores, whether they answer, and what waits for whom. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetScoringStatusResponseSchema, StoreStatusSchema } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { isPalateError, PalateError } from '../errors.ts';
import type { ObjectStore } from '../storage/objects/object-store.ts';
import type { ScoreRecords } from '../storage/records/score-records.ts';
import type { Outbox } from './outbox.ts';
import type { Projection } from './projection/projection.ts';
import type { Keeper } from './stages/keep.ts';

export interface ScoringStatusOptions {
  readonly kinds: { readonly photos: string; readonly records: string };
  readonly objects: Pick<ObjectStore, 'has'>;
  readonly records: Pick<ScoreRecords, 'find'>;
  readonly keeper: Pick<Keeper, 'counts' | 'underWay'> | undefined;
  readonly projection: Pick<Projection, 'status'>;
  readonly outbox: Pick<Outbox, 'places'>;
  /** For a store to answer, in milliseconds. Default 1,000. */
  readonly waitMillis?: number;
}

export type ScoringStatus = () => Promise<MessageInitShape<typeof GetScoringStatusResponseSchema>>;

type StoreStatus = MessageInitShape<typeof StoreStatusSchema>;

const defaultTenant = '';
/** A hash that nothing has. */
const nothing = '0'.repeat(64);

/** However many ask at a time, each store is asked once. */
export function createScoringStatus(options: ScoringStatusOptions): ScoringStatus {
  const { kinds, objects, records, keeper, projection, outbox, waitMillis = 1_000 } = options;
  const ofPhotos = once(() =>
    statusOf(kinds.photos, () => objects.has({ tenant: defaultTenant, sha256: nothing }), waitMillis),
  );
  const ofRecords = once(() => statusOf(kinds.records, () => records.find(defaultTenant, nothing), waitMillis));
  return async () => {
    const [photoStore, recordStore] = await Promise.all([ofPhotos(), ofRecords()]);
    const { sequence, lastSequence } = projection.status;
    const { kept = 0, failed = 0, dropped = 0 } = keeper?.counts ?? {};
    return {
      photoStore,
      recordStore,
      sequence: BigInt(sequence),
      lag: BigInt(Math.max(0, lastSequence - sequence)),
      photosKept: BigInt(kept),
      photosFailed: BigInt(failed),
      photosDropped: BigInt(dropped),
      photosWaiting: BigInt(keeper?.underWay ?? 0),
      eventsWaiting: BigInt(outbox.places),
    };
  };
}

async function statusOf(kind: string, ask: () => Promise<unknown>, waitMillis: number): Promise<StoreStatus> {
  const began = performance.now();
  try {
    await within(ask(), waitMillis);
    return { kind, answers: true, answerMicros: BigInt(Math.round((performance.now() - began) * 1e3)), reason: '' };
  } catch (error) {
    const reason = isPalateError(error) ? error.reason : 'INTERNAL';
    return { kind, answers: false, answerMicros: 0n, reason };
  }
}

function within<Result>(asked: Promise<Result>, waitMillis: number): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new PalateError('DEADLINE_EXCEEDED', `the store did not answer within ${waitMillis} ms`));
  const timer = setTimeout(late, waitMillis);
  return Promise.race([asked, promise]).finally(() => clearTimeout(timer));
}

/** Who asks while it is under way gets the same answer. */
function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let underWay: Promise<Result> | undefined;
  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
