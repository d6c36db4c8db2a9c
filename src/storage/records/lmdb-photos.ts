/** Photos in the LMDB file: reading, and the writes that go together. */

import type { Entries } from './entries.ts';
import { newerReview, type Photo, withReview, withWord } from './merge.ts';
import { decodePhoto, decodeReview, encodePhoto, encodeReview, keptScoreOf } from './photo-bytes.ts';
import { queuePlace, uuidBytes } from './queue-order.ts';
import type { TenantKeys } from './record-keys.ts';
import type { ExpertWord, KeptScore, ModelWord } from './score-records.ts';

const hash = /^[0-9a-f]{64}$/;

/** A damaged one counts as none: it is scored again. */
export function readPhoto(entries: Entries, keys: TenantKeys, sha256: string): Photo | undefined {
  const bytes = hash.test(sha256) ? entries.get(keys.photo(sha256)) : undefined;
  return bytes && decodePhoto(bytes);
}

export function photoWith(entries: Entries, keys: TenantKeys, imageId: string): Photo | undefined {
  const id = uuidBytes(imageId);
  const sha256 = id && entries.get(keys.image(id));
  return sha256 && readPhoto(entries, keys, sha256.toString('hex'));
}

/** Puts a word of a model; `word.imageId` in lower case. Within a transaction. */
export function putWord(entries: Entries, keys: TenantKeys, word: ModelWord): KeptScore {
  const before = readPhoto(entries, keys, word.sha256);
  return replace(entries, keys, before, joinReviews(entries, keys, withWord(before, word)));
}

/**
 * Everything is made before anything is written: what was written before a throw would stay. What says nothing new is not
 * written: the journal tells of each photo that was scored here.
 */
function replace(entries: Entries, keys: TenantKeys, before: Photo | undefined, after: Photo): KeptScore {
  const bytes = encodePhoto(after);
  const kept = keptScoreOf(after);
  if (before !== undefined && entries.get(keys.photo(after.sha256))?.equals(bytes) === true) return kept;
  const sha256 = Buffer.from(after.sha256, 'hex');
  const place = keys.place(queuePlace(after));
  const oldPlace = before && keys.place(queuePlace(before));
  const newIds = after.imageIds.slice(before?.imageIds.length ?? 0).map((id) => uuidBytes(id)!);
  if (oldPlace !== undefined && !oldPlace.equals(place)) entries.remove(oldPlace);
  entries.put(keys.photo(after.sha256), bytes);
  entries.put(place, sha256);
  for (const id of newIds) {
    entries.put(keys.image(id), sha256);
    entries.remove(keys.review(id));
  }
  return kept;
}

/** A photo with the reviews that waited for it. */
function joinReviews(entries: Entries, keys: TenantKeys, photo: Photo): Photo {
  const waiting = photo.imageIds.map((id) => entries.get(keys.review(uuidBytes(id)!)));
  const reviews = waiting.map((bytes) => bytes && decodeReview(bytes)).filter((review) => review !== undefined);
  return reviews.reduce(withReview, photo);
}

/** Puts a word of an expert. Within a transaction. */
export function putReview(
  entries: Entries,
  keys: TenantKeys,
  imageId: string,
  word: ExpertWord,
  keepUnknown: boolean,
): KeptScore | undefined {
  const photo = photoWith(entries, keys, imageId);
  if (photo !== undefined) return replace(entries, keys, photo, withReview(photo, word));
  const id = uuidBytes(imageId);
  if (!keepUnknown || id === undefined) return undefined;
  const waiting = entries.get(keys.review(id));
  const bytes = encodeReview(newerReview(waiting && decodeReview(waiting), word));
  entries.put(keys.review(id), bytes);
  return undefined;
}
