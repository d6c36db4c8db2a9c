/** Taking things out of the LMDB file, some at a time. */

import { setImmediate as turn } from 'node:timers/promises';
import type { Entries } from './entries.ts';
import type { Removal } from './exchangeable-entries.ts';
import { readPhoto } from './lmdb-photos.ts';
import { ownerOf, ownerOfReview } from './merge.ts';
import { decodePhoto } from './photo-bytes.ts';
import { queuePlace, uuidBytes } from './queue-order.ts';
import { everything, type KeyRange, keyRest, type TenantKeys } from './record-keys.ts';
import type { PhotoOwner } from './score-records.ts';

/** Entries that are looked at in one go. */
const entriesATurn = 200;

/** Forgets photos and waiting reviews, as `ScoreRecords.deleteOf` has it. */
export async function deleteOf(
  entries: Entries,
  keys: TenantKeys,
  isTheirs: (owner: PhotoOwner) => boolean,
): Promise<Removal & { readonly hashes: readonly string[] }> {
  const hashes: string[] = [];
  let removed = 0;
  await eachEntry(entries, keys.photos, (_, bytes) => {
    const photo = decodePhoto(bytes);
    if (photo === undefined || !isTheirs(ownerOf(photo))) return undefined;
    hashes.push(photo.sha256);
    removed++;
    return entries.transaction(() => removePhoto(entries, keys, photo.sha256));
  });
  await eachEntry(entries, keys.reviews, (key) => {
    if (!isTheirs(ownerOfReview(uuidText(keyRest(key))))) return undefined;
    removed++;
    return entries.remove(key);
  });
  return { hashes, removed };
}

/** As `ScoreRecords.hashesOf` has it. */
export async function hashesOf(
  entries: Entries,
  keys: TenantKeys,
  isTheirs: (owner: PhotoOwner) => boolean,
): Promise<readonly string[]> {
  const hashes: string[] = [];
  await eachEntry(entries, keys.photos, (_, bytes) => {
    const photo = decodePhoto(bytes);
    if (photo !== undefined && isTheirs(ownerOf(photo))) hashes.push(photo.sha256);
    return undefined;
  });
  return hashes;
}

/** Forgets all photos and waiting reviews of all tenants. */
export async function clear(entries: Entries): Promise<Removal> {
  let removed = 0;
  await eachEntry(entries, everything, (key) => {
    removed++;
    return entries.remove(key);
  });
  return { removed };
}

/** As it is now: since it was found, a word may have been added. */
function removePhoto(entries: Entries, keys: TenantKeys, sha256: string): void {
  const photo = readPhoto(entries, keys, sha256);
  if (photo === undefined) return;
  entries.remove(keys.photo(sha256));
  entries.remove(keys.place(queuePlace(photo)));
  for (const id of photo.imageIds) entries.remove(keys.image(uuidBytes(id)!));
}

/** Walks a range, some entries a turn, and waits for what each visit began. */
async function eachEntry(
  entries: Entries,
  { start: first, end }: KeyRange,
  visit: (key: Buffer, value: Buffer) => Promise<unknown> | undefined,
): Promise<void> {
  let after: Buffer | undefined;
  for (;;) {
    const range = { start: after ?? first, end, exclusiveStart: after !== undefined, limit: entriesATurn };
    const some: { key: Buffer; value: Buffer }[] = [...entries.getRange(range)];
    await Promise.all(some.map(({ key, value }) => visit(key, value)));
    after = some.at(-1)?.key;
    if (after === undefined) return;
    await turn();
  }
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
