/** A page of the expert's queue, whichever store it was read from. */

import type { Photo } from './merge.ts';
import { keptScoreOf } from './photo-bytes.ts';
import { encodeQueueToken } from './queue-order.ts';
import type { QueuePage, QueueQuery } from './score-records.ts';

/** A photo at its place. */
export interface Queued {
  readonly place: Buffer;
  readonly photo: Photo;
}

/** `all`: what follows the page before, in order; one more than `query.limit` tells that there is a next page. */
export function pageOf(query: QueueQuery, all: readonly Queued[]): QueuePage {
  const shown = all.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    records: shown.map(({ photo }) => keptScoreOf(photo).record),
    nextPageToken: all.length > query.limit && last !== undefined ? encodeQueueToken(query, last.place) : '',
  };
}
