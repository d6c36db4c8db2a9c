/** A journal that takes erasures, and score records that follow it. */

import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { GenerationNote } from '../../../src/scoring/projection/generation-note.ts';
import { localMealJournal } from '../../../src/scoring/projection/local-meal-journal.ts';
import { Projection, type ProjectionOptions } from '../../../src/scoring/projection/projection.ts';
import { openDiskObjectStore } from '../../../src/storage/objects/disk-object-store.ts';
import { openLmdbScoreRecords } from '../../../src/storage/records/lmdb-score-records.ts';
import type { ModelWord } from '../../../src/storage/records/score-records.ts';
import { event, freshEventId } from '../../events/event-samples.ts';
import { openPublishing } from '../../ingest/erasure/publishing.ts';

/** A photo by a number. */
export const hashOf = (photo: number) => photo.toString(16).padStart(64, '0');
export const imageOf = (photo: number) => `01910000-0000-7000-8000-${photo.toString(16).padStart(12, 'a')}`;

export function scored(photo: number, userId: string, score = 3): Event {
  const value = {
    imageId: imageOf(photo),
    sha256: hashOf(photo),
    score,
    labels: [{ name: 'Apple', confidence: 0.5 }],
    model: { name: 'food', version: '1' },
  };
  return event({ case: 'mealScored', value }, { userId, eventId: freshEventId() });
}

export function reviewed(photo: number, score: number, comment = ''): Event {
  const value = { imageId: imageOf(photo), score, reviewerId: 'expert', comment };
  return event({ case: 'mealReviewed', value }, { eventId: freshEventId() });
}

export const bytesOf = (one: Event) => toBinary(EventSchema, create(EventSchema, one));

/** What a scorer that is not told of in the journal takes down. */
export const wordOf = (photo: number, userId: string, score?: number): ModelWord => ({
  imageId: imageOf(photo),
  sha256: hashOf(photo),
  score,
  rejection: score === undefined ? { reason: 'NOT_FOOD', message: 'no food' } : undefined,
  labels: [],
  model: { name: 'food', version: '1' },
  uncertainty: 0.5,
  isEstimate: false,
  provider: 'cpu',
  userId,
  visitorId: '',
  sessionId: '',
  itemId: '',
  scoredAtMicros: 1,
});

/** Opens what there is in a folder, or begins it. */
export async function openFollowing(folder: string, options: Partial<ProjectionOptions> = {}) {
  const publishing = await openPublishing(folder, {
    copies: { followJournal: (signal) => projection.forgetErased(signal) },
  });
  const { journal, erasures } = publishing;
  const scores = join(folder, 'scores');
  const records = await openLmdbScoreRecords(scores, silentLog);
  const objects = await openDiskObjectStore(join(folder, 'objects'));
  const projection = new Projection({
    journal: localMealJournal(journal, erasures.pending),
    records,
    note: new GenerationNote(scores, 'in the test'),
    uncertaintyOf: () => 0.25,
    putsSettled: async () => undefined,
    observeUnsent: () => () => undefined,
    forgetSent: () => undefined,
    othersMillis: 0,
    removePhoto: (photo) => objects.delete(photo),
    log: silentLog,
    backoff: { firstMillis: 1, longestMillis: 10 },
    ...options,
  });
  await projection.start();
  let closed: Promise<void> | undefined;
  return {
    ...publishing,
    records,
    objects,
    projection,
    close() {
      closed ??= projection
        .stop()
        .then(() => records.close())
        .then(() => publishing.close());
      return closed;
    },
  };
}
