/**
 * The keys of the score records in Redis. `P` is the prefix, then the version of the format; tenants are in braces, so that
 * a cluster keeps what goes together in one place.
 *
 * | key | type | what |
 * | --- | --- | --- |
 * | `P:1:progress` | hash | `journal`, `sequence`; `clearing` while what another journal left is removed |
 * | `P:1:purging` | string | there while something erased may still be in Redis's own files |
 * | `P:1:{TENANT}:photo:SHA256` | string | the photo, as `photo-bytes.ts` has it |
 * | `P:1:{TENANT}:image:UUID` | string | the hash of the photo that has this id, 64 hex digits |
 * | `P:1:{TENANT}:photos` | set | the hashes of all photos, 32 bytes each |
 * | `P:1:{TENANT}:queue` | sorted set | all scores 0; the place in the expert's queue (`queue-order.ts`), then the hash |
 * | `P:1:{TENANT}:reviews` | hash | image id → a review that waits for its photo |
 * | `P:1:flight:KEY` | string | who works on it, for a short time (`redis-shared-flight.ts`) |
 * | `P:1:landed` | channel | the keys of finished work |
 */

/** The version of all that is kept: another one has other keys. */
const version = 1;
/** No tenant's name begins so. */
const defaultTenant = '_default';

export interface RedisTenantKeys {
  photo(sha256: string): string;
  /** @param imageId in lower case */
  image(imageId: string): string;
  readonly photos: string;
  readonly queue: string;
  readonly reviews: string;
}

export interface RedisKeys {
  readonly progress: string;
  readonly purging: string;
  /** Begins every key of a tenant. */
  readonly tenants: string;
  tenant(tenant: string): RedisTenantKeys;
  flight(key: string): string;
  readonly landed: string;
}

export function redisKeys(prefix: string): RedisKeys {
  const root = `${prefix}:${version}`;
  return {
    progress: `${root}:progress`,
    purging: `${root}:purging`,
    tenants: `${root}:{`,
    tenant(tenant) {
      const own = `${root}:{${tenant || defaultTenant}}`;
      return {
        photo: (sha256) => `${own}:photo:${sha256}`,
        image: (imageId) => `${own}:image:${imageId}`,
        photos: `${own}:photos`,
        queue: `${own}:queue`,
        reviews: `${own}:reviews`,
      };
    },
    flight: (key) => `${root}:flight:${key}`,
    landed: `${root}:landed`,
  };
}
