import { nowMicros } from '../../events/timestamp.ts';
import { dropPoint } from '../../journal/drop-point.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Log } from '../../rpc/log.ts';

export interface RetentionOptions {
  readonly journal: Pick<Journal, 'status' | 'dropBefore'>;
  readonly journalFolder: string;
  /** Undefined: however old. */
  readonly maxAgeMillis: number | undefined;
  /** 0: however large. */
  readonly maxBytes: number;
  /** Records that stay in any case: of so many events the ids are known again after a restart. */
  readonly keepRecords: number;
  /** Up to which sequence the newest so many good snapshots all go. */
  readonly coveredThrough: (copies: number, signal: AbortSignal) => Promise<number>;
  /** Whether somebody is being erased: for that the whole journal is needed. */
  readonly isErasing?: () => boolean;
  readonly log: Log;
}

/** So many snapshots must hold what is dropped: one may turn out to be unreadable. */
const copies = 2;

/**
 * Makes what drops the journal's oldest segments, as far as they are not wanted and not needed: two snapshots that were
 * just read whole hold what was in them, and the record at which the older one ends stays, by which it is recognised.
 * Undefined: all are wanted.
 */
export function createRetention(options: RetentionOptions): ((signal: AbortSignal) => Promise<void>) | undefined {
  const { journal, journalFolder, maxAgeMillis, maxBytes, keepRecords, coveredThrough, isErasing, log } = options;
  if (maxAgeMillis === undefined && maxBytes === 0) return undefined;
  return async (signal) => {
    const { durableSequence, firstSequence } = journal.status();
    const unwanted = await dropPoint(journalFolder, {
      keepSinceMicros: maxAgeMillis === undefined ? undefined : nowMicros() - maxAgeMillis * 1_000,
      maxBytes: maxBytes === 0 ? undefined : maxBytes,
    });
    const free = Math.min(unwanted, durableSequence - keepRecords);
    if (free <= firstSequence) return;
    const before = Math.min(free, await coveredThrough(copies, signal));
    if (before <= firstSequence || isErasing?.()) return;
    const { segments, bytes } = await journal.dropBefore(before);
    if (segments > 0)
      log.info({ segments, bytes, firstSequence: journal.status().firstSequence }, 'old segments are dropped');
  };
}
