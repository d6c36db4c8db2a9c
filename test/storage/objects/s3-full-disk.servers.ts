import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { openS3ObjectStore } from '../../../src/storage/objects/s3-object-store.ts';
import { startS3 } from '../../servers/s3.ts';
import { smallDisk } from '../../servers/small-disk.ts';
import { listed, objectOf } from './suite.ts';

it('says that there is no room where the disk of the server is full, and keeps what it has', async (t) => {
  const { endpoint, region, credentials } = await startS3(t, { folder: await smallDisk(t, 4) });
  const store = await openS3ObjectStore({
    bucket: 'photos',
    prefix: '',
    region,
    endpoint,
    hasPathStyle: true,
    credentials,
    createsBucket: true,
    timeoutMillis: 5_000,
    maxAttempts: 1,
    maxConnections: 4,
    log: { warn() {} },
  });
  t.after(() => store.close());
  const kept: string[] = [];
  const putUntilFull = async () => {
    for (let n = 0; n < 20; n++) {
      const photo = randomBytes(500_000);
      await store.put(objectOf(photo), photo);
      kept.push(objectOf(photo).sha256);
    }
  };
  await assert.rejects(putUntilFull(), { reason: 'STORAGE_FULL' });
  assert.ok(kept.length > 0);
  assert.deepEqual(await listed(store, ''), kept.toSorted());
  for (const sha256 of kept) assert.equal((await store.get({ tenant: '', sha256 }))?.length, 500_000);
  // Room again.
  await store.delete({ tenant: '', sha256: kept.pop()! });
  const small = randomBytes(100_000);
  await store.put(objectOf(small), small);
});
