/**
 * Objects in a bucket of S3, or of a server that speaks its protocol. Their keys are the paths that they would have in a
 * folder, `PREFIX/TENANT/ab/cdef…`: a folder copied into a bucket is the same store.
 */

import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { PalateError } from '../../errors.ts';
import type { ClosableObjectStore } from './late-object-store.ts';
import type { ObjectName } from './object-store.ts';
import { type Bucket, deleteVersions, openBucket } from './s3-bucket.ts';
import { isMissing, storageError } from './s3-errors.ts';
import type { S3Options } from './s3-options.ts';
import { type Address, readObject, timeFor } from './s3-reading.ts';

/** Of the default tenant, as in a folder. */
const defaultTenant = '_default';
const hash = /^[0-9a-f]{64}$/;

/**
 * Opens the store and sees whether it answers.
 * @throws PalateError CONFIG_INVALID where the server refuses the credentials, the bucket or the region; STORAGE_FAILED where
 * it can't be reached.
 */
export async function openS3ObjectStore(options: S3Options): Promise<ClosableObjectStore> {
  const client = clientOf(options);
  try {
    return storeIn(await openBucket(client, options), options);
  } catch (error) {
    client.destroy();
    throw error;
  }
}

function storeIn(bucket: Bucket, options: S3Options): ClosableObjectStore {
  const { client } = bucket;
  const Bucket = options.bucket;
  const folderOf = (tenant: string) =>
    `${options.prefix === '' ? '' : `${options.prefix}/`}${tenant || defaultTenant}/`;
  const keyOf = ({ tenant, sha256 }: ObjectName) => {
    if (!hash.test(sha256)) throw new PalateError('INTERNAL', `${JSON.stringify(sha256)} is no SHA-256`);
    return `${folderOf(tenant)}${sha256.slice(0, 2)}/${sha256.slice(2)}`;
  };
  const call = <Result>(what: string, key: string, work: (signal: AbortSignal) => Promise<Result>, bytes = 0) =>
    guarded(`${what} s3://${Bucket}/${key}`, timeFor(bytes, options.timeoutMillis), work);
  const sizeOf = (key: string) =>
    call('look for', key, (abortSignal) => sizeIn(client, { Bucket, Key: key }, abortSignal));
  return {
    has: async (object) => (await sizeOf(keyOf(object))) !== undefined,
    async put(object, bytes) {
      const key = keyOf(object);
      if ((await sizeOf(key)) === bytes.length) return;
      await call(
        'write',
        key,
        (signal) => write(client, { Bucket, Key: key }, object.sha256, bytes, signal),
        bytes.length,
      );
    },
    async get(object) {
      const key = keyOf(object);
      const where = `s3://${Bucket}/${key}`;
      const bytes = await readObject(client, { Bucket, Key: key }, options).catch((error: unknown) => {
        throw storageError(`read ${where}`, error);
      });
      return bytes && checked(bytes, object.sha256, where);
    },
    async delete(object) {
      const key = keyOf(object);
      await call('remove', key, async (abortSignal) => {
        if (bucket.keepsVersions) await deleteVersions(client, { Bucket, Key: key }, abortSignal);
        else await client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal });
      });
    },
    list: (tenant) => listHashes(folderOf(tenant)),
    close: () => client.destroy(),
  };

  async function* listHashes(Prefix: string): AsyncGenerator<string> {
    let ContinuationToken: string | undefined;
    do {
      const page = await call('list', Prefix, (abortSignal) =>
        client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }), { abortSignal }),
      );
      for (const { Key = '' } of page.Contents ?? []) {
        const sha256 = Key.slice(Prefix.length).replace('/', '');
        if (hash.test(sha256)) yield sha256;
      }
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }
}

function clientOf(options: S3Options): S3Client {
  const { region, endpoint, hasPathStyle, credentials, maxAttempts, timeoutMillis, maxConnections } = options;
  const agent = { keepAlive: true, maxSockets: maxConnections };
  return new S3Client({
    region,
    forcePathStyle: hasPathStyle,
    maxAttempts,
    // Servers that know fewer checksums than AWS must understand the calls: those that matter are named below.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: timeoutMillis, httpAgent: agent, httpsAgent: agent },
    ...(endpoint === '' ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** Bytes of an object; undefined: it is not there. */
async function sizeIn(client: S3Client, address: Address, abortSignal: AbortSignal): Promise<number | undefined> {
  try {
    return (await client.send(new HeadObjectCommand(address), { abortSignal })).ContentLength ?? 0;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The server compares what it got with the hash, and takes nothing else. */
async function write(
  client: S3Client,
  address: Address,
  sha256: string,
  Body: Uint8Array,
  abortSignal: AbortSignal,
): Promise<void> {
  const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64');
  const command = new PutObjectCommand({ ...address, Body, ContentLength: Body.length, ChecksumSHA256 });
  await client.send(command, { abortSignal });
}

function checked(bytes: Uint8Array, sha256: string, where: string): Uint8Array {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === sha256) return bytes;
  throw new PalateError('OBJECT_CORRUPT', `${where} is not what it was: its SHA-256 is ${found}`);
}

async function guarded<Result>(
  what: string,
  timeoutMillis: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(AbortSignal.timeout(timeoutMillis));
  } catch (error) {
    throw storageError(what, error);
  }
}
