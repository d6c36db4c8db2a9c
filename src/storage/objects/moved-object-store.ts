/** A store that took the place of another one, in which there are objects still. */

import type { ObjectStore } from './object-store.ts';

/** Puts into the new store; finds and removes in both, so that what moves by and by is never missed, nor left behind. */
export function movedObjectStore(now: ObjectStore, before: ObjectStore): ObjectStore {
  return {
    has: async (object) => (await now.has(object)) || before.has(object),
    put: (object, bytes) => now.put(object, bytes),
    get: async (object) => (await now.get(object)) ?? before.get(object),
    async delete(object) {
      await before.delete(object);
      await now.delete(object);
    },
    async *list(tenant) {
      const listed = new Set<string>();
      for (const store of [now, before]) {
        for await (const sha256 of store.list(tenant)) {
          if (!listed.has(sha256)) yield sha256;
          listed.add(sha256);
        }
      }
    },
  };
}
