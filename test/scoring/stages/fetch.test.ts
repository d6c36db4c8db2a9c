import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isPalateError } from '../../../src/errors.ts';
import { systemClock } from '../../../src/scoring/batcher/clock.ts';
import { UriFetcher } from '../../../src/scoring/fetching/uri-fetcher.ts';
import { createFetch, type Fetch, type ImageSource } from '../../../src/scoring/stages/fetch.ts';
import { identify } from '../../../src/scoring/stages/identify.ts';
import { openDiskObjectStore } from '../../../src/storage/objects/disk-object-store.ts';
import type { ObjectStore } from '../../../src/storage/objects/object-store.ts';
import { type LocalServer, startServer } from '../fetching/local-server.ts';

const maxBytes = 10_000;
const photo = new Uint8Array(randomBytes(maxBytes));
const from = { tenant: 'a', deadlineMillis: Number.POSITIVE_INFINITY };

describe('fetch', () => {
  let folder: string;
  let objects: ObjectStore;
  let server: LocalServer;
  let fetch: Fetch;
  let sha256: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-fetch-'));
    objects = await openDiskObjectStore(folder);
    server = await startServer((request, response) =>
      response.end(request.url === '/large' ? [...photo, 1].join() : photo),
    );
    const open = { allowHttp: true, allowedHosts: ['127.0.0.1'], allowedPorts: [server.port] };
    const uris = new UriFetcher({ maxBytes, ...open });
    fetch = createFetch({ clock: systemClock, objects, uris, maxBytes });
    ({ sha256 } = await identify(photo));
    await objects.put({ tenant: 'a', sha256 }, photo);
  });

  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const key = (value: string): ImageSource => ({ case: 'objectKey', value });

  test('gets bytes, objects and what is behind an address', async () => {
    const sources: ImageSource[] = [
      { case: 'imageBytes', value: photo },
      key(sha256),
      { case: 'imageUri', value: `${server.origin}/a` },
    ];
    for (const source of sources) assert.deepEqual(new Uint8Array(await fetch(source, from)), photo, source.case);
  });

  test('refuses more bytes than may be, wherever they come from', async () => {
    const large = new Uint8Array(maxBytes + 1);
    const { sha256: largeKey } = await identify(large);
    await objects.put({ tenant: 'a', sha256: largeKey }, large);
    const sources: ImageSource[] = [
      { case: 'imageBytes', value: large },
      key(largeKey),
      { case: 'imageUri', value: `${server.origin}/large` },
    ];
    for (const source of sources) await assert.rejects(fetch(source, from), { reason: 'TOO_LARGE' }, source.case);
  });

  test("does not find another tenant's object, nor what is no key", async () => {
    await assert.rejects(fetch(key(sha256), { ...from, tenant: 'b' }), { reason: 'OBJECT_NOT_FOUND' });
    for (const value of ['x', '../a', sha256.toUpperCase(), `${sha256}/..`, 'f'.repeat(64)]) {
      await assert.rejects(fetch(key(value), from), { reason: 'OBJECT_NOT_FOUND' }, value);
    }
  });

  test('tells that an object went bad, and not where it lies', async () => {
    const bytes = new Uint8Array(randomBytes(10));
    const { sha256: badKey } = await identify(bytes);
    await objects.put({ tenant: 'bad', sha256: badKey }, bytes);
    const files = await readdir(join(folder, 'bad'), { recursive: true, withFileTypes: true });
    for (const file of files) if (file.isFile()) await appendFile(join(file.parentPath, file.name), 'x');
    await assert.rejects(fetch(key(badKey), { ...from, tenant: 'bad' }), (error) => {
      assert.ok(isPalateError(error) && isPalateError(error.cause));
      assert.equal(error.reason, 'OBJECT_CORRUPT');
      assert.ok(error.cause.message.includes(folder) && !error.message.includes(folder));
      return true;
    });
  });

  test('does nothing for a caller who is gone or has no time left', async () => {
    const signal = AbortSignal.abort(new Error('gone'));
    const sources: ImageSource[] = [key(sha256), { case: 'imageUri', value: server.origin }];
    for (const source of sources) {
      await assert.rejects(fetch(source, { ...from, signal }), /gone/);
      await assert.rejects(fetch(source, { ...from, deadlineMillis: Date.now() - 1 }), { reason: 'DEADLINE_EXCEEDED' });
    }
  });
});
