import type { ScoreRecords } from '../../storage/records/score-records.ts';

export interface WatchedRecords {
  /** The same records. */
  readonly records: ScoreRecords;
  /** Resolves when the words that were put before are in, or failed. */
  settled(): Promise<void>;
}

/** Knows which words are on their way into the records. */
export function watchRecords(records: ScoreRecords): WatchedRecords {
  const underWay = new Set<Promise<unknown>>();
  const watched = <Result>(put: Promise<Result>): Promise<Result> => {
    const settled: Promise<unknown> = put.catch(() => undefined).finally(() => underWay.delete(settled));
    underWay.add(settled);
    return put;
  };
  return {
    records: {
      find: (tenant, sha256) => records.find(tenant, sha256),
      get: (tenant, imageId) => records.get(tenant, imageId),
      put: (tenant, word) => watched(records.put(tenant, word)),
      review: (tenant, imageId, word, options) => watched(records.review(tenant, imageId, word, options)),
      list: (tenant, query) => records.list(tenant, query),
      hashesOf: (tenant, isTheirs) => records.hashesOf(tenant, isTheirs),
      deleteOf: (tenant, isTheirs) => records.deleteOf(tenant, isTheirs),
      scrub: async () => records.scrub?.(),
      follow: (journalId) => records.follow(journalId),
      get lastSequence() {
        return records.lastSequence;
      },
      setSequence: (sequence) => records.setSequence(sequence),
      close: () => records.close(),
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
}
