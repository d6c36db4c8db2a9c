import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ObjectName, ObjectStore } from '../../../src/storage/objects/object-store.ts';

export function objectOf(bytes: Uint8Array, tenant = ''): ObjectName {
  return { tenant, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export async function listed(store: ObjectStore, tenant: string): Promise<string[]> {
  const hashes: string[] = [];
  for await (const sha256 of store.list(tenant)) hashes.push(sha256);
  return hashes.sort();
}

/** What every object store does. `open` gives an empty one. */
export function objectStoreSuite(name: string, open: () => Promise<ObjectStore>): void {
  describe(`${name}, as every object store`, () => {
    const photo = Buffer.from('a photo');

    it('gives back what was put', async () => {
      const store = await open();
      for (const bytes of [photo, new Uint8Array(0), Buffer.alloc(3_000_000, 7)]) {
        await store.put(objectOf(bytes), bytes);
        assert.deepEqual(Buffer.from((await store.get(objectOf(bytes)))!), Buffer.from(bytes));
        assert.equal(await store.has(objectOf(bytes)), true);
      }
    });

    it('knows what it does not have', async () => {
      const store = await open();
      assert.equal(await store.get(objectOf(photo)), undefined);
      assert.equal(await store.has(objectOf(photo)), false);
      assert.deepEqual(await listed(store, ''), []);
      await store.delete(objectOf(photo));
    });

    it('keeps the tenants apart', async () => {
      const store = await open();
      await store.put(objectOf(photo, 'acme'), photo);
      assert.equal(await store.has(objectOf(photo)), false);
      assert.equal(await store.get(objectOf(photo, 'other')), undefined);
      assert.deepEqual(await listed(store, 'acme'), [objectOf(photo).sha256]);
      assert.deepEqual(await listed(store, ''), []);
      await store.put(objectOf(photo), photo);
      await store.delete(objectOf(photo, 'acme'));
      assert.equal(await store.has(objectOf(photo)), true);
    });

    it('takes the same object many times at once', async () => {
      const store = await open();
      await Promise.all(Array.from({ length: 20 }, () => store.put(objectOf(photo), photo)));
      assert.deepEqual(Buffer.from((await store.get(objectOf(photo)))!), photo);
      assert.equal((await listed(store, '')).length, 1);
    });

    it('lists and deletes', async () => {
      const store = await open();
      const all = Array.from({ length: 40 }, (_, index) => Buffer.from(`photo ${index}`));
      await Promise.all(all.map((bytes) => store.put(objectOf(bytes, 'acme'), bytes)));
      const hashes = all.map((bytes) => objectOf(bytes).sha256).sort();
      assert.deepEqual(await listed(store, 'acme'), hashes);
      await store.delete({ tenant: 'acme', sha256: hashes[0]! });
      assert.equal(await store.get({ tenant: 'acme', sha256: hashes[0]! }), undefined);
      assert.deepEqual(await listed(store, 'acme'), hashes.slice(1));
    });
  });
}
