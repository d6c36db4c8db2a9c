import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ClosableObjectStore } from '../../../src/storage/objects/late-object-store.ts';
import { openS3ObjectStore } from '../../../src/storage/objects/s3-object-store.ts';
import type { S3Options } from '../../../src/storage/objects/s3-options.ts';
import { recordingLog } from '../../scoring/recording-log.ts';
import { startFaultyHttp } from '../../servers/faulty-http.ts';
import { startS3 } from '../../servers/s3.ts';
import { listed, objectOf, objectStoreSuite } from './suite.ts';

const server = await startS3({ after });
const { log } = recordingLog();

function optionsOf(change: Partial<S3Options> = {}): S3Options {
  return {
    bucket: `photos-${randomUUID()}`,
    prefix: 'kept',
    region: server.region,
    endpoint: server.endpoint,
    hasPathStyle: true,
    credentials: server.credentials,
    createsBucket: true,
    timeoutMillis: 3_000,
    maxAttempts: 3,
    maxConnections: 8,
    log,
    ...change,
  };
}

const stores: ClosableObjectStore[] = [];
after(() => {
  for (const store of stores) store.close();
});

async function open(change: Partial<S3Options> = {}): Promise<ClosableObjectStore> {
  const store = await openS3ObjectStore(optionsOf(change));
  stores.push(store);
  return store;
}

objectStoreSuite('a bucket', () => open());
objectStoreSuite('a bucket without a prefix', () => open({ prefix: '' }));

const photo = Buffer.from('a photo');
const { sha256 } = objectOf(photo);

describe('a bucket of objects', () => {
  it('has the keys of a folder', async () => {
    const options = optionsOf();
    const store = await open(options);
    await store.put(objectOf(photo), photo);
    const path = join(server.folder, options.bucket, 'kept', '_default', sha256.slice(0, 2), sha256.slice(2));
    assert.deepEqual(await readFile(path), photo);
  });

  it('lists more than a page of answers', async () => {
    const options = optionsOf();
    const store = await open(options);
    const hashes = Array.from({ length: 2_100 }, (_, index) => objectOf(Buffer.of(index >> 8, index)).sha256);
    for (const each of hashes) {
      const folder = join(server.folder, options.bucket, 'kept', 'acme', each.slice(0, 2));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, each.slice(2)), '');
    }
    assert.deepEqual(await listed(store, 'acme'), hashes.sort());
  });

  it('finds a byte that went bad, and puts anew what lost its end', async () => {
    const options = optionsOf();
    const store = await open(options);
    const path = join(server.folder, options.bucket, 'kept', '_default', sha256.slice(0, 2), sha256.slice(2));
    await store.put(objectOf(photo), photo);
    await writeFile(path, 'b photo');
    await assert.rejects(store.get(objectOf(photo)), { reason: 'OBJECT_CORRUPT' });
    await truncate(path, 3);
    await assert.rejects(store.get(objectOf(photo)), { reason: 'OBJECT_CORRUPT' });
    await store.put(objectOf(photo), photo);
    assert.deepEqual(Buffer.from((await store.get(objectOf(photo)))!), photo);
  });

  it('takes nothing under a hash that is not its own', async () => {
    const store = await open();
    await assert.rejects(store.put(objectOf(photo), Buffer.from('another')), { reason: 'STORAGE_FAILED' });
    assert.equal(await store.has(objectOf(photo)), false);
  });

  it('lets no name lead out of the bucket', async () => {
    const store = await open();
    for (const bad of ['', '..', `../${'a'.repeat(61)}`, 'A'.repeat(64)]) {
      await assert.rejects(store.put({ tenant: '', sha256: bad }, photo), { reason: 'INTERNAL' });
    }
  });

  it('leaves no old version of what it deletes', async (t) => {
    const options = optionsOf();
    (await open(options)).close();
    const client = rawClient();
    t.after(() => client.destroy());
    const Bucket = options.bucket;
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const store = await open(options);
    const other = Buffer.from('another photo');
    await Promise.all([photo, other].map((bytes) => store.put(objectOf(bytes), bytes)));
    // Another version, and a mark that hides both.
    const Key = `kept/_default/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
    await client.send(new PutObjectCommand({ Bucket, Key, Body: photo }));
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    const versions = async () => {
      const listed = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
      return [listed.Versions?.length ?? 0, listed.DeleteMarkers?.length ?? 0];
    };
    assert.deepEqual(await versions(), [2, 1]);
    await store.delete(objectOf(photo));
    assert.deepEqual(await versions(), [0, 0]);
    await store.delete(objectOf(photo));
    assert.deepEqual(await versions(), [0, 0]);
    assert.deepEqual(await listed(store, ''), [objectOf(other).sha256]);
  });
});

describe('a bucket that can not be used', () => {
  const refusals: readonly [string, Partial<S3Options>, RegExp][] = [
    ['the key is unknown', { credentials: { accessKeyId: 'x', secretAccessKey: 'y' } }, /refuses the credentials/],
    [
      'the secret is wrong',
      { credentials: { ...server.credentials, secretAccessKey: 'y' } },
      /refuses the credentials \(SignatureDoesNotMatch\)/,
    ],
    ['there is none', { createsBucket: false }, /no such bucket/],
    ['the region is another', { region: 'us-east-1' }, /another region|region/],
  ];
  for (const [what, change, message] of refusals) {
    it(`is a fault of the configuration where ${what}`, async () => {
      await assert.rejects(openS3ObjectStore(optionsOf(change)), { reason: 'CONFIG_INVALID', message });
    });
  }

  it('has its credentials where the AWS SDK looks, unless they are given', async (t) => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const before = { ...process.env };
    t.after(() => {
      process.env = before;
    });
    // Nothing of this machine counts, and no server of a cloud is asked.
    const none = { AWS_CONFIG_FILE: '/none', AWS_SHARED_CREDENTIALS_FILE: '/none', AWS_EC2_METADATA_DISABLED: 'true' };
    process.env = { ...before, ...none };
    await assert.rejects(openS3ObjectStore(optionsOf({ credentials: undefined })), {
      reason: 'CONFIG_INVALID',
      message: /no credentials were found/,
    });
    process.env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const store = await open({ credentials: undefined });
    await store.put(objectOf(photo), photo);
  });

  it('is a fault of the storage where nobody answers, within the time', async () => {
    const endpoint = 'http://127.0.0.1:1';
    await assert.rejects(openS3ObjectStore(optionsOf({ endpoint })), { reason: 'STORAGE_FAILED', message: /reach/ });
  });
});

describe('a bucket behind a bad network', () => {
  it('fails while the server is away, and works when it is back', async (t) => {
    const own = await startS3(t);
    const store = await openS3ObjectStore(optionsOf({ endpoint: own.endpoint, timeoutMillis: 1_000 }));
    t.after(() => store.close());
    await store.put(objectOf(photo), photo);
    await own.kill();
    for (const work of [
      () => store.get(objectOf(photo)),
      () => store.has(objectOf(photo)),
      () => store.put(objectOf(Buffer.of(1)), Buffer.of(1)),
      () => store.delete(objectOf(photo)),
      () => listed(store, ''),
    ]) {
      await assert.rejects(work(), { reason: 'STORAGE_FAILED' });
    }
    await own.start();
    assert.deepEqual(Buffer.from((await store.get(objectOf(photo)))!), photo);
  });

  it('waits no longer than its time for a server that says nothing', async (t) => {
    const own = await startS3(t);
    const store = await openS3ObjectStore(optionsOf({ endpoint: own.endpoint, timeoutMillis: 300 }));
    t.after(() => store.close());
    await store.put(objectOf(photo), photo);
    own.pause();
    const began = performance.now();
    await assert.rejects(store.get(objectOf(photo)), { reason: 'STORAGE_FAILED' });
    await assert.rejects(store.has(objectOf(photo)), { reason: 'STORAGE_FAILED' });
    assert.ok(performance.now() - began < 2_000);
    own.resume();
    assert.deepEqual(Buffer.from((await store.get(objectOf(photo)))!), photo);
  });

  it('tries again where answers are cut off, also in the middle of an object', async (t) => {
    const front = await startFaultyHttp(t, server.endpoint);
    const store = await openS3ObjectStore(optionsOf({ endpoint: front.endpoint, timeoutMillis: 5_000 }));
    t.after(() => store.close());
    const large = Buffer.alloc(6_000_000, 'palate');
    front.spoil({ kind: 'cut', afterBytes: 0 }, { kind: 'cut', afterBytes: 0 });
    await store.put(objectOf(large), large);
    front.spoil({ kind: 'cut', afterBytes: 1 }, { kind: 'cut', afterBytes: 4_000_000 });
    assert.equal(Buffer.compare((await store.get(objectOf(large)))!, large), 0);
    front.spoil(...Array.from({ length: 3 }, () => ({ kind: 'cut', afterBytes: 4_000_000 }) as const));
    await assert.rejects(store.get(objectOf(large)), { reason: 'STORAGE_FAILED' });
  });

  it('tries again where it is asked to slow down, so often and no more', async (t) => {
    const front = await startFaultyHttp(t, server.endpoint);
    const store = await openS3ObjectStore(optionsOf({ endpoint: front.endpoint, timeoutMillis: 5_000 }));
    t.after(() => store.close());
    const slowDown = {
      kind: 'answer',
      status: 503,
      body: '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
    } as const;
    front.spoil(slowDown, slowDown);
    await store.put(objectOf(photo), photo);
    const before = front.requests;
    front.spoil(...Array.from({ length: 9 }, () => slowDown));
    await assert.rejects(store.get(objectOf(photo)), { reason: 'STORAGE_FAILED', message: /503 SlowDown/ });
    assert.equal(front.requests - before, 3);
  });

  it('says that there is no room where the server says so', async (t) => {
    const front = await startFaultyHttp(t, server.endpoint);
    const store = await openS3ObjectStore(optionsOf({ endpoint: front.endpoint, maxAttempts: 1 }));
    t.after(() => store.close());
    await store.has(objectOf(photo));
    const body = '<Error><Code>QuotaExceeded</Code><Message>No.</Message></Error>';
    front.spoil({ kind: 'cut', afterBytes: Number.POSITIVE_INFINITY }, { kind: 'answer', status: 403, body });
    await assert.rejects(store.put(objectOf(photo), photo), { reason: 'STORAGE_FULL', message: /QuotaExceeded/ });
  });
});

function rawClient(): S3Client {
  const { endpoint, region, credentials } = server;
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}
