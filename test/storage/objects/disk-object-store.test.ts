import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { silentLog } from '../../../src/rpc/log.ts';
import { openDiskObjectStore } from '../../../src/storage/objects/disk-object-store.ts';
import { createObjectWriter } from '../../../src/storage/objects/object-writer.ts';
import { listed, objectOf, objectStoreSuite } from './suite.ts';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-objects-'));
  folders.push(folder);
  return folder;
}

objectStoreSuite('a folder', async () => openDiskObjectStore(await newFolder()));

const writer = createObjectWriter(silentLog);
after(() => writer.stop());
objectStoreSuite('a folder that another thread writes', async () => {
  return openDiskObjectStore(await newFolder(), (object) => writer.write(object));
});

describe('a folder of objects', () => {
  const photo = Buffer.from('a photo');
  const { sha256 } = objectOf(photo);
  const pathIn = (folder: string) => join(folder, '_default', sha256.slice(0, 2), sha256.slice(2));

  it('is there again after a restart, without what was never finished', async () => {
    const folder = await newFolder();
    await (await openDiskObjectStore(folder)).put(objectOf(photo), photo);
    await writeFile(join(folder, '_unfinished', 'half'), photo);
    const again = await openDiskObjectStore(folder);
    assert.deepEqual(await listed(again, ''), [sha256]);
    assert.deepEqual(await readdir(join(folder, '_unfinished')), []);
  });

  it('finds a byte that went bad, and a file that lost its end', async () => {
    for (const damage of [(path: string) => writeFile(path, 'b photo'), (path: string) => truncate(path, 3)]) {
      const folder = await newFolder();
      const store = await openDiskObjectStore(folder);
      await store.put(objectOf(photo), photo);
      await damage(pathIn(folder));
      await assert.rejects(store.get(objectOf(photo)), { reason: 'OBJECT_CORRUPT' });
    }
  });

  it('says where it could not write, and leaves nothing behind', async () => {
    const folder = await newFolder();
    const store = await openDiskObjectStore(folder);
    // A file where the folder of the hash's first digits is to be.
    await (await openDiskObjectStore(join(folder, '_default'))).delete(objectOf(photo));
    await writeFile(join(folder, '_default', sha256.slice(0, 2)), '');
    await assert.rejects(store.put(objectOf(photo), photo), { reason: 'STORAGE_FAILED', message: /could not write/ });
    assert.deepEqual(await readdir(join(folder, '_unfinished')), []);
    assert.equal(await store.has(objectOf(photo)), false);
  });

  it('lets no name lead out of the folder', async () => {
    const store = await openDiskObjectStore(await newFolder());
    for (const bad of ['', '..', `../${'a'.repeat(61)}`, 'A'.repeat(64)]) {
      await assert.rejects(store.put({ tenant: '', sha256: bad }, photo), { reason: 'INTERNAL' });
    }
  });
});
