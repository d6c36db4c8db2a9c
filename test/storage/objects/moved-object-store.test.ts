import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { openDiskObjectStore } from '../../../src/storage/objects/disk-object-store.ts';
import { movedObjectStore } from '../../../src/storage/objects/moved-object-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'palate-moved-'));
after(() => rm(folder, { recursive: true }));

function objectOf(text: string) {
  const bytes = Buffer.from(text);
  return { name: { tenant: '', sha256: createHash('sha256').update(bytes).digest('hex') }, bytes };
}

it('a store that took the place of another finds and removes in both, and puts into the new one', async () => {
  const [now, before] = await Promise.all(['now', 'before'].map((name) => openDiskObjectStore(join(folder, name))));
  const store = movedObjectStore(now!, before!);
  const [old, both, fresh] = ['old', 'both', 'fresh'].map(objectOf);
  await before!.put(old!.name, old!.bytes);
  for (const each of [now!, before!]) await each.put(both!.name, both!.bytes);
  await store.put(fresh!.name, fresh!.bytes);
  assert.equal(await before!.has(fresh!.name), false);
  for (const { name, bytes } of [old!, both!, fresh!]) {
    assert.deepEqual([await store.has(name), Buffer.from((await store.get(name))!)], [true, bytes]);
  }
  const all = [old!, both!, fresh!].map(({ name }) => name.sha256);
  assert.deepEqual((await Array.fromAsync(store.list(''))).sort(), all.sort());
  for (const { name } of [old!, both!, fresh!]) {
    await store.delete(name);
    assert.deepEqual([await now!.has(name), await before!.has(name), await store.has(name)], [false, false, false]);
  }
});
