/** The expert's queue in the LMDB file. */

import type { Entries } from './entries.ts';
import { readPhoto } from './lmdb-photos.ts';
import { decodeQueueToken, partRange, partsOf } from './queue-order.ts';
import { pageOf, type Queued } from './queue-page.ts';
import { keyRest, type TenantKeys } from './record-keys.ts';
import type { QueuePage, QueueQuery } from './score-records.ts';

/** One page, as `ScoreRecords.list` has it. */
export function listQueue(entries: Entries, keys: TenantKeys, query: QueueQuery): QueuePage {
  const after = decodeQueueToken(query);
  const page: Queued[] = [];
  for (const part of partsOf(query)) {
    if (after !== undefined && part < after[0]!) continue;
    const { first, last } = partRange(part, query.minUncertainty);
    const isWithin = after !== undefined && part === after[0];
    const range = { start: keys.place(isWithin ? after : first), end: keys.place(last), inclusiveEnd: true };
    for (const { key, value } of entries.getRange({ ...range, exclusiveStart: isWithin })) {
      const photo = readPhoto(entries, keys, value.toString('hex'));
      if (photo !== undefined) page.push({ place: keyRest(key), photo });
      // One more than fits tells that there is a next page.
      if (page.length > query.limit) return pageOf(query, page);
    }
  }
  return pageOf(query, page);
}
