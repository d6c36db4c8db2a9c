/** The keys of the records in one ordered space: a kind, the tenant's length and name, and what the kind is sorted by. */

/** The kinds of entries. */
const kinds = { meta: 0, photo: 1, image: 2, place: 3, review: 4 } as const;

/** Whether a key is of an entry whose value begins with its checksum. */
export function hasChecksum(key: Buffer): boolean {
  return key[0] === kinds.photo || key[0] === kinds.review || metaKeys.progress.equals(key);
}

/** Of the whole store. */
export const metaKeys = {
  /** Which format it has. */
  format: Buffer.of(kinds.meta, 0),
  /** The journal that it follows, and how far. */
  progress: Buffer.of(kinds.meta, 1),
  /** Written and removed to see whether that goes. */
  trial: Buffer.of(kinds.meta, 2),
} as const;

/** The keys of one tenant. */
export interface TenantKeys {
  /** → the photo; sorted by hash. */
  photo(sha256: string): Buffer;
  /** → the hash of the photo that has this id, 16 bytes. */
  image(id: Uint8Array): Buffer;
  /** → the hash of the photo at this place of the queue. */
  place(place: Uint8Array): Buffer;
  /** → a review that waits for the photo with this id, 16 bytes. */
  review(id: Uint8Array): Buffer;
  /** All photos, and all reviews that wait: from the first key up to, and without, the end. */
  readonly photos: KeyRange;
  readonly reviews: KeyRange;
}

export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/** Everything of all tenants, but not what is said of the store. */
export const everything: KeyRange = { start: Buffer.of(kinds.photo), end: Buffer.of(kinds.review + 1) };

/** The key's part after the tenant. */
export function keyRest(key: Buffer): Buffer {
  return key.subarray(2 + key[1]!);
}

/** Tenants have at most 63 bytes. */
export function tenantKeys(tenant: string): TenantKeys {
  const name = Buffer.from(tenant);
  const prefix = (kind: number) => Buffer.concat([Buffer.of(kind, name.length), name]);
  const prefixes = { photo: prefix(kinds.photo), image: prefix(kinds.image), place: prefix(kinds.place) };
  const review = prefix(kinds.review);
  return {
    photo: (sha256) => Buffer.concat([prefixes.photo, Buffer.from(sha256, 'hex')]),
    image: (id) => Buffer.concat([prefixes.image, id]),
    place: (place) => Buffer.concat([prefixes.place, place]),
    review: (id) => Buffer.concat([review, id]),
    photos: within(prefixes.photo),
    reviews: within(review),
  };
}

/** All keys that begin with a prefix. What follows a prefix is at most 33 bytes. */
function within(prefix: Buffer): KeyRange {
  return { start: prefix, end: Buffer.concat([prefix, Buffer.alloc(34, 0xff)]) };
}
